"""Links of the queue: it lets us in, holds the stream and its consumer, and an event makes the whole trip."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo, RetentionPolicy, StreamInfo

from local import jetstream
from local.doctor.checkup import Broken, Patient, address, one_line
from local.roundtrip import REPAIR, LinkBroken, round_trip

T = TypeVar("T")
TIMEOUT_S = 15.0
JETSTREAM_REMEDY = "Start NATS with JetStream (infra/nats/nats.conf)"


def answers(patient: Patient) -> str:
    """We can log in."""
    asyncio.run(_with_jetstream(patient.desk.nats_url, _nothing))
    return f"NATS at {address(patient.desk.nats_url)}"


def stream(patient: Patient) -> str:
    """The stream takes both subjects as a work queue, and its consumer is as the workers need it."""
    info, consumer = asyncio.run(_with_jetstream(patient.desk.nats_url, _inspect))
    config = info.config
    lacking = {jetstream.STORED, jetstream.REISSUED} - set(config.subjects or [])
    if lacking:
        raise Broken(f"the stream {jetstream.STREAM} does not take {' and '.join(sorted(lacking))}", REPAIR)
    if config.retention != RetentionPolicy.WORK_QUEUE:
        remedy = f"Remove it (nats stream rm {jetstream.STREAM}) once it is empty; then {REPAIR}"
        raise Broken(f"the stream {jetstream.STREAM} is no work queue but keeps by {config.retention}", remedy)
    wanted = jetstream.consumer_config(patient.desk.ack_wait_s)
    names = ("ack_policy", "ack_wait", "max_deliver")
    wrong = [name for name in names if getattr(consumer.config, name) != getattr(wanted, name)]
    if consumer.config.filter_subject or consumer.config.filter_subjects:
        wrong.append("filter_subject")
    if wrong:
        raise Broken(f"the consumer {jetstream.CONSUMER} has another {', '.join(wrong)} than workers need", REPAIR)
    return f"{jetstream.STREAM} with consumer {jetstream.CONSUMER}: {info.state.messages} messages"


def trip(patient: Patient) -> str:
    """The event of a new object comes out of the queue, once from each target."""
    try:
        done = round_trip(patient.desk, deliveries=len(patient.desk.notify_arns))
    except LinkBroken as exc:
        raise Broken(exc.reason, exc.remedy) from exc
    times = ", ".join(f"{seconds * 1000:.0f} ms" for seconds in done.events_s)
    return f"{len(done.events_s)} events of a new object arrived after {times}"


async def _inspect(js: JetStreamContext) -> tuple[StreamInfo, ConsumerInfo]:
    try:
        return await js.stream_info(jetstream.STREAM), await js.consumer_info(jetstream.STREAM, jetstream.CONSUMER)
    except nats.js.errors.NotFoundError as exc:
        missing = exc.description or f"no stream {jetstream.STREAM}"
        raise Broken(f"the queue is not set up ({missing})", REPAIR) from exc
    except nats.errors.Error as exc:
        raise Broken(f"JetStream does not answer ({exc!r})", JETSTREAM_REMEDY) from exc


async def _nothing(js: JetStreamContext) -> None:
    """Being let in is all that is asked."""


async def _with_jetstream(url: str, use: Callable[[JetStreamContext], Awaitable[T]]) -> T:
    try:
        connection = await jetstream.connect_once(url, "doctor")
    except (OSError, nats.errors.Error) as exc:
        remedy = "Start NATS (`make up`), or correct NATS_URL (host, port, user, password)"
        raise Broken(f"NATS at {address(url)} does not let us in ({one_line(exc)})", remedy) from exc
    try:
        return await use(connection.jetstream(timeout=TIMEOUT_S))
    finally:
        await connection.close()
