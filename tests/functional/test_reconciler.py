"""The reconciler finds rows and objects that disagree, disturbs nobody, and is never held up by a single row."""

import dataclasses
import io
import threading

import pytest

from functions.reconciler import reconcile
from functions.reconciler.reconcile import Reconciler
from functions.shared.database import Database
from functions.shared.errors import StorageUnavailable
from functions.shared.settings import settings
from functions.shared.storage import Storage
from functions.shared.transactions import REISSUE_CAP_S, REISSUE_FIRST_S, NewTransaction, Result, Source
from functions.shared.upkeep import Upkeep
from functions.shared.wiring import database, storage, transactions, upkeep
from tests.support import rows
from tests.support.ports import free_ports
from tests.support.reconciling import Events, change, make_due, one_pass, read, reconciler
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("env")


def waiting(user_id: str) -> NewTransaction:
    """A row whose upload came and whose event was lost on the way to a worker."""
    row = rows.pending(user_id)
    rows.stored(row.uploads_bucket, row.stored_path_original)
    make_due(row)
    return row


def put(bucket: str, key: str) -> None:
    storage().put_once(bucket, key, io.BytesIO(b"film"), "video/mp4", {})


def test_an_upload_that_nobody_heard_of_gets_its_event_but_not_before_storage_had_time_to_send_it(
    user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = rows.pending(user_id)
    put(row.uploads_bucket, row.stored_path_original)
    make_due(row)
    assert row.stored_path_original not in one_pass()
    monkeypatch.setattr(reconcile, "EVENT_GRACE_S", 0.0)
    make_due(row)
    assert one_pass().count(row.stored_path_original) == 1


def test_a_row_without_an_object_gets_no_event(user_id: str) -> None:
    row = rows.pending(user_id)
    make_due(row)
    assert row.stored_path_original not in one_pass()
    assert read(row)["status"] == "Pending"


def test_pauses_between_events_double_up_to_an_hour(user_id: str) -> None:
    row = waiting(user_id)
    pauses = []
    for _ in range(10):
        assert one_pass().count(row.stored_path_original) == 1
        assert row.stored_path_original not in one_pass()
        pauses.append(read(row)["wait_s"])
        make_due(row)
    expected = [min(REISSUE_CAP_S, REISSUE_FIRST_S * 2**number) for number in range(1, 11)]
    assert pauses == pytest.approx(expected, abs=10)


@pytest.mark.parametrize("status", ["Converting", "Retrying"])
def test_a_row_that_somebody_works_on_or_that_waits_for_its_turn_gets_no_event(user_id: str, status: str) -> None:
    row = rows.pending(user_id)
    claim = rows.claimed(row)
    if status == "Retrying":
        assert transactions().retry(claim, "storage_unavailable", "The storage did not answer.", 60)
    change(row.transaction_id, "reconcile_at = 'epoch'")
    assert row.stored_path_original not in one_pass()
    change(row.transaction_id, "lease_until = lease_until - interval '1 hour', retry_at = retry_at - interval '1 hour'")
    assert one_pass().count(row.stored_path_original) == 1


@pytest.mark.parametrize("end", ["Completed", "Failed"])
def test_an_ended_row_gets_no_event(user_id: str, end: str) -> None:
    row = rows.pending(user_id)
    claim = rows.claimed(row)
    if end == "Completed":
        assert transactions().complete(claim, Result("key", 1, rows.CONVERTED_SHA256))
    else:
        assert transactions().fail(claim, "not_a_video", "The file holds no video.")
    make_due(row)
    assert row.stored_path_original not in one_pass()


def test_a_row_whose_bucket_is_gone_does_not_hold_up_the_others(user_id: str) -> None:
    lost, other = rows.pending(user_id), waiting(user_id)
    change(lost.transaction_id, "uploads_bucket = 'nowhere', reconcile_at = '-infinity'")
    assert other.stored_path_original in one_pass()
    assert read(lost)["wait_s"] > 0


def test_an_outage_of_storage_ends_the_pass_and_loses_nothing(user_id: str) -> None:
    row = rows.pending(user_id)
    make_due(row)
    nowhere = dataclasses.replace(settings(), s3_endpoint_url=f"http://127.0.0.1:{free_ports(1)[0]}")
    with pytest.raises(StorageUnavailable):
        Reconciler(settings(), upkeep(), Storage(nowhere), Events().take).run()
    assert read(row)["wait_s"] < 0


def test_an_event_that_the_queue_did_not_take_is_issued_again(user_id: str) -> None:
    row = waiting(user_id)

    def refuse(_: Source) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        reconciler(refuse).run()
    assert row.stored_path_original in one_pass()


def test_a_claim_made_in_the_moment_of_the_event_keeps_its_own_date(user_id: str) -> None:
    row = waiting(user_id)
    change(row.transaction_id, "reissues = 8")

    def claimed_at_once(source: Source) -> None:
        if source.key == row.stored_path_original:
            rows.claimed(row)

    reconciler(claimed_at_once).run()
    assert read(row)["reissues"] == 0
    assert read(row)["wait_s"] == pytest.approx(settings().lease_s, abs=10)


def overdue(user_id: str) -> NewTransaction:
    row = rows.pending(user_id)
    change(row.transaction_id, "upload_expires_at = now() - interval '2 hours', reconcile_at = 'epoch'")
    return row


def test_an_unused_row_expires_and_its_upload_still_revives_it(user_id: str) -> None:
    row = overdue(user_id)
    one_pass()
    assert read(row)["status"] == "Expired"
    assert rows.claimed(row).attempt == 1
    assert read(row)["status"] == "Converting"


def test_an_expired_row_whose_upload_came_waits_for_a_worker_like_any_other(user_id: str) -> None:
    row = overdue(user_id)
    one_pass()
    assert read(row)["status"] == "Expired"
    rows.stored(row.uploads_bucket, row.stored_path_original)
    make_due(row)
    assert one_pass().count(row.stored_path_original) == 1
    state = transactions().get(row.transaction_id, row.user_id)
    assert state["status"] == "Pending"
    assert state["queue_ahead"] is not None


def test_an_expired_row_whose_late_upload_lost_its_event_is_found(
    user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "EVENT_GRACE_S", 0.0)
    row = overdue(user_id)
    one_pass()
    put(row.uploads_bucket, row.stored_path_original)
    make_due(row)
    assert row.stored_path_original in one_pass()
    assert (read(row)["status"], read(row)["source_size"]) == ("Pending", len(b"film"))


def test_a_row_that_expired_long_ago_is_not_looked_at_any_more_but_watched_again_once_its_upload_comes(
    user_id: str,
) -> None:
    row = overdue(user_id)
    change(row.transaction_id, "upload_expires_at = now() - interval '3 days'")
    one_pass()
    assert database().rows(
        "SELECT 1 FROM transactions WHERE reconcile_at = 'infinity' AND user_id = %(u)s", {"u": user_id}
    )
    rows.stored(row.uploads_bucket, row.stored_path_original)
    assert 0 < read(row)["wait_s"] <= REISSUE_FIRST_S


def test_only_one_of_several_workers_reconciles_at_a_time(user_id: str) -> None:
    row = waiting(user_id)
    busy, go_on = threading.Event(), threading.Event()

    def slow(_: Source) -> None:
        busy.set()
        assert go_on.wait(60)

    first = threading.Thread(target=reconciler(slow).run)
    first.start()
    try:
        assert busy.wait(60)
        assert one_pass() == []
    finally:
        go_on.set()
        first.join(60)
    make_due(row)
    assert row.stored_path_original in one_pass()


def test_one_database_connection_is_enough(user_id: str) -> None:
    row = waiting(user_id)
    events = Events()
    single = Database(str(settings().database_url), size=1)
    try:
        Reconciler(settings(), Upkeep(single), storage(), events.take).run()
    finally:
        single.close()
    assert row.stored_path_original in events


def test_the_lock_of_a_reconciler_that_died_is_free(user_id: str) -> None:
    row = waiting(user_id)
    with database().advisory_lock(reconcile.LOCK_KEY) as held:
        assert held
        assert one_pass() == []
        sql = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = %(key)s"
        assert database().rows(sql, {"key": reconcile.LOCK_KEY})
        wait_until(lambda: row.stored_path_original in one_pass(), "the lock")
