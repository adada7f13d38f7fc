"""One encode at a time, and the next message just in time."""

import threading

import pytest

from functions.converter.slots import NEARLY_DONE_S, EncodeSlots
from functions.shared.errors import WorkerStopping
from tests.support.encodes import crew
from tests.support.waiting import wait_until

HD = (1280, 720)


def ignore(_moved: bool) -> None:
    """Nothing stops the wait."""


def test_a_second_encode_waits_for_the_first() -> None:
    with crew(concurrency=1) as worker:
        first, second = worker.begin(HD), worker.ask(HD)
        assert second.waits()
        first.end()
        second.began()
        assert worker.slots.entered == 2


def test_as_many_run_at_once_as_there_are_slots() -> None:
    with crew(concurrency=3) as worker:
        for _ in range(3):
            worker.begin(HD)
        assert worker.ask(HD).waits()


def test_a_thread_that_holds_a_share_works_on_with_it() -> None:
    slots = EncodeSlots()
    with slots.one(ignore, *HD) as first, slots.one(ignore, *HD) as again:
        assert again is first
        assert not slots.worth_fetching()
    assert slots.worth_fetching()
    assert slots.entered == 1


def test_the_end_of_one_of_its_encodes_is_not_the_end_of_a_share() -> None:
    slots = EncodeSlots()
    with slots.one(ignore, *HD):
        with slots.one(ignore, *HD):
            slots.expect_end(0.0)
            assert slots.worth_fetching()
        assert not slots.worth_fetching()


def test_a_failed_encode_frees_its_slot() -> None:
    slots = EncodeSlots()
    with pytest.raises(RuntimeError), slots.one(ignore, *HD):
        raise RuntimeError
    assert slots.worth_fetching()


def test_waiting_is_progress_and_ends_when_the_attempt_must() -> None:
    slots = EncodeSlots()
    moved = []
    outcome = []

    def stopped(movement: bool) -> None:
        moved.append(movement)
        raise WorkerStopping

    def wait() -> None:
        try:
            with slots.one(stopped, *HD):
                outcome.append("encoded")
        except WorkerStopping:
            outcome.append("stopped")

    with slots.one(ignore, *HD):
        thread = threading.Thread(target=wait)
        thread.start()
        wait_until(lambda: outcome, "the waiting encode's end", 10)
        thread.join(10)
    assert (outcome, moved) == (["stopped"], [True])
    assert slots.worth_fetching()


@pytest.mark.parametrize(("eta_s", "worth"), [(NEARLY_DONE_S / 2, True), (NEARLY_DONE_S * 100, False)])
def test_a_message_is_worth_fetching_when_the_encode_is_about_to_end(eta_s: float, worth: bool) -> None:
    slots = EncodeSlots()
    with slots.one(ignore, *HD):
        assert not slots.worth_fetching()
        slots.expect_end(eta_s)
        assert slots.worth_fetching() == worth


def test_an_encode_that_ended_leaves_no_expectation_behind() -> None:
    slots = EncodeSlots()
    with slots.one(ignore, *HD):
        slots.expect_end(0.0)
    with slots.one(ignore, *HD):
        assert not slots.worth_fetching()
