"""A real trip over the notification's whole path: an object is stored, its event must come out of the queue.

A second consumer on a work queue is refused, so the event is watched by a core subscription. The object lies under
``doctor/``, whose events the worker drops.
"""

import asyncio
import io
import json
import uuid
from contextlib import suppress
from dataclasses import dataclass

import nats.errors
from minio import Minio
from minio.error import MinioException
from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.js.errors import NotFoundError
from urllib3.exceptions import HTTPError

from local import jetstream
from local.desk import Desk, DeskError
from local.objectstore import arns_missing, minio_client

PREFIX = "doctor/"
EVENT_WITHIN_S = 10.0
REPAIR = "python -m local bootstrap creates what is missing"


class LinkBroken(DeskError):
    """A link of the path does not hold: which one, what was seen, and the remedy."""

    def __init__(self, link: str, reason: str, remedy: str) -> None:
        super().__init__(f"{link}: {reason}. {remedy}.")
        self.link = link
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class Trip:
    """How long each event took to come back, in seconds from the end of the PUT."""

    events_s: tuple[float, ...]


def round_trip(desk: Desk, deliveries: int = 1) -> Trip:
    """Store an object and wait for ``deliveries`` of its event (each target sends one); remove the object.

    Raises ``LinkBroken`` with ``link`` one of: ``queue`` (NATS does not let us in), ``stream`` (JetStream lacks it),
    ``storage`` (the object cannot be stored), ``notification`` (the bucket tells no one), ``target`` (it tells, but
    nothing arrives on the subject).
    """
    return asyncio.run(_round_trip(desk, deliveries))


async def _round_trip(desk: Desk, deliveries: int) -> Trip:
    settings = desk.settings()
    client = minio_client(settings)
    queue = await _connect(desk.nats_url)
    try:
        await _check_stream(queue)
        events = await queue.subscribe(jetstream.STORED)
        await queue.flush()
        key = f"{PREFIX}{uuid.uuid4()}"
        try:
            await asyncio.to_thread(client.put_object, settings.uploads_bucket, key, io.BytesIO(b"x"), 1)
            came = await _events(events, f"{settings.uploads_bucket}/{key}", deliveries)
            if len(came) < deliveries:
                raise await asyncio.to_thread(_explain, client, desk, settings.uploads_bucket, len(came), deliveries)
        except (MinioException, HTTPError) as exc:
            raise _storage_broken(exc) from exc
        finally:
            with suppress(MinioException, HTTPError):
                await asyncio.to_thread(client.remove_object, settings.uploads_bucket, key)
        return Trip(tuple(came))
    finally:
        await queue.close()


async def _connect(url: str) -> Client:
    async def quiet(_: Exception) -> None:
        """The connection's own reports; the exception that ends the attempt says the same."""

    try:
        return await nats.connect(
            url, name="round-trip", connect_timeout=3, max_reconnect_attempts=1, allow_reconnect=False, error_cb=quiet
        )
    except (OSError, nats.errors.Error) as exc:
        raise LinkBroken("queue", f"NATS does not let us in ({exc})", "Start NATS, or correct NATS_URL") from exc


async def _check_stream(queue: Client) -> None:
    try:
        info = await queue.jetstream(timeout=5).stream_info(jetstream.STREAM)
    except NotFoundError:
        raise LinkBroken("stream", f"JetStream has no stream {jetstream.STREAM}", REPAIR) from None
    except nats.errors.Error as exc:
        remedy = "Start NATS with JetStream (infra/nats/nats.conf)"
        raise LinkBroken("stream", f"JetStream does not answer ({exc!r})", remedy) from exc
    if jetstream.STORED not in (info.config.subjects or []):
        raise LinkBroken("stream", f"the stream does not take {jetstream.STORED}", REPAIR)


async def _events(subscription: Subscription, name: str, deliveries: int) -> list[float]:
    """Seconds until each event of the object, ``deliveries`` at most, within ``EVENT_WITHIN_S``."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    came: list[float] = []
    with suppress(TimeoutError, nats.errors.TimeoutError):
        async with asyncio.timeout(EVENT_WITHIN_S):
            while len(came) < deliveries:
                message = await subscription.next_msg(timeout=EVENT_WITHIN_S)
                if _names(message.data, name):
                    came.append(loop.time() - began)
    return came


def _names(data: bytes, name: str) -> bool:
    with suppress(ValueError, AttributeError):
        return bool(json.loads(data).get("Key") == name)
    return False


def _explain(client: Minio, desk: Desk, bucket: str, came: int, deliveries: int) -> LinkBroken:
    missing = arns_missing(client.get_bucket_notification(bucket), desk.notify_arns)
    if missing:
        return LinkBroken("notification", f"bucket {bucket} does not notify {', '.join(missing)}", REPAIR)
    reason = f"{came} of {deliveries} events of a new object arrived on {jetstream.STORED} in {EVENT_WITHIN_S:.0f} s"
    return LinkBroken("target", reason, "Correct storage's MINIO_NOTIFY_NATS_* (address, subject, user, password)")


def _storage_broken(exc: Exception) -> LinkBroken:
    code = getattr(exc, "code", None)
    if code == "NoSuchBucket":
        return LinkBroken("storage", "the bucket of uploads does not exist", REPAIR)
    remedy = "Start the storage, or correct S3_ENDPOINT_URL, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY"
    return LinkBroken("storage", f"no object can be stored ({code or type(exc).__name__})", remedy)
