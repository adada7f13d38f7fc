"""Names and shape of the queue on NATS JetStream, and the connection to it.

One work-queue stream takes the events of storage (``uploads.stored``, publishable by storage's NATS user alone) and
those that we issue again (``uploads.reissued``, by the worker's user alone); one durable consumer serves all workers.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from logging import WARNING

import nats
import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from functions.shared import logs
from local.desk import ACK_WAIT_S

STREAM = "UPLOADS"
STORED = "uploads.stored"
REISSUED = "uploads.reissued"
CONSUMER = "converter"
DEAD_LETTER_STREAM = "UPLOADS_DEAD"
DEAD_LETTER = "dead.uploads"

AWAY = (TimeoutError, nats.errors.Error, OSError)
"""What asking a queue that is away may raise."""


async def connect(url: str, name: str) -> Client:
    """A connection that reconnects for ever; raises like ``connect_once`` if the first attempt fails."""
    connection = await _first_connection(url, name, _log_error)
    # Given to the first attempt already, these would make it last for ever too.
    connection.options.update(allow_reconnect=True, max_reconnect_attempts=-1, reconnect_time_wait=0.5)
    return connection


async def connect_once(url: str, name: str) -> Client:
    """A connection that does not outlive a loss. Raises ``OSError`` or ``nats.errors.Error`` if there is no server."""
    return await _first_connection(url, name, _ignore_error)


async def leave(connection: Client) -> None:
    """Send what is left and close, whatever state the connection is in. What it cannot send, others make good."""
    try:
        await connection.drain()
    except AWAY:
        with suppress(*AWAY):
            await connection.close()


async def _first_connection(url: str, name: str, on_error: Callable[[Exception], Awaitable[None]]) -> Client:
    return await nats.connect(
        url,
        name=name,
        connect_timeout=5,
        ping_interval=10,  # a server that hangs is noticed within half a minute
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0.1,
        error_cb=on_error,
    )


async def _log_error(error: Exception) -> None:
    logs.event("queue.error", level=WARNING, error=repr(error))


async def _ignore_error(error: Exception) -> None:
    """What ends a connection that is made once is raised as well."""


async def ensure_streams(js: JetStreamContext, ack_wait_s: float = ACK_WAIT_S) -> None:
    """Create or update the streams and the consumer. Idempotent."""
    await _ensure_stream(
        js,
        StreamConfig(
            name=STREAM,
            subjects=[STORED, REISSUED],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
        ),
    )
    await _ensure_stream(js, StreamConfig(name=DEAD_LETTER_STREAM, subjects=[DEAD_LETTER], storage=StorageType.FILE))
    await js.add_consumer(STREAM, consumer_config(ack_wait_s))


def consumer_config(ack_wait_s: float = ACK_WAIT_S) -> ConsumerConfig:
    """No delivery limit: in a work queue it strands the message silently; the row counts the attempts."""
    return ConsumerConfig(
        durable_name=CONSUMER,
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL,
        ack_wait=ack_wait_s,
        max_deliver=-1,
        max_ack_pending=1000,
    )


async def _ensure_stream(js: JetStreamContext, config: StreamConfig) -> None:
    try:
        await js.stream_info(config.name or "")
    except NotFoundError:
        await js.add_stream(config)
    else:
        await js.update_stream(config)
