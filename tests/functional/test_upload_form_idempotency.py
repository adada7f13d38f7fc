"""``Idempotency-Key`` on forms: known to be a repeat only at its end, and still one transaction and one object."""

import os
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.shared.errors import StorageUnavailable
from functions.shared.storage import Storage
from functions.shared.wiring import storage, upkeep
from tests.support.declaring import FILE, declare
from tests.support.forms import field_part, file_part
from tests.support.http import Api
from tests.support.problems import problem_of
from tests.support.rows import rows_of, stored
from tests.support.uploads import content_of, keys_in_storage, left_in_storage, post

CONTENT = os.urandom(20_000)


def test_the_same_form_under_a_key_is_the_same_transaction(api: Api, user_id: str) -> None:
    before = keys_in_storage()
    first = post(api, user_id, file_part(CONTENT), key="k1").json()
    again = post(api, user_id, file_part(CONTENT), key="k1")
    assert again.status_code == 200
    assert again.json() == first
    (row,) = rows_of(user_id)
    assert left_in_storage(before) == {row["stored_path_original"]}


def test_a_repeat_after_the_event_stores_nothing_again(api: Api, user_id: str) -> None:
    first = post(api, user_id, file_part(CONTENT), key="k1").json()
    (row,) = rows_of(user_id)
    stored(row["uploads_bucket"], row["stored_path_original"])
    storage().delete(row["uploads_bucket"], row["stored_path_original"])
    before = keys_in_storage()
    assert post(api, user_id, file_part(CONTENT), key="k1").json() == first
    assert left_in_storage(before) == set()


@pytest.mark.parametrize(
    "other",
    [
        [file_part(CONTENT[:-1] + b"!")],
        [file_part(CONTENT, "other.mov")],
        [file_part(CONTENT, "holiday.mov", "video/mp4")],
        [file_part(CONTENT), file_part(CONTENT)],
    ],
)
def test_another_form_under_a_key_is_refused_and_leaves_nothing(
    api: Api, user_id: str, other: list[tuple[str, bytes]]
) -> None:
    first = post(api, user_id, file_part(CONTENT), key="k1").json()
    before = keys_in_storage()
    assert problem_of(post(api, user_id, *other, key="k1"))[:2] == (409, "idempotency_conflict")
    assert len(rows_of(user_id)) == 1
    assert left_in_storage(before) == set()
    assert content_of(first["transaction_id"]) == CONTENT


def test_a_declared_file_and_a_form_are_different_requests(api: Api, user_id: str) -> None:
    assert declare(api, user_id, FILE, "k1").status_code == 200
    before = keys_in_storage()
    assert problem_of(post(api, user_id, file_part(CONTENT), key="k1"))[:2] == (409, "idempotency_conflict")
    assert left_in_storage(before) == set()


def test_keys_belong_to_their_user(api: Api, user_id: str) -> None:
    mine = post(api, user_id, file_part(CONTENT), key="k1").json()
    theirs = post(api, str(uuid4()), file_part(b"other"), key="k1").json()
    assert mine["transaction_id"] != theirs["transaction_id"]


def test_a_repeat_finishes_what_an_earlier_request_could_not(
    api: Api, user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise StorageUnavailable

    monkeypatch.setattr("functions.upload.incoming.COMPLETE_PAUSES_S", (0.0, 0.0))
    with monkeypatch.context() as broken:
        broken.setattr(Storage, "complete_upload", fails)
        assert post(api, user_id, file_part(CONTENT), key="k1").status_code == 503
    (row,) = rows_of(user_id)
    assert upkeep().expire(UUID(str(row["transaction_id"])), expire_after_s=-7200)
    again = post(api, user_id, file_part(CONTENT), key="k1").json()
    assert again["transaction_id"] == str(row["transaction_id"])
    assert content_of(again["transaction_id"]) == CONTENT
    assert [row["status"] for row in rows_of(user_id)] == ["Pending"]


def test_with_a_key_the_user_must_be_known_before_the_file(api: Api, user_id: str) -> None:
    user = field_part("user_id", user_id)
    answered = problem_of(post(api, None, file_part(CONTENT), user, key="k1"))
    assert answered[:2] == (400, "invalid_request")
    assert "before the file" in answered[2]
    assert post(api, None, user, file_part(CONTENT), key="k1").status_code == 200
