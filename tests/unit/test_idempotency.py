"""What makes two requests the same request."""

from uuid import UUID

import pytest

from functions.shared.errors import InvalidRequest
from functions.upload.idempotency import checked_key, fingerprint, keyed_id


def test_the_order_of_fields_makes_no_other_request() -> None:
    assert fingerprint({"a": 1, "b": ["ü", None]}) == fingerprint({"b": ["ü", None], "a": 1})


def test_any_other_value_makes_another_request() -> None:
    assert len({fingerprint(value) for value in ({"a": 1}, {"a": 2}, {"a": "1"}, {"a": [1]}, {"b": 1})}) == 5


def test_the_order_of_files_makes_another_request() -> None:
    assert fingerprint([1, 2]) != fingerprint([2, 1])


@pytest.mark.parametrize("key", ["a", "8e03978e-40d5-43dd-bc93-6894a57f9324", "~" * 255])
def test_printable_keys_are_taken_as_they_are(key: str) -> None:
    assert checked_key(key) == key


def test_a_request_without_the_header_has_no_key() -> None:
    assert checked_key(None) is None


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "a\n", "a\0", "x" * 256])
def test_other_keys_are_refused(key: str) -> None:
    with pytest.raises(InvalidRequest):
        checked_key(key)


def test_the_ids_of_a_keyed_form_differ_by_user_key_and_place() -> None:
    one, two = UUID(int=1), UUID(int=2)
    ids = {keyed_id(one, "a", 0), keyed_id(two, "a", 0), keyed_id(one, "b", 0), keyed_id(one, "a", 1)}
    assert len(ids) == 4
    assert keyed_id(one, "a", 0) in ids
