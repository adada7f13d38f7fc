"""The real queue as a test uses it: empty at first, one message at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from functions.shared.reissue import object_created_json
from functions.shared.transactions import Source
from local import jetstream
from local.delivery import Delivery
from local.objectstore import minio_client
from tests.support.servers import Servers, running_servers
from tests.support.waiting import BOUND_S, wait_until
from tests.support.world import Upload

NOTHING = b"{}"
"""A message that is no event."""


@dataclass(frozen=True)
class Queue:
    """A connection to the queue, and threads for handlers."""

    client: Client
    js: JetStreamContext
    threads: ThreadPoolExecutor
    ack_wait_s: float

    async def publish(self, body: bytes = NOTHING) -> None:
        await self.js.publish(jetstream.REISSUED, body)

    async def fetch(self, timeout_s: float = BOUND_S) -> Msg:
        """The next message that is due; raises ``TimeoutError``."""
        subscription = await self.js.pull_subscribe_bind(durable=jetstream.CONSUMER, stream=jetstream.STREAM)
        try:
            return (await subscription.fetch(1, timeout=timeout_s))[0]
        finally:
            await subscription.unsubscribe()

    async def deliver(self, body: bytes = NOTHING) -> Msg:
        """Publish a message and fetch it."""
        await self.publish(body)
        return await self.fetch()

    async def settle(self, message: Msg) -> bool:
        return await Delivery(message, self.js, self.threads, self.ack_wait_s).settle()

    async def count(self, stream: str = jetstream.STREAM) -> int:
        """Messages that are kept."""
        return (await self.js.stream_info(stream)).state.messages

    async def emptied(self) -> None:
        """Return when the stream holds nothing any more."""
        await until(self._is_empty, "an empty stream")

    async def _is_empty(self) -> bool:
        return await self.count() == 0

    async def in_hand(self) -> int:
        """Messages that were delivered and not answered yet."""
        return (await self.js.consumer_info(jetstream.STREAM, jetstream.CONSUMER)).num_ack_pending or 0

    async def purge(self) -> None:
        for stream in (jetstream.STREAM, jetstream.DEAD_LETTER_STREAM):
            await self.js.purge_stream(stream)


@contextmanager
def quiet_servers(data_dir: Path, **env: str) -> Iterator[Servers]:
    """Servers whose queue holds only what a test publishes: storage tells of nothing."""
    with running_servers(data_dir, **env) as servers:
        settings = servers.desk.settings()
        minio_client(settings).delete_bucket_notification(settings.uploads_bucket)
        wait_until(lambda: not list(servers.minio.event_queue.rglob("*.event")), "storage's last event")
        yield servers


@asynccontextmanager
async def queue_of(servers: Servers) -> AsyncIterator[Queue]:
    client = await jetstream.connect(servers.desk.nats_url, "test")
    with ThreadPoolExecutor() as threads:
        try:
            yield Queue(client, client.jetstream(), threads, servers.desk.ack_wait_s)
        finally:
            await jetstream.leave(client)


def on_queue(servers: Servers, scenario: Callable[[Queue], Awaitable[None]], *, purge: bool = True) -> None:
    """Play a scenario on the queue, purged first unless what it holds is the point."""

    async def scene() -> None:
        async with asyncio.timeout(4 * BOUND_S), queue_of(servers) as queue:
            if purge:
                await queue.purge()
            await scenario(queue)

    asyncio.run(scene())


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """``wait_until`` on the event loop."""
    try:
        async with asyncio.timeout(BOUND_S):
            while not await condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited {BOUND_S:.0f} s for {what}") from None


def event_of(upload: Upload) -> bytes:
    """The object-created event of an upload."""
    return object_created_json(Source(upload.bucket, upload.key, upload.size, upload.etag))


def message_id(message: Msg) -> str:
    """The id that the handler gets for a message."""
    return f"{jetstream.STREAM}:{message.metadata.sequence.stream}"
