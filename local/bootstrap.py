"""Make the servers ready for the functions: schema, buckets, notifications, streams. Idempotent.

It ends with a real round trip, because one wrong setting of a notification target silently disables all of them.
"""

import asyncio
import time
from collections.abc import Callable

import nats.errors
import psycopg2
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from functions.migrate.migrate import migrate
from local import jetstream
from local.desk import Desk, DeskError
from local.objectstore import ensure_bucket, ensure_notifications, minio_client
from local.roundtrip import LinkBroken, round_trip

ANSWERS_WITHIN_S = 60.0


class BootstrapFailed(DeskError):
    """A server cannot be made ready; the message says which one and what to do."""


def bootstrap(desk: Desk) -> None:
    """Wait for the servers and bring them to what the functions need; raise ``BootstrapFailed``."""
    _database(desk)
    _queue(desk)
    _storage(desk)
    try:
        round_trip(desk)
    except LinkBroken as exc:
        raise BootstrapFailed(f"notification round trip: {exc}") from exc


def _database(desk: Desk) -> None:
    _until_answered(
        "PostgreSQL", "DATABASE_URL", lambda: psycopg2.connect(desk.database_url, connect_timeout=3).close()
    )
    migrate(desk.database_url)


def _queue(desk: Desk) -> None:
    _until_answered("NATS", "NATS_URL", lambda: asyncio.run(_ensure_streams(desk)))


async def _ensure_streams(desk: Desk) -> None:
    connection = await jetstream.connect_once(desk.nats_url, "bootstrap")
    try:
        await jetstream.ensure_streams(connection.jetstream(), desk.ack_wait_s)
    finally:
        await connection.close()


def _storage(desk: Desk) -> None:
    settings = desk.settings()
    client = minio_client(settings)
    _until_answered("the storage", "S3_ENDPOINT_URL", lambda: ensure_bucket(client, settings.uploads_bucket))
    ensure_bucket(client, settings.converted_bucket)
    try:
        ensure_notifications(client, settings.uploads_bucket, desk.notify_arns)
    except S3Error as exc:
        raise BootstrapFailed(
            f"the storage refuses to notify {', '.join(desk.notify_arns)} ({exc.message}): "
            "it needs these targets (MINIO_NOTIFY_NATS_*); NOTIFY_ARNS names others"
        ) from exc


def _until_answered(server: str, variable: str, attempt: Callable[[], None]) -> None:
    give_up = time.monotonic() + ANSWERS_WITHIN_S
    while True:
        try:
            return attempt()
        except (psycopg2.OperationalError, nats.errors.Error, MinioException, HTTPError, OSError) as exc:
            if _is_final(exc) or time.monotonic() > give_up:
                reason = " ".join(str(exc).split()) or type(exc).__name__
                raise BootstrapFailed(f"{server} does not let us in ({reason}): is {variable} right?") from exc
            time.sleep(0.2)


def _is_final(exc: Exception) -> bool:
    """Whether waiting is of no use: the server answers, and refuses us."""
    if isinstance(exc, S3Error):
        return exc.response.status in (401, 403)
    said = str(exc).lower()  # neither psycopg2 nor nats-py has a type for it
    return "authentication failed" in said or "authorization violation" in said
