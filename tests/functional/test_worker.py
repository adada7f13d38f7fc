"""A worker's loop on the real queue: it stops when asked, ends when shut out, and pauses where nothing works."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import nats.errors
import pytest

from functions.converter import slots
from functions.converter.handler import converter
from local import delivery, jetstream, worker
from local.delivery import Context
from local.worker import Worker
from tests.support.clips import Clips
from tests.support.loglines import captured, spans_s
from tests.support.queue import Queue, event_of, on_queue, quiet_servers, until
from tests.support.servers import Servers
from tests.support.waiting import BOUND_S
from tests.support.world import DONE, Answer, Event, World, message_failed, world_on

NEVER_S = 3600.0
OVERLAP_S = 0.01
"""Log lines are exact to a millisecond."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers whose queue these tests have for themselves."""
    with quiet_servers(tmp_path_factory.mktemp("worker") / "data", ACK_WAIT_S="3") as started:
        yield started


@pytest.fixture
def world(own: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_on(own.env, tmp_path / "scratch", monkeypatch) as made:
        yield made


@asynccontextmanager
async def working(own: Servers) -> AsyncIterator[tuple[Worker, asyncio.Task[None]]]:
    """A worker that never reconciles, and its run; asked to stop at the end."""
    client = await jetstream.connect(own.desk.nats_url, "worker")
    made = Worker(client, NEVER_S, 0.1)
    run = asyncio.create_task(made.run())
    try:
        yield made, run
    finally:
        made.stop()
        await asyncio.wait({run}, timeout=BOUND_S)
        assert run.done()


class Handler:
    """Stands in for the converter's handler and counts its calls."""

    def __init__(self, behaviour: Callable[[Event, Context], Answer]) -> None:
        self._behaviour = behaviour
        self.calls = 0

    def __call__(self, event: Event, context: Context) -> Answer:
        self.calls += 1
        return self._behaviour(event, context)

    async def called(self, times: int = 1) -> None:
        async def enough() -> bool:
            return self.calls >= times

        await until(enough, f"{times} calls of the handler")


def crash(event: Event, _: Context) -> Answer:
    return message_failed(event["Records"][0]["messageId"])


def until_told_to_stop(event: Event, context: Context) -> Answer:
    """An encode that has no slot yet: it ends only when the worker stops."""
    record = event["Records"][0]
    assert converter().stopping.wait(BOUND_S)
    context.redelivery.later(record, 0.0)
    return message_failed(record["messageId"])


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Event, Context], Answer]], Handler]:
    def used(behaviour: Callable[[Event, Context], Answer]) -> Handler:
        handler = Handler(behaviour)
        monkeypatch.setattr(delivery, "handler", handler)
        return handler

    return used


Use = Callable[[Callable[[Event, Context], Answer]], Handler]


def test_a_stop_is_noticed_while_a_message_waits_for_its_slot_and_the_message_is_free_at_once(
    own: Servers, world: World, use: Use
) -> None:
    handler = use(until_told_to_stop)

    async def scenario(queue: Queue) -> None:
        async with working(own) as (made, run):
            await queue.publish()
            await handler.called()
            made.stop()
            await asyncio.wait_for(run, BOUND_S)
        assert (await queue.fetch()).metadata.num_delivered == 2

    on_queue(own, scenario)


def test_a_worker_that_nats_shuts_out_gives_back_and_ends_instead_of_idling(
    own: Servers, world: World, use: Use
) -> None:
    handler = use(until_told_to_stop)

    async def scenario(queue: Queue) -> None:
        async with working(own) as (made, run):
            await queue.publish()
            await handler.called()
            await made._client.close()
            with pytest.raises(nats.errors.ConnectionClosedError):
                await asyncio.wait_for(run, BOUND_S)
        assert converter().stopping.is_set()

    on_queue(own, scenario)


def test_a_delivery_that_crashes_ends_neither_the_worker_nor_its_message(
    own: Servers, world: World, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CRASH_PAUSE_S", 0.01)
    answers = iter([RuntimeError("unheard of")])

    def crash_once(*_: object) -> Answer:
        for error in answers:
            raise error
        return DONE

    handler = use(crash_once)

    async def scenario(queue: Queue) -> None:
        await queue.publish()
        async with working(own):
            await handler.called(2)
            await queue.emptied()

    on_queue(own, scenario)


def test_a_worker_whose_loop_crashes_gives_back_what_it_holds(
    own: Servers, world: World, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = use(until_told_to_stop)

    def crash_now(_: Worker) -> bool:
        raise RuntimeError("unheard of")

    async def scenario(queue: Queue) -> None:
        await queue.publish()
        async with working(own) as (_, run):
            await handler.called()
            monkeypatch.setattr(Worker, "_is_over", crash_now)
            with pytest.raises(RuntimeError):
                await asyncio.wait_for(run, BOUND_S)
        assert (await queue.fetch()).metadata.num_delivered == 2

    on_queue(own, scenario)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that a worker made."""
    made: list[float] = []
    pause = Worker._pause

    async def noted(self: Worker, seconds: float) -> None:
        made.append(seconds)
        await pause(self, seconds)

    monkeypatch.setattr(Worker, "_pause", noted)
    return made


def test_after_a_message_that_cannot_be_judged_the_next_one_waits_a_moment_but_a_stop_does_not(
    own: Servers, world: World, use: Use, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the database is away, a long queue is not handed round as fast as it goes."""
    handler = use(crash)
    monkeypatch.setattr(worker, "CRASH_PAUSE_S", NEVER_S)

    async def paused() -> bool:
        return bool(pauses)

    async def scenario(queue: Queue) -> None:
        for _ in range(5):
            await queue.publish()
        async with working(own) as (made, run):
            await until(paused, "a pause")
            made.stop()
            await asyncio.wait_for(run, BOUND_S)

    on_queue(own, scenario)
    assert (handler.calls, pauses) == (1, [NEVER_S])


def test_messages_that_are_judged_follow_each_other_without_a_pause(
    own: Servers, world: World, use: Use, pauses: list[float]
) -> None:
    handler = use(lambda *_: DONE)

    async def scenario(queue: Queue) -> None:
        for _ in range(20):
            await queue.publish()
        async with working(own):
            await handler.called(20)
            await queue.emptied()

    on_queue(own, scenario)
    assert pauses == []


@pytest.mark.parametrize(("concurrency", "overlap"), [("auto", True), ("1", False)])
def test_small_films_are_encoded_side_by_side_unless_that_is_not_wanted(
    own: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clips: Clips, concurrency: str, overlap: bool
) -> None:
    monkeypatch.setattr(slots, "processors_available", lambda: 2)
    with (
        world_on(own.env, tmp_path / "scratch", monkeypatch, WORKER_CONCURRENCY=concurrency) as world,
        captured() as log,
    ):
        world.pace(1.0)
        uploads = [world.upload(clips("h264.mp4")) for _ in range(3)]

        async def scenario(queue: Queue) -> None:
            for upload in uploads:
                await queue.publish(event_of(upload))
            async with working(own):
                await queue.emptied()

        on_queue(own, scenario)
        assert {world.row(upload)["status"] for upload in uploads} == {"Completed"}
    encodes = spans_s(log.getvalue(), "encoded")
    assert len(encodes) >= len(uploads)
    assert any(ended - begun > OVERLAP_S for (_, ended), (begun, _) in pairwise(encodes)) == overlap
