"""Blocking work of HTTP requests, off the event loop and bounded in time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from functions.shared.errors import (
    Bucket265Error,
    DatabaseUnavailable,
    IdentityProviderUnavailable,
    StorageUnavailable,
)
from functions.shared.wiring import estimate_threads, identity_threads, storage_threads, threads

ANSWER_WITHIN_S = 20.0

T = TypeVar("T")


async def in_thread(work: Callable[..., T], *args: object) -> T:
    """Run ``work(*args)``, which mostly waits for the database, in one of ``wiring.threads``.

    Raises ``DatabaseUnavailable`` after ``ANSWER_WITHIN_S``, however the database hangs.
    """
    return await _bounded(threads(), partial(work, *args), DatabaseUnavailable)


async def in_storage_thread(work: Callable[..., T], *args: object) -> T:
    """The same for work that asks the storage: a storage that hangs takes no thread from ``in_thread``.

    Raises ``StorageUnavailable`` after ``ANSWER_WITHIN_S``.
    """
    return await _bounded(storage_threads(), partial(work, *args), StorageUnavailable)


async def in_identity_thread(work: Callable[..., T], *args: object) -> T:
    """The same for work that asks the identity provider; raises ``IdentityProviderUnavailable``."""
    return await _bounded(identity_threads(), partial(work, *args), IdentityProviderUnavailable)


async def in_estimate_thread(work: Callable[..., T], *args: object) -> T:
    """The same for an estimate, which ends by itself in time."""
    return await asyncio.get_running_loop().run_in_executor(estimate_threads(), partial(work, *args))


async def _bounded(pool: Executor, work: Callable[[], T], unavailable: type[Bucket265Error]) -> T:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await asyncio.get_running_loop().run_in_executor(pool, work)
    except TimeoutError as exc:
        raise unavailable(f"no answer within {ANSWER_WITHIN_S:g} s") from exc
