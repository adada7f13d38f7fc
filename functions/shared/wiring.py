"""Composition root: builds what the functions use from the settings, each part when first asked for.

botocore's clients are imported only by who needs storage: ``status`` starts without them. PyJWT is imported only by
who has to check tokens.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from functions.shared.address import Address, GivenAddress
from functions.shared.database import Database
from functions.shared.repository import Transactions
from functions.shared.secret import SecretAddress
from functions.shared.settings import STORAGE_CONNECTIONS, SettingsError, settings

if TYPE_CHECKING:
    from functions.shared.queue import Queue
    from functions.shared.storage import Storage
    from functions.shared.tokens import Tokens
    from functions.shared.upkeep import Upkeep


@cache
def database_address() -> Address:
    arn = settings().database_secret_arn
    return SecretAddress(arn, settings().database_host) if arn else GivenAddress(settings().database_url or "")


@cache
def database() -> Database:
    return Database(database_address(), settings().database_pool_size)


@cache
def transactions() -> Transactions:
    return Transactions(database(), settings().lease_s)


@cache
def threads() -> ThreadPoolExecutor:
    """For blocking work of HTTP requests, as many as there are connections.

    A request then waits in this line, first come first served, and not in a thread for a connection.
    """
    return ThreadPoolExecutor(settings().database_pool_size, "requests")


@cache
def storage_threads() -> ThreadPoolExecutor:
    """For requests that ask the storage, which may take its time: as many as it has connections."""
    return ThreadPoolExecutor(STORAGE_CONNECTIONS, "storage requests")


@cache
def identity_threads() -> ThreadPoolExecutor:
    """For asking the identity provider: one request at a time, whose answer serves all that wait."""
    return ThreadPoolExecutor(1, "identity provider")


@cache
def estimate_threads() -> ThreadPoolExecutor:
    """For estimates: one works, and another one says that it does."""
    return ThreadPoolExecutor(2, "estimates")


@cache
def tokens() -> "Tokens":
    from functions.shared.tokens import Tokens

    return Tokens(settings().auth_issuer)


@cache
def upkeep() -> "Upkeep":
    from functions.shared.upkeep import Upkeep

    return Upkeep(database())


@cache
def storage() -> "Storage":
    from functions.shared.storage import Storage

    return Storage(settings())


@cache
def uploads_queue() -> "Queue":
    return _queue("UPLOADS_QUEUE_URL", settings().uploads_queue_url)


@cache
def dead_letter_queue() -> "Queue":
    return _queue("DEAD_LETTER_QUEUE_URL", settings().dead_letter_queue_url)


def _queue(name: str, url: str | None) -> "Queue":
    from functions.shared.queue import Queue

    if not url:
        raise SettingsError(f"{name} is not set: name the queue of SQS")
    return Queue(url, settings().s3_region)


def reset() -> None:
    """Forget everything built so far (tests that change the environment)."""
    for built in (
        settings, database_address, database, threads, storage_threads, identity_threads, estimate_threads, tokens,
        transactions, upkeep, storage, uploads_queue, dead_letter_queue,
    ):  # fmt: skip
        built.cache_clear()
