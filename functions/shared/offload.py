"""Blocking work of HTTP requests, off the event loop and bounded in time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from functions.shared.errors import DatabaseUnavailable
from functions.shared.wiring import threads

ANSWER_WITHIN_S = 20.0

T = TypeVar("T")


async def in_thread(work: Callable[..., T], *args: object) -> T:
    """Run ``work(*args)``, which mostly waits for the database, in one of ``wiring.threads``.

    Raises ``DatabaseUnavailable`` after ``ANSWER_WITHIN_S``, however the database hangs.
    """
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await asyncio.get_running_loop().run_in_executor(threads(), work, *args)
    except TimeoutError as exc:
        raise DatabaseUnavailable(f"no answer within {ANSWER_WITHIN_S:g} s") from exc
