"""The worker of a desk: JetStream messages → the converter's handler, and the timer of the reconciler.

It translates the queue's ways into those of SQS: a message becomes a record, a wish for a later delivery becomes
``nak(delay)``, a dead letter a copy in the dead-letter stream and ``term``. More workers share one consumer.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from functions.converter.handler import converter
from functions.converter.workspace import sweep
from functions.reconciler.reconcile import Reconciler
from functions.shared import logs, wiring
from functions.shared.errors import Bucket265Error
from functions.shared.events import MalformedEvent, object_created
from functions.shared.reissue import object_created_json
from functions.shared.settings import SettingsError, settings
from functions.shared.transactions import Source
from local import jetstream
from local.delivery import Delivery
from local.desk import ACK_WAIT_S
from local.metrics import StoredMetrics, own_figures

BESIDE = 5
"""Messages in hand beside those that encode: they are verified, published or are about to encode."""

POLL_S = 0.05
FETCH_S = 1.0
STORE_METRICS_EVERY_S = 5.0
CRASH_PAUSE_S = 2.0
"""Pause after a message that could not be judged: most likely the database is away, for the next message as well."""


class Worker:
    """Fetches only what it can soon encode; everything that blocks runs in threads that live as long as the worker."""

    def __init__(self, client: Client, reconcile_every_s: float, grace_s: float) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream()
        self._reconcile_every_s = reconcile_every_s
        self._grace_s = grace_s
        self._at_most = converter().deps.slots.at_most + BESIDE
        self._threads = ThreadPoolExecutor(self._at_most + 3, thread_name_prefix="convert")
        self._running: set[asyncio.Task[bool]] = set()
        self._stopping = asyncio.Event()
        self._metrics = StoredMetrics(own_figures(), wiring.upkeep())

    def stop(self) -> None:
        """Begin to stop: fetch no more; conversions get ``grace_s`` to end and are then given back."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until stopped; raises ``ConnectionClosedError`` if NATS ended the connection for good."""
        subscription = await self._js.pull_subscribe_bind(durable=jetstream.CONSUMER, stream=jetstream.STREAM)
        ack_wait_s = (await subscription.consumer_info()).config.ack_wait or ACK_WAIT_S
        await self._client.subscribe(jetstream.STORED, queue="arrivals", cb=self._note_stored)
        await self._in_thread(converter().warm_up)
        timers = [asyncio.create_task(self._keep_reconciling()), asyncio.create_task(self._keep_storing())]
        logs.event("worker.ready", worker=settings().worker_name)
        try:
            while not self._is_over():
                await self._turn(subscription, ack_wait_s)
            if not self._stopping.is_set():
                raise nats.errors.ConnectionClosedError
        finally:
            for timer in timers:
                timer.cancel()
            await self._finish(subscription)

    async def _turn(self, subscription: JetStreamContext.PullSubscription, ack_wait_s: float) -> None:
        if not self._wants_more():
            await asyncio.sleep(POLL_S)
            return
        message = await self._next(subscription)
        if message is not None:
            await self._begin(message, ack_wait_s)

    def _is_over(self) -> bool:
        """Whether no message may be begun any more."""
        return self._stopping.is_set() or self._client.is_closed

    def _wants_more(self) -> bool:
        """Whether a message that came now would soon be encoded.

        Requests made while NATS is away would all be served at its return, and hold messages that we can't begin.
        """
        room = self._client.is_connected and len(self._running) < self._at_most
        return room and converter().deps.slots.worth_fetching()

    async def _next(self, subscription: JetStreamContext.PullSubscription) -> Msg | None:
        try:
            return (await subscription.fetch(1, timeout=FETCH_S))[0]
        except (TimeoutError, nats.errors.TimeoutError):
            return None
        except nats.errors.Error as exc:
            logs.event("queue.away", level=30, error=type(exc).__name__)
            await self._pause(FETCH_S)
            return None

    async def _begin(self, message: Msg, ack_wait_s: float) -> None:
        """Start on a message and return once its encode has begun, or it needs none, or we stop."""
        entered = converter().deps.slots.entered
        task = asyncio.create_task(Delivery(message, self._js, self._threads, ack_wait_s).settle())
        self._running.add(task)
        task.add_done_callback(self._ended)
        while not task.done() and converter().deps.slots.entered == entered and not self._is_over():
            await asyncio.wait({task}, timeout=POLL_S)
        if task.done() and (task.exception() or not task.result()):
            await self._pause(CRASH_PAUSE_S)

    def _ended(self, task: asyncio.Task[bool]) -> None:
        self._running.discard(task)
        if exc := task.exception():
            logs.event("delivery.crashed", level=40, error=repr(exc))

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _finish(self, subscription: JetStreamContext.PullSubscription) -> None:
        """Let what is under way end or be given back, then leave. NATS may be away: what is unanswered comes again."""
        try:
            # Drain would wait half a minute for it: nats-py counts a pull subscription's messages as unread for ever.
            await subscription.unsubscribe()
        except nats.errors.Error as exc:
            logs.event("queue.away", level=30, error=type(exc).__name__)
        if self._running:
            await asyncio.wait(self._running, timeout=self._grace_s)
        converter().stopping.set()
        if self._running:
            await asyncio.wait(self._running)
        converter().deps.inspector.close()
        await jetstream.leave(self._client)
        await asyncio.to_thread(self._metrics.store)
        # Off the loop: the reconciler's thread may still wait for an answer that the loop brings.
        await asyncio.to_thread(self._threads.shutdown)
        logs.event("worker.stopped", worker=settings().worker_name)

    async def _note_stored(self, message: Msg) -> None:
        """Write down what arrived before anybody gets to it: the queue's order, and ``source`` in status."""
        try:
            for created in object_created(message.data.decode(errors="replace")):
                source = Source(created.bucket, created.key, created.size, created.etag)
                await self._in_thread(partial(wiring.transactions().note_stored, source))
        except (MalformedEvent, Bucket265Error) as exc:
            logs.event("arrival.not_noted", level=30, error=type(exc).__name__)

    async def _keep_reconciling(self) -> None:
        loop = asyncio.get_running_loop()

        def reissue(source: Source) -> None:
            sent = self._js.publish(jetstream.REISSUED, object_created_json(source))
            asyncio.run_coroutine_threadsafe(_awaited(sent), loop).result(timeout=10)

        reconciler = Reconciler(settings(), wiring.upkeep(), wiring.storage(), reissue)
        while True:
            try:
                await self._in_thread(partial(sweep, settings().scratch_dir))
                await self._in_thread(reconciler.run)
            except Exception as exc:  # the timer outlives every outage
                logs.event("reconcile.failed", level=40, error=type(exc).__name__, detail=exc.__cause__ or exc)
            await asyncio.sleep(self._reconcile_every_s)

    async def _keep_storing(self) -> None:
        while True:
            await self._in_thread(self._metrics.store)
            await asyncio.sleep(STORE_METRICS_EVERY_S)

    async def _in_thread(self, work: Callable[[], object]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, work)


