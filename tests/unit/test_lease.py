"""A lease is kept by progress, not by being alive; nothing but its own clocks ends an attempt."""

import threading
import time
from itertools import pairwise

import pytest

from functions.converter import lease as leases
from functions.converter.lease import Lease
from functions.shared.errors import (
    DatabaseUnavailable,
    StageStalled,
    StaleAttempt,
    TimeBudgetExceeded,
    WorkerStopping,
)
from functions.shared.transactions import Claim, Progress
from tests.support.attempts import Row, a_lease
from tests.support.waiting import wait_until


@pytest.fixture
def row() -> Row:
    return Row()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> float:
    """Seconds between two writes, much shorter than in real life."""
    monkeypatch.setattr(leases, "WRITE_EVERY_S", 0.05)
    return 0.05


def encoding(percent: float) -> Progress:
    return Progress("encode", percent)


def idle(lease: Lease, seconds: float) -> None:
    """Let the lease believe that nothing has moved for so long."""
    lease.clock.last_beat = time.monotonic() - seconds


def is_ended(lease: Lease, error: type[Exception]) -> bool:
    try:
        lease.check()
    except error:
        return True
    return False


def test_a_fresh_attempt_may_go_on() -> None:
    a_lease().check()


def test_the_newest_progress_is_written(row: Row, quick: float) -> None:
    lease = a_lease(renew=row.renew)
    with lease.kept():
        for percent in range(40):
            lease.show(encoding(percent))
        wait_until(lambda: row.written, "a write", 10)
        lease.show(encoding(50.0))
        wait_until(lambda: row.written[-1].percent == 50.0, "the newest progress", 10)
    assert len(row.written) < 40


def test_progress_is_written_at_most_once_a_second(row: Row) -> None:
    assert leases.WRITE_EVERY_S == 1.0
    written_at: list[float] = []

    def renew(claim: Claim, progress: Progress) -> bool:
        written_at.append(time.monotonic())
        return row.renew(claim, progress)

    lease = a_lease(renew=renew)
    with lease.kept():

        def three_writes() -> bool:
            lease.show(encoding(len(written_at)))
            return len(written_at) >= 3

        wait_until(three_writes, "three writes", 30)
    assert all(later - earlier >= 0.99 for earlier, later in pairwise(written_at))


def test_without_news_the_lease_is_renewed_only_when_a_third_of_it_is_over(row: Row, quick: float) -> None:
    lease = a_lease(renew=row.renew, lease_s=1.5)
    with lease.kept():
        began = time.monotonic()
        wait_until(lambda: row.written, "a renewal", 10)
        waited = time.monotonic() - began
    assert waited >= 0.45


def test_a_lease_without_progress_is_not_renewed(row: Row, quick: float) -> None:
    lease = a_lease(renew=row.renew, lease_s=0.1, stall_s=45)
    with lease.kept():
        idle(lease, 46)
        time.sleep(10 * quick)
        assert row.written == []
        lease.beat()
        wait_until(lambda: row.written, "renewal once something moves", 10)


@pytest.mark.parametrize("stage", ["fetch", "probe", "encode", "verify", "publish"])
def test_a_stage_that_stops_moving_is_ended(stage: str) -> None:
    lease = a_lease(stall_s=45)
    with lease.stage(stage):
        idle(lease, 45.5)
        with pytest.raises(StageStalled, match=stage):
            lease.check()


def test_slow_is_not_stuck() -> None:
    lease = a_lease(stall_s=45)
    idle(lease, 44)
    lease.check()
    lease.watch(True)
    idle(lease, 44)
    lease.watch(False)


def test_being_watched_is_not_progress() -> None:
    lease = a_lease(stall_s=45)
    idle(lease, 46)
    with pytest.raises(StageStalled):
        lease.watch(False)


def test_movement_is_progress() -> None:
    lease = a_lease(stall_s=45)
    idle(lease, 46)
    lease.watch(True)
    assert lease.clock.idle_s() < 45


def test_the_budget_ends_an_attempt_that_still_moves() -> None:
    lease = a_lease(seconds=0.0)
    lease.beat()
    time.sleep(0.001)
    with pytest.raises(TimeBudgetExceeded):
        lease.check()


def test_a_stopping_worker_ends_the_attempt() -> None:
    stopping = threading.Event()
    lease = a_lease(stopping=stopping)
    lease.check()
    stopping.set()
    with pytest.raises(WorkerStopping):
        lease.check()


def test_an_attempt_that_lost_its_row_ends(row: Row, quick: float) -> None:
    lease = a_lease(renew=row.renew)
    with lease.kept():
        lease.show(encoding(1.0))
        wait_until(lambda: row.written, "a write", 10)
        lease.check()
        row.ours = False
        lease.show(encoding(2.0))
        wait_until(lambda: len(row.written) > 1, "the write that meets another attempt", 10)
        wait_until(lambda: is_ended(lease, StaleAttempt), "the stale attempt's end", 10)
        written = len(row.written)
        lease.show(encoding(3.0))
        time.sleep(5 * quick)
    assert len(row.written) == written, "a stale attempt wrote again"


def test_a_failed_write_ends_nothing_and_is_made_up_for(row: Row, quick: float) -> None:
    lease = a_lease(renew=row.renew)
    row.fails_with = DatabaseUnavailable()
    with lease.kept():
        lease.show(encoding(10.0))
        time.sleep(5 * quick)
        lease.check()
        row.fails_with = None
        lease.show(encoding(20.0))
        wait_until(lambda: row.written, "a write after the outage", 10)
    assert row.written[-1].percent == 20.0


def test_a_failed_renewal_is_tried_again_without_news(row: Row, quick: float) -> None:
    lease = a_lease(renew=row.renew, lease_s=0.3)
    row.fails_with = DatabaseUnavailable()
    with lease.kept():
        time.sleep(0.3)
        row.fails_with = None
        wait_until(lambda: row.written, "the renewal", 10)


def test_nothing_is_written_once_the_attempt_has_ended(row: Row, quick: float) -> None:
    lease = a_lease(renew=row.renew)
    with lease.kept():
        lease.show(encoding(10.0))
    written = len(row.written)
    lease.show(encoding(20.0))
    time.sleep(5 * quick)
    assert len(row.written) == written


def test_a_stage_shows_itself_and_keeps_the_percentage() -> None:
    lease = a_lease()
    lease.show(Progress("encode", 99.0))
    with lease.stage("verify"):
        assert (lease.progress.stage, lease.progress.percent) == ("verify", 99.0)
