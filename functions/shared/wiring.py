"""Composition root: builds what the functions use from the settings, each part when first asked for.

boto3 is imported only by who needs storage: ``status`` starts without it.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from functions.shared.database import Database
from functions.shared.repository import Transactions
from functions.shared.settings import STORAGE_CONNECTIONS, settings
from functions.shared.upkeep import Upkeep

if TYPE_CHECKING:
    from functions.shared.storage import Storage


@cache
def database() -> Database:
    return Database(settings().database_url, settings().database_pool_size)


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
def upkeep() -> Upkeep:
    return Upkeep(database())


@cache
def storage() -> "Storage":
    from functions.shared.storage import Storage

    return Storage(settings())


def reset() -> None:
    """Forget everything built so far (tests that change the environment)."""
    for built in (settings, database, threads, storage_threads, transactions, upkeep, storage):
        built.cache_clear()