async def _awaited(sent: Awaitable[object]) -> None:
    await sent


async def serve(url: str, reconcile_every_s: float, grace_s: float) -> None:
    """Run a worker until SIGTERM or SIGINT."""
    client = await jetstream.connect(url, f"worker {settings().worker_name}")
    worker = Worker(client, reconcile_every_s, grace_s)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.stop)
    await worker.run()


def _seconds(name: str, default: float) -> float:
    raw = os.environ.get(name) or str(default)
    if not raw.replace(".", "", 1).isdecimal():
        raise SettingsError(f"{name} must be a number of seconds, not {raw!r}")
    return float(raw)


def main() -> int:
    """``python -m local.worker``: exit 1 with one line if it cannot start."""
    logs.configure("worker")
    try:
        reconcile_every_s, grace_s = _seconds("RECONCILE_EVERY_S", 15), _seconds("SHUTDOWN_GRACE_S", 5)
        asyncio.run(serve(os.environ["NATS_URL"], reconcile_every_s, grace_s))
    except KeyError as exc:
        print(f"worker: {exc.args[0]} is not set; see the settings table in README.md", file=sys.stderr)
    except SettingsError as exc:
        print(f"worker: {exc}", file=sys.stderr)
    except NotFoundError:
        print("worker: the queue is not set up; run: python -m local bootstrap", file=sys.stderr)
    except (nats.errors.Error, OSError) as exc:
        print(f"worker: NATS at NATS_URL does not let us in: {exc}", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
