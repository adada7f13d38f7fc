"""One message of the real queue, from its delivery to its end: acknowledged, given back, held, or put aside."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import nats.errors
import pytest

from functions.converter.handler import converter, handler
from functions.shared.transactions import ATTEMPTS_LIMIT
from local import delivery, jetstream
from local.delivery import Context
from tests.support.queue import Queue, event_of, message_id, on_queue, quiet_servers
from tests.support.servers import Servers
from tests.support.waiting import BOUND_S
from tests.support.world import Answer, Event, World, message_failed, world_on

ACK_WAIT_S = 3
STALL_S = 2
LEASE_OVER = "lease_until = now() - interval '1 second'"
LEASE_RUNS = "lease_until = now() + interval '60 seconds'"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers whose queue these tests have for themselves, and may kill."""
    with quiet_servers(tmp_path_factory.mktemp("delivery") / "data", ACK_WAIT_S=str(ACK_WAIT_S)) as started:
        yield started


@pytest.fixture
def world(own: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_on(own.env, tmp_path / "scratch", monkeypatch, STALL_S=str(STALL_S)) as made:
        yield made


def test_a_message_that_is_done_is_acknowledged(own: Servers, world: World) -> None:
    async def scenario(queue: Queue) -> None:
        message = await queue.deliver()
        assert await queue.settle(message)
        await queue.emptied()

    on_queue(own, scenario)


def test_a_message_given_back_comes_again_after_its_delay_and_not_before(own: Servers, world: World) -> None:
    upload = world.upload(b"not a film")

    async def scenario(queue: Queue) -> None:
        message = await queue.deliver(event_of(upload))
        world.set_row(
            upload,
            f"status = 'Converting', attempt = 1, message_id = '{message_id(message)}',"
            " lease_until = now() + interval '2 seconds'",
        )
        assert await queue.settle(message)
        again = await queue.fetch()
        assert (message_id(again), again.metadata.num_delivered) == (message_id(message), 2)
        assert await queue.settle(again)
        assert (world.row(upload)["attempt"], world.row(upload)["status"]) == (2, "Failed")
        await queue.emptied()

    on_queue(own, scenario)


def test_a_message_that_meets_the_lease_of_another_is_acknowledged(own: Servers, world: World) -> None:
    upload = world.upload(b"not a film")

    async def scenario(queue: Queue) -> None:
        world.set_row(upload, f"status = 'Converting', message_id = 'other', {LEASE_RUNS}")
        assert await queue.settle(await queue.deliver(event_of(upload)))
        await queue.emptied()
        assert world.row(upload)["attempt"] == 0

    on_queue(own, scenario)


def test_the_message_of_a_stale_attempt_is_not_acknowledged(
    own: Servers, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the one that the newer attempt was claimed under: acknowledged, nothing brings that one back."""
    upload = world.upload(b"not a film")

    def overtaken(event: Event, context: Context) -> Answer:
        with monkeypatch.context() as patch:
            patch.setattr(converter().deps.transactions, "fail", lambda *_: False)
            return handler(event, context)

    monkeypatch.setattr(delivery, "handler", overtaken)

    async def scenario(queue: Queue) -> None:
        assert await queue.settle(await queue.deliver(event_of(upload)))
        assert await queue.count() == 1

    on_queue(own, scenario)


@pytest.mark.parametrize(
    ("row", "after"),
    [
        (f"status = 'Converting', {LEASE_OVER}", "Failed"),
        ("status = 'Retrying', attempt = 1", "Failed"),
        ("status = 'Retrying', attempt = 5, attempts_base = 5", "Retrying"),
        (f"status = 'Converting', {LEASE_RUNS}", "Converting"),
        ("status = 'Completed', stored_path_converted = 'key', converted_sha256 = 'sum'", "Completed"),
    ],
)
def test_a_dead_letter_is_kept_and_fails_only_a_row_that_nobody_works_on(
    own: Servers, world: World, monkeypatch: pytest.MonkeyPatch, row: str, after: str
) -> None:
    upload = world.upload(b"not a film")
    world.set_row(upload, row)
    monkeypatch.setattr(delivery, "handler", wish_dead)

    async def scenario(queue: Queue) -> None:
        assert await queue.settle(await queue.deliver(event_of(upload)))
        await queue.emptied()
        kept = await queue.js.get_last_msg(jetstream.DEAD_LETTER_STREAM, jetstream.DEAD_LETTER)
        assert kept.data == event_of(upload)

    on_queue(own, scenario)
    assert world.row(upload)["status"] == after


def test_a_row_without_attempts_left_becomes_a_dead_letter(own: Servers, world: World) -> None:
    upload = world.upload(b"not a film")
    world.set_row(upload, f"status = 'Converting', attempt = {ATTEMPTS_LIMIT}, {LEASE_OVER}")

    async def scenario(queue: Queue) -> None:
        assert await queue.settle(await queue.deliver(event_of(upload)))
        await queue.emptied()
        assert await queue.count(jetstream.DEAD_LETTER_STREAM) == 1

    on_queue(own, scenario)
    row = world.row(upload)
    assert (row["status"], row["error_code"], row["attempt"]) == ("Failed", "attempts_exhausted", ATTEMPTS_LIMIT)


def test_a_dead_letter_whose_row_cannot_be_written_stays_in_the_queue_and_is_kept_once(
    own: Servers, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "handler", wish_dead)
    monkeypatch.setattr(delivery, "UNEXPECTED_DELAY_S", 0.1)
    monkeypatch.setattr(delivery, "dead_letter_handler", lambda *_: message_failed("message-1"))

    async def scenario(queue: Queue) -> None:
        message = await queue.deliver()
        for _ in range(3):
            await queue.settle(message)
            message = await queue.fetch()
        assert await queue.count(jetstream.DEAD_LETTER_STREAM) == 1

    on_queue(own, scenario)


def wish_dead(event: Event, context: Context) -> Answer:
    context.redelivery.dead_letter(event["Records"][0], "attempts_exhausted")
    return message_failed(event["Records"][0]["messageId"])


def test_a_message_is_held_while_something_moves_and_let_go_when_nothing_does(
    own: Servers, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, go_on = threading.Event(), threading.Event()

    def moving_then_stuck(event: Event, context: Context) -> Answer:
        while not stuck.wait(0.1):
            context.clock.beat()
        go_on.wait(BOUND_S)
        return message_failed(event["Records"][0]["messageId"])

    monkeypatch.setattr(delivery, "handler", moving_then_stuck)

    async def scenario(queue: Queue) -> None:
        message = await queue.deliver()
        settling = asyncio.create_task(queue.settle(message))
        with pytest.raises(nats.errors.TimeoutError):
            await queue.fetch(timeout_s=2.5 * ACK_WAIT_S)
        stuck.set()
        again = await queue.fetch()
        assert message_id(again) == message_id(message)
        go_on.set()
        await settling

    on_queue(own, scenario)


def test_a_result_that_could_not_be_acknowledged_is_not_made_again(
    own: Servers, world: World, clips: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clips("h264.mp4"))

    def convert_and_lose_nats(event: Event, context: Context) -> Answer:
        answer = handler(event, context)
        own.nats.kill()
        return answer

    monkeypatch.setattr(delivery, "handler", convert_and_lose_nats)
    monkeypatch.setattr(delivery, "ACK_TIMEOUT_S", 1.0)

    async def lost(queue: Queue) -> None:
        assert not await queue.settle(await queue.deliver(event_of(upload)))

    async def found(queue: Queue) -> None:
        assert await queue.settle(await queue.fetch())
        await queue.emptied()

    on_queue(own, lost)
    own.nats.start()
    own.nats.wait_ready()
    monkeypatch.setattr(delivery, "handler", handler)
    on_queue(own, found, purge=False)
    assert (world.row(upload)["status"], world.row(upload)["attempt"], world.ffmpeg_runs) == ("Completed", 1, 1)
