"""Questions to the database and the storage that must not hang whoever asks: health checks and scrapes."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from functions.shared import logs
from functions.shared.errors import Bucket265Error, DatabaseUnavailable, StorageUnavailable
from functions.shared.settings import settings
from functions.shared.upkeep import Sample
from functions.shared.wiring import storage, upkeep

ANSWER_WITHIN_S = 3.0

T = TypeVar("T")


class Probe(Generic[T]):
    """Asks in a thread of its own, once at a time: who asks while an answer is out waits for that same answer.

    The threads are daemons, as a dead dependency may hold one for longer than the gateway lives.
    """

    def __init__(self, ask: Callable[[], T], unavailable: type[Bucket265Error]) -> None:
        self._ask = ask
        self._unavailable = unavailable
        self._pending: asyncio.Future[T] | None = None

    async def answer(self) -> T:
        """The answer; raises a ``Bucket265Error`` if there is none within ``ANSWER_WITHIN_S``."""
        if self._pending is None or self._pending.done():
            self._pending = asyncio.get_running_loop().create_future()
            self._pending.add_done_callback(_retrieve)
            threading.Thread(target=self._run, args=(self._pending,), daemon=True).start()
        done, _ = await asyncio.wait([self._pending], timeout=ANSWER_WITHIN_S)
        if not done:
            raise self._unavailable(f"no answer within {ANSWER_WITHIN_S:g} s")
        return self._pending.result()

    def _run(self, pending: asyncio.Future[T]) -> None:
        settle: Callable[[], None]
        try:
            settle = partial(pending.set_result, self._ask())
        except Bucket265Error as exc:
            settle = partial(pending.set_exception, exc)
        except Exception as exc:
            logs.event("probe.crashed", level=40, exc_info=True)
            settle = partial(pending.set_exception, self._unavailable(type(exc).__name__))
        with contextlib.suppress(RuntimeError):  # the gateway ended meanwhile
            pending.get_loop().call_soon_threadsafe(settle)


def _retrieve(pending: asyncio.Future[T]) -> None:
    """Let an error that came too late for anybody to hear pass in silence."""
    pending.exception()


def database_probe() -> Probe[object]:
    """The schema's version."""
    return Probe(lambda: upkeep().schema_version(), DatabaseUnavailable)


def storage_probe() -> Probe[object]:
    """A listing of nothing in the uploads bucket."""
    return Probe(lambda: storage().list_prefix(settings().uploads_bucket, "readyz/"), StorageUnavailable)


def counts_probe() -> Probe[tuple[dict[str, int] | None, list[Sample]]]:
    """How many rows have which status, and what the workers counted."""
    return Probe(lambda: (upkeep().count_by_status(), upkeep().metrics()), DatabaseUnavailable)
