"""A row and its attempts on the real PostgreSQL: one owner at a time, and a stale one changes nothing."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from functions.shared.transactions import (
    ATTEMPTS_LIMIT,
    Claim,
    ClaimResult,
    Duplicate,
    Exhausted,
    GiveBack,
    NewTransaction,
    Progress,
    Result,
    Source,
)
from functions.shared.wiring import transactions, upkeep
from tests.support.reconciling import change, read
from tests.support.rows import CONVERTED_SHA256, claimed, pending

pytestmark = pytest.mark.usefixtures("env")
WHY = ("storage_unavailable", "The storage did not answer.")


@pytest.fixture
def row(user_id: str) -> NewTransaction:
    """A row that waits for its upload."""
    return pending(user_id)


def source_of(row: NewTransaction) -> Source:
    return Source(row.uploads_bucket, row.stored_path_original, 12, "e1")


def take(row: NewTransaction, message_id: str = "message-1") -> ClaimResult:
    """What a worker gets that asks for the row."""
    return transactions().claim(source_of(row), message_id, "worker-2")


def end_lease(row: NewTransaction) -> None:
    """The holder went silent for as long as its lease lived."""
    change(row.transaction_id, "lease_until = now() - interval '1 second'")


def taken(row: NewTransaction, message_id: str = "message-1") -> Claim:
    """The next attempt, after the one before it went silent."""
    end_lease(row)
    claim = take(row, message_id)
    assert isinstance(claim, Claim)
    return claim


def test_of_workers_that_claim_at_once_one_gets_the_row(user_id: str) -> None:
    together = threading.Barrier(2)

    def ask(row: NewTransaction, message_id: str) -> ClaimResult:
        together.wait(60)
        return take(row, message_id)

    with ThreadPoolExecutor(2) as workers:
        for _ in range(20):
            row = pending(user_id)
            first, second = workers.map(ask, (row, row), ("message-1", "message-2"))
            claim, other = (first, second) if isinstance(first, Claim) else (second, first)
            assert isinstance(claim, Claim)
            assert (claim.attempt, other) == (1, Duplicate("live_lease"))


def test_a_claim_hands_over_what_the_attempt_needs(row: NewTransaction) -> None:
    assert take(row) == Claim(row.transaction_id, 1, 0, source_of(row), row.converted_bucket, row.options)
    after = read(row)
    assert (after["status"], after["worker"], after["message_id"]) == ("Converting", "worker-2", "message-1")
    assert (after["source_etag"], after["source_size"], after["stored_at"] is None) == ("e1", 12, False)


def test_a_later_attempt_keeps_the_encoder_and_options_of_the_first(row: NewTransaction) -> None:
    transactions().record_media(claimed(row), "mov", "h264", {"width": 1}, "x265 test")
    later = taken(row)
    assert transactions().record_media(later, "mov", "h264", {"width": 1}, "x265 of tomorrow")
    assert (later.attempt, later.options, read(row)["encoder"]) == (2, row.options, "x265 test")


def test_a_live_lease_makes_another_message_a_duplicate_and_gives_its_own_back_for_the_rest(
    row: NewTransaction,
) -> None:
    claimed(row)
    change(row.transaction_id, "lease_until = now() + interval '1 hour'")
    before = read(row)
    assert take(row, "message-2") == Duplicate("live_lease")
    again = take(row)
    assert isinstance(again, GiveBack)
    assert again.delay_s == pytest.approx(3600, abs=120)
    assert unchanged(row, before)


def test_a_retry_delay_is_waited_for_and_then_over(row: NewTransaction) -> None:
    assert transactions().retry(claimed(row), *WHY, delay_s=3600)
    again = take(row)
    assert isinstance(again, GiveBack)
    assert again.delay_s == pytest.approx(3600, abs=120)
    assert take(row, "message-2") == Duplicate("live_lease")
    change(row.transaction_id, "retry_at = now()")
    claim = take(row)
    assert isinstance(claim, Claim)
    assert (claim.attempt, read(row)["error_code"], read(row)["retry_at"]) == (2, None, None)


@pytest.mark.parametrize("message_id", ["message-1", "message-2"])
def test_a_lease_that_ended_lets_the_next_attempt_in(row: NewTransaction, message_id: str) -> None:
    claimed(row)
    claim = taken(row, message_id)
    assert (claim.attempt, read(row)["message_id"]) == (2, message_id)


STALE: dict[str, Callable[[Claim], bool]] = {
    "renew": lambda claim: transactions().renew(claim, Progress("encode", 50.0)),
    "record_media": lambda claim: transactions().record_media(claim, "avi", "mpeg4", {"width": 1}, "x265 test"),
    "fail": lambda claim: transactions().fail(claim, "not_a_video", "The file holds no video."),
    "retry": lambda claim: transactions().retry(claim, *WHY, delay_s=0),
    "complete": lambda claim: transactions().complete(claim, Result("stale.mp4", 1, CONVERTED_SHA256)),
}


def unchanged(row: NewTransaction, before: dict[str, object]) -> bool:
    """Whether all columns are as they were; ``wait_s`` is how far one of them lies ahead."""
    return {**read(row), "wait_s": None} == {**before, "wait_s": None}


@pytest.mark.parametrize("newer", ["Converting", "Retrying", "Completed", "Failed"])
@pytest.mark.parametrize("write", STALE)
def test_a_stale_attempt_changes_nothing(row: NewTransaction, write: str, newer: str) -> None:
    stale = claimed(row)
    owner = taken(row, "message-2")
    if newer == "Retrying":
        assert transactions().retry(owner, *WHY, delay_s=60)
    elif newer == "Completed":
        assert transactions().complete(owner, Result("owner.mp4", 2, CONVERTED_SHA256))
    elif newer == "Failed":
        assert transactions().fail(owner, "not_a_video", "The file holds no video.")
    before = read(row)
    assert before["status"] == newer
    assert not STALE[write](stale)
    assert unchanged(row, before)


@pytest.mark.parametrize("write", STALE)
def test_an_attempt_whose_lease_ended_still_owns_the_row_until_another_takes_it(
    row: NewTransaction, write: str
) -> None:
    claim = claimed(row)
    end_lease(row)
    assert STALE[write](claim)


def test_a_renewed_lease_lives_as_long_as_a_new_one(row: NewTransaction) -> None:
    claim = claimed(row)
    end_lease(row)
    assert transactions().renew(claim, Progress("encode", 50.0))
    again = take(row)
    assert isinstance(again, GiveBack)
    assert read(row)["wait_s"] == pytest.approx(60, abs=30)


def test_a_commit_whose_answer_was_lost_may_be_repeated_but_not_changed(row: NewTransaction) -> None:
    claim = claimed(row)
    assert [transactions().complete(claim, Result("1.mp4", 7, CONVERTED_SHA256)) for _ in range(2)] == [True, True]
    before = read(row)
    assert not transactions().complete(claim, Result("other.mp4", 8, CONVERTED_SHA256))
    assert unchanged(row, before)
    assert (before["stored_path_converted"], before["converted_size"]) == ("1.mp4", 7)


def test_a_commit_stores_all_that_was_delivered(row: NewTransaction) -> None:
    result = Result(
        "1.avi", 7, CONVERTED_SHA256, "kept_original", "H.265 would be larger.", "avi", "mpeg4",
        dropped=({"what": "subtitle", "index": 3, "codec": "hdmv_pgs_subtitle", "language": None, "reason": "MP4."},),
        warnings=({"code": "damaged_frames", "message": "Frames are missing.", "count": 2},),
        receipt_key="1.receipt.json", previews={"poster": "1.poster.jpg"},
        quality={"crf": 21.4, "vmaf": 95.2, "p5": None},
    )  # fmt: skip
    assert transactions().complete(claimed(row), result)
    kept = transactions().get(row.transaction_id, row.user_id)
    assert (kept["result"], kept["result_reason"]) == ("kept_original", "H.265 would be larger.")
    assert (kept["target_format"], kept["target_codec"], kept["receipt_key"]) == ("avi", "mpeg4", "1.receipt.json")
    assert (kept["dropped"], kept["warnings"]) == (list(result.dropped), list(result.warnings))
    assert (kept["previews"], kept["quality"]) == (result.previews, result.quality)


def test_a_row_names_the_container_that_was_asked_for_until_another_is_delivered(user_id: str) -> None:
    row = pending(user_id, options={"container": "mkv"})
    assert read(row)["target_format"] == "mkv"
    assert transactions().complete(claimed(row), Result("1.mov", 7, CONVERTED_SHA256, target_format="mov"))
    assert read(row)["target_format"] == "mov"


@pytest.mark.parametrize("end", ["Completed", "Failed"])
def test_an_ended_row_is_never_taken_again(row: NewTransaction, end: str) -> None:
    claim = claimed(row)
    write = "complete" if end == "Completed" else "fail"
    assert STALE[write](claim)
    before = read(row)
    for message_id in ("message-1", "message-2"):
        assert take(row, message_id) == Duplicate("already_ended")
    assert not transactions().note_stored(source_of(row))
    assert unchanged(row, before)


def test_attempts_that_were_cut_off_count_and_the_last_leaves_an_exhausted_row(row: NewTransaction) -> None:
    assert [taken(row).attempt for _ in range(ATTEMPTS_LIMIT)] == list(range(1, ATTEMPTS_LIMIT + 1))
    assert isinstance(take(row), GiveBack)
    end_lease(row)
    before = read(row)
    for message_id in ("message-1", "message-2"):
        assert take(row, message_id) == Exhausted(row.transaction_id)
    assert unchanged(row, before)


def test_attempts_that_failed_count_and_those_of_a_stopping_worker_do_not(row: NewTransaction) -> None:
    for _ in range(2 * ATTEMPTS_LIMIT):
        assert transactions().retry(taken(row), "worker_stopping", "The worker was asked to stop.", 0, counts=False)
    for used in range(ATTEMPTS_LIMIT):
        claim = taken(row)
        assert (claim.attempt - claim.attempts_base, claim.attempt) == (used + 1, 2 * ATTEMPTS_LIMIT + used + 1)
        assert transactions().retry(claim, *WHY, delay_s=0)
    assert take(row) == Exhausted(row.transaction_id)


@pytest.mark.parametrize("state", ["running", "silent", "ended"])
def test_another_object_under_the_same_key_is_never_converted(row: NewTransaction, state: str) -> None:
    claim = claimed(row)
    if state == "silent":
        end_lease(row)
    elif state == "ended":
        assert transactions().complete(claim, Result("1.mp4", 7, CONVERTED_SHA256))
    before = read(row)
    later = replace(source_of(row), etag="e2")
    assert transactions().claim(later, "message-1", "worker-2") == Duplicate("superseded")
    assert unchanged(row, before)


def test_an_object_that_no_row_waits_for_is_nobodys_work(row: NewTransaction) -> None:
    for stranger in (replace(source_of(row), bucket="foreign"), replace(source_of(row), key=f"{uuid4()}/source")):
        assert transactions().claim(stranger, "message-1", "worker-2") == Duplicate("unknown_key")
        assert not transactions().note_stored(stranger)
    assert read(row)["status"] == "Pending"


def test_an_arrival_is_recorded_once_and_keeps_the_row_from_expiring(row: NewTransaction) -> None:
    assert [transactions().note_stored(source_of(row)) for _ in range(2)] == [True, False]
    assert not upkeep().expire(row.transaction_id, expire_after_s=-7200)
    assert read(row)["status"] == "Pending"


def test_only_a_row_whose_link_ended_unused_expires_and_a_claim_revives_it(row: NewTransaction) -> None:
    assert not upkeep().expire(row.transaction_id, expire_after_s=0)
    assert upkeep().expire(row.transaction_id, expire_after_s=-7200)
    assert not upkeep().expire(row.transaction_id, expire_after_s=-7200)
    assert upkeep().status(row.transaction_id) == "Expired"
    assert claimed(row).attempt == 1
    assert not upkeep().expire(row.transaction_id, expire_after_s=-7200)
    assert upkeep().status(row.transaction_id) == "Converting"
    assert upkeep().status(UUID(int=0)) is None
