"""``Idempotency-Key`` on declared files: a repeat is safe, another request is refused."""

from uuid import UUID, uuid4

import pytest

from functions.shared.wiring import storage, transactions, upkeep
from tests.support.declaring import FILE, declare
from tests.support.http import Api
from tests.support.problems import problem_of
from tests.support.rows import rows_of, stored


def test_the_same_request_under_a_key_is_the_same_transaction_with_a_fresh_link(api: Api, user_id: str) -> None:
    first = declare(api, user_id, FILE, "k1").json()
    (before,) = rows_of(user_id)
    reordered = dict(reversed(list(FILE.items())))
    again = declare(api, user_id, reordered, "k1").json()
    assert again["transaction_id"] == first["transaction_id"]
    assert again["upload"]["method"] == "PUT"
    (after,) = rows_of(user_id)
    assert after["upload_expires_at"] >= before["upload_expires_at"]


def test_another_request_under_a_key_is_refused(api: Api, user_id: str) -> None:
    declare(api, user_id, FILE, "k1")
    for other in ({**FILE, "size": 13}, {"files": [FILE]}, {**FILE, "sha256": "ab" * 32}):
        answered = problem_of(declare(api, user_id, other, "k1"))
        assert answered[:2] == (409, "idempotency_conflict")
    assert len(rows_of(user_id)) == 1


def test_keys_belong_to_their_user(api: Api, user_id: str) -> None:
    mine = declare(api, user_id, FILE, "k1").json()
    other_user = str(uuid4())
    theirs = declare(api, other_user, {**FILE, "size": 13}, "k1")
    assert theirs.status_code == 200
    assert theirs.json()["transaction_id"] != mine["transaction_id"]


def test_a_list_under_a_key_is_recalled_in_its_order(api: Api, user_id: str) -> None:
    files = {"files": [{**FILE, "filename": f"{i}.mov"} for i in range(3)]}
    first = declare(api, user_id, files, "k1").json()
    again = declare(api, user_id, files, "k1").json()
    ids = [(t["transaction_id"], t["filename"]) for t in first["transactions"]]
    assert [(t["transaction_id"], t["filename"]) for t in again["transactions"]] == ids
    assert len(rows_of(user_id)) == 3


def test_once_the_event_came_a_repeat_gets_no_link(api: Api, user_id: str) -> None:
    first = declare(api, user_id, FILE, "k1").json()
    bucket, key = rows_of(user_id)[0]["uploads_bucket"], f"{first['transaction_id']}/source"
    storage().client.put_object(Bucket=bucket, Key=key, Body=b"x" * 12)
    again = declare(api, user_id, FILE, "k1").json()
    assert again["transaction_id"] == first["transaction_id"]
    assert again["upload"] is None
    assert "already arrived" in again["message"]


def test_an_object_that_only_the_row_knows_of_gets_no_link_either(api: Api, user_id: str) -> None:
    first = declare(api, user_id, FILE, "k1").json()
    (row,) = rows_of(user_id)
    stored(row["uploads_bucket"], row["stored_path_original"])
    again = declare(api, user_id, FILE, "k1").json()
    assert (again["transaction_id"], again["upload"]) == (first["transaction_id"], None)


def test_an_expired_transaction_revives_with_a_fresh_link(api: Api, user_id: str) -> None:
    first = declare(api, user_id, FILE, "k1").json()
    assert upkeep().expire(UUID(first["transaction_id"]), expire_after_s=-7200)
    again = declare(api, user_id, FILE, "k1").json()
    assert again["transaction_id"] == first["transaction_id"]
    assert again["upload"]["url"]
    assert transactions().get(UUID(first["transaction_id"]), UUID(user_id))["status"] == "Pending"


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_a_key_that_is_none_is_refused(api: Api, user_id: str, key: str) -> None:
    answered = problem_of(declare(api, user_id, FILE, key))
    assert answered[:2] == (400, "invalid_request")
    assert "Idempotency-Key" in answered[2]
    assert rows_of(user_id) == []
