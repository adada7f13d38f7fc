"""What the HTTP functions ask of the rows, on the real PostgreSQL: insert, idempotency keys, links, and reading."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg2.errors
import pytest

from functions.shared.database import Database
from functions.shared.errors import DatabaseUnavailable, IdempotencyConflict, NotOwner, TransactionNotFound
from functions.shared.repository import Transactions
from functions.shared.settings import settings
from functions.shared.transactions import NewTransaction
from functions.shared.wiring import transactions, upkeep
from functions.upload.rows import new_transaction
from tests.support.ports import free_ports
from tests.support.reconciling import change, read
from tests.support.rows import claimed, completed, pending, rows_of, stored

pytestmark = pytest.mark.usefixtures("env")
ENDPOINT = "POST /upload"


def new_rows(user_id: str, count: int) -> list[NewTransaction]:
    """Rows that are not stored yet."""
    user = UUID(user_id)
    return [new_transaction(settings(), uuid4(), user, f"{i}.mov", "video/quicktime", 12) for i in range(count)]


def ids_of(rows: list[NewTransaction]) -> list[UUID]:
    return [row.transaction_id for row in rows]


def once(rows: list[NewTransaction], fingerprint: str = "f1", key: str = "k1", endpoint: str = ENDPOINT) -> list[UUID]:
    return transactions().insert_once(key, endpoint, fingerprint, rows)


def recall(user_id: str, fingerprint: str = "f1", key: str = "k1") -> list[UUID]:
    return transactions().recall(UUID(user_id), ENDPOINT, key, fingerprint)


def stored_ids(user_id: str) -> set[UUID]:
    return {UUID(str(row["transaction_id"])) for row in rows_of(user_id)}


def test_a_row_is_read_as_it_was_inserted(user_id: str) -> None:
    (row,) = [replace(row, filename="Пляж 'n' 🏖.mov", declared_sha256="ab" * 32) for row in new_rows(user_id, 1)]
    transactions().insert([row])
    kept = read(row)
    same = set(vars(row)) - {"transaction_id", "user_id"}
    assert {name: kept[name] for name in same} == {name: getattr(row, name) for name in same}
    assert (str(kept["transaction_id"]), str(kept["user_id"])) == (str(row.transaction_id), user_id)
    assert (kept["status"], kept["attempt"], kept["target_format"], kept["target_codec"]) == (
        "Pending", 0, "mp4", "h265",
    )  # fmt: skip


@pytest.mark.parametrize("keyed", [False, True])
def test_a_list_is_stored_whole_or_not_at_all(user_id: str, keyed: bool) -> None:
    rows = new_rows(user_id, 3)
    broken = [*rows, rows[0]]
    with pytest.raises(psycopg2.errors.UniqueViolation):
        once(broken) if keyed else transactions().insert(broken)
    assert stored_ids(user_id) == set()
    assert recall(user_id) == []
    transactions().insert(rows)
    assert stored_ids(user_id) == set(ids_of(rows))


def test_a_key_stands_for_the_rows_of_its_first_request_in_their_order(user_id: str) -> None:
    first = new_rows(user_id, 3)
    assert recall(user_id) == []
    assert once(first) == ids_of(first)
    assert once(new_rows(user_id, 3)) == ids_of(first) == recall(user_id)
    assert stored_ids(user_id) == set(ids_of(first))


def test_a_key_does_not_stand_for_another_request(user_id: str) -> None:
    first = new_rows(user_id, 1)
    once(first)
    with pytest.raises(IdempotencyConflict):
        once(new_rows(user_id, 1), "f2")
    with pytest.raises(IdempotencyConflict):
        recall(user_id, "f2")
    assert stored_ids(user_id) == set(ids_of(first))


def test_the_same_key_of_another_user_or_endpoint_is_another_key(user_id: str) -> None:
    mine, elsewhere, theirs = new_rows(user_id, 1), new_rows(user_id, 1), new_rows(str(uuid4()), 1)
    assert once(mine) == ids_of(mine)
    assert once(elsewhere, "f2", endpoint="POST /other") == ids_of(elsewhere)
    assert once(theirs, "f2") == ids_of(theirs)
    assert recall(user_id, key="k2") == []


def test_requests_at_once_under_one_key_become_one_transaction(user_id: str) -> None:
    together = threading.Barrier(4)

    def post(key: str) -> list[UUID]:
        rows = new_rows(user_id, 2)
        together.wait(60)
        return once(rows, key=key)

    with ThreadPoolExecutor(4) as clients:
        for number in range(10):
            answers = list(clients.map(post, [f"k{number}"] * 4))
            assert all(answer == answers[0] for answer in answers)
            assert len(stored_ids(user_id)) == 2 * (number + 1)


def test_forgotten_rows_are_gone_and_their_key_is_free(user_id: str) -> None:
    first, kept = new_rows(user_id, 2), new_rows(user_id, 1)
    once(first)
    once(kept, key="k2")
    transactions().forget(ids_of(first))
    assert stored_ids(user_id) == set(ids_of(kept))
    assert recall(user_id, key="k2") == ids_of(kept)
    again = new_rows(user_id, 1)
    assert once(again, "f2") == ids_of(again)


def test_a_row_whose_object_arrived_is_not_forgotten(user_id: str) -> None:
    (row,) = rows = new_rows(user_id, 1)
    once(rows)
    stored(row.uploads_bucket, row.stored_path_original)
    transactions().forget(ids_of(rows))
    assert stored_ids(user_id) == set(ids_of(rows))
    assert recall(user_id) == ids_of(rows)


def test_a_link_lives_longer_until_its_object_comes(user_id: str) -> None:
    row = pending(user_id)
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=5)
    assert not transactions().extend_link(row.transaction_id, uuid4(), later)
    assert read(row)["upload_expires_at"] == row.upload_expires_at
    assert upkeep().expire(row.transaction_id, expire_after_s=-7200)
    assert transactions().extend_link(row.transaction_id, row.user_id, later)
    assert (read(row)["upload_expires_at"], read(row)["status"]) == (later, "Pending")
    stored(row.uploads_bucket, row.stored_path_original)
    assert not transactions().extend_link(row.transaction_id, row.user_id, later + timedelta(hours=1))
    claimed(row)
    assert not transactions().extend_link(row.transaction_id, row.user_id, later + timedelta(hours=1))
    assert read(row)["upload_expires_at"] == later


def test_a_row_is_read_by_its_owner_alone(user_id: str) -> None:
    row = pending(user_id)
    assert transactions().get(row.transaction_id, row.user_id)["filename"] == row.filename
    with pytest.raises(NotOwner):
        transactions().get(row.transaction_id, uuid4())
    for user in (row.user_id, uuid4()):
        with pytest.raises(TransactionNotFound):
            transactions().get(uuid4(), user)


def test_the_queue_is_ordered_by_arrival_and_only_who_waits_has_a_place(user_id: str) -> None:
    declared_first, arrived_first, retrying = (pending(user_id) for _ in range(3))

    def ahead(row: NewTransaction) -> int | None:
        place: int | None = transactions().get(row.transaction_id, row.user_id)["queue_ahead"]
        return place

    assert ahead(declared_first) is None
    assert transactions().retry(claimed(retrying), "storage_unavailable", "The storage did not answer.", 60)
    for row in (arrived_first, declared_first):
        stored(row.uploads_bucket, row.stored_path_original)
    base = ahead(retrying)
    assert base is not None
    assert (ahead(arrived_first), ahead(declared_first)) == (base + 1, base + 2)
    claimed(arrived_first)
    assert (ahead(arrived_first), ahead(declared_first)) == (None, base + 1)
    done, _ = completed(user_id)
    assert ahead(done) is None
    change(retrying.transaction_id, "retry_at = NULL")
    assert ahead(retrying) == base


def test_a_database_that_does_not_answer_is_unavailable_and_warming_up_bears_it(user_id: str) -> None:
    nowhere = Transactions(Database(f"postgresql://nobody@127.0.0.1:{free_ports(1)[0]}/none", size=1))
    nowhere.warm_up()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable) as raised:
            nowhere.get(uuid4(), UUID(user_id))
        assert isinstance(raised.value.__cause__, psycopg2.OperationalError)
