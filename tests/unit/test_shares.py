"""Encodes side by side: who begins when, with how many threads, within the memory; first come, first served."""

import pytest

from functions.converter import process
from functions.converter.slots import NEARLY_DONE_S
from tests.support.encodes import LARGE, MIDDLE, SMALL, crew

GIB = 1024**3


def test_small_pictures_are_encoded_side_by_side_and_none_more_than_there_are_processors() -> None:
    with crew(processors=4) as worker:
        running = [worker.begin(SMALL) for _ in range(4)]
        assert not worker.slots.worth_fetching()
        last = worker.ask(SMALL)
        assert last.waits()
        running[0].end()
        last.began()


def test_a_lone_small_picture_uses_all_processors_and_others_still_begin_beside_it() -> None:
    with crew(processors=4) as worker:
        assert worker.begin(SMALL).began().threads.pool == 4
        assert worker.slots.worth_fetching()
        assert worker.begin(SMALL).began().threads.pool == 3


def test_a_picture_gets_no_threads_that_could_never_work() -> None:
    with crew(processors=64) as worker:
        assert worker.begin((128, 128)).began().threads.pool == 2 * worker.begin((128, 128)).began().threads.frames


def test_a_picture_that_others_wait_behind_leaves_them_the_rest() -> None:
    with crew(processors=8) as worker:
        first = worker.begin(LARGE)
        small, another = worker.ask(SMALL), worker.ask(SMALL)
        assert small.waits()
        assert another.waits()
        first.end()
        assert small.began().threads.pool == 1
        another.began()


def test_a_large_picture_has_the_processors_alone() -> None:
    with crew(processors=8) as worker:
        first = worker.begin(LARGE)
        assert first.began().threads.pool == 8
        assert not worker.slots.worth_fetching()
        small = worker.ask(SMALL)
        assert small.waits()
        first.end()
        small.began()


def test_large_pictures_are_encoded_one_at_a_time_even_if_the_first_began_beside_small_ones() -> None:
    with crew(processors=8) as worker:
        small = [worker.begin(SMALL) for _ in range(7)]
        assert worker.begin(LARGE).began().threads.pool == 8
        second = worker.ask(LARGE)
        for one in small:
            one.end()
        assert second.waits()


def test_a_large_picture_is_not_starved_by_small_ones() -> None:
    with crew(processors=2) as worker:
        running = [worker.begin(SMALL), worker.begin(SMALL)]
        large = worker.ask(LARGE)
        later = [worker.ask(SMALL) for _ in range(3)]
        assert large.waits()
        running[0].end()
        large.began()
        assert all(one.waits() for one in later)
        running[1].end()
        assert all(one.waits() for one in later), "it has the processors alone now"


def test_who_comes_first_begins_first_whatever_its_size() -> None:
    with crew(processors=2) as worker:
        running = worker.begin(LARGE)
        line = [worker.ask(size) for size in (SMALL, LARGE, SMALL)]
        running.end()
        line[0].began()
        line[1].began()
        assert line[2].waits()
        line[0].end()
        assert line[2].waits()
        line[1].end()
        line[2].began()


def test_who_gives_up_waiting_holds_up_nobody() -> None:
    with crew(processors=2) as worker:
        running = worker.begin(LARGE)
        first, second = worker.ask(LARGE), worker.ask(SMALL)
        assert second.waits()
        first.cancel()
        running.end()
        second.began()
        assert worker.slots.worth_fetching()


def test_all_of_a_long_line_get_their_turn() -> None:
    with crew(processors=3) as worker:
        line = [worker.ask(size) for size in (SMALL, MIDDLE, LARGE, SMALL, LARGE, MIDDLE, SMALL, SMALL)]
        for one in line:
            one.began()
            one.end()
        assert worker.slots.entered == len(line)


@pytest.mark.parametrize(("concurrency", "threads"), [(1, 8), (2, 4), (3, 3), (8, 1), (16, 1)])
def test_a_number_splits_the_processors_evenly_whatever_the_picture(concurrency: int, threads: int) -> None:
    with crew(concurrency) as worker:
        for number in range(concurrency):
            size = SMALL if number % 2 else LARGE
            assert worker.begin(size).began().threads.pool == threads
        assert worker.slots.at_most == concurrency
        assert worker.ask(SMALL).waits()


@pytest.mark.parametrize("concurrency", [None, 4])
def test_all_encodes_together_stay_within_the_workers_memory(concurrency: int | None) -> None:
    one = process.picture_memory_bytes(*SMALL, 1)
    with crew(concurrency, processors=4, memory_bytes=2.5 * one) as worker:
        shares = [worker.begin(SMALL).began() for _ in range(2)]
        assert sum(share.memory_bytes for share in shares) <= 2.5 * one
        assert not worker.slots.worth_fetching(), "there is no room for a third"
        assert worker.ask(SMALL).waits()


def test_threads_that_memory_has_no_room_for_are_left_out() -> None:
    room = process.picture_memory_bytes(*SMALL, 1) + 2 * process.thread_memory_bytes(*SMALL)
    with crew(processors=8, memory_bytes=room + 1) as worker:
        share = worker.begin(SMALL).began()
        assert (share.threads.pool, share.memory_bytes) == (4, room)


def test_a_lone_picture_gets_all_the_memory_where_it_would_need_more() -> None:
    with crew(concurrency=1, processors=2, memory_bytes=GIB) as worker:
        assert worker.begin(LARGE).began().memory_bytes == GIB


def test_frames_and_rows_at_a_time_do_not_depend_on_who_else_is_there() -> None:
    """They change a result's bytes, threads do not."""
    with crew(processors=2) as worker:
        shares = [worker.begin(SMALL).began() for _ in range(2)]
    assert {(share.threads.frames, share.threads.rows) for share in shares} == {(3, False)}
    assert [share.threads.pool for share in shares] == [2, 1]


@pytest.mark.parametrize(
    ("size", "setting", "rows"),
    [
        (SMALL, {"processors": 8}, False),
        (LARGE, {"processors": 8}, True),
        (LARGE, {"processors": 1}, False),
        (SMALL, {"processors": 8, "concurrency": 1}, True),
        (LARGE, {"processors": 8, "concurrency": 8}, False),
    ],
)
def test_rows_are_worked_on_side_by_side_where_a_film_has_more_than_one_processor_to_itself(
    size: tuple[int, int], setting: dict[str, int], rows: bool
) -> None:
    with crew(**setting) as worker:
        assert worker.begin(size).began().threads.rows is rows


@pytest.mark.parametrize(("eta_s", "worth"), [(NEARLY_DONE_S / 2, True), (NEARLY_DONE_S * 100, False)])
def test_a_message_is_worth_fetching_if_any_encode_is_about_to_end(eta_s: float, worth: bool) -> None:
    with crew(processors=2) as worker:
        worker.begin(SMALL)
        with worker.slots.one(lambda _: None, *SMALL):
            assert not worker.slots.worth_fetching()
            worker.slots.expect_end(eta_s)
            assert worker.slots.worth_fetching() == worth


def test_no_message_is_fetched_while_one_waits() -> None:
    with crew(processors=2) as worker:
        worker.begin(LARGE)
        waiting = worker.ask(SMALL)
        assert waiting.waits()
        assert not worker.slots.worth_fetching()
        waiting.cancel()
