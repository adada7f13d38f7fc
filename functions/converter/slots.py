"""How the encodes of one worker share its processors and its memory, and when the next message is worth fetching.

An encode of a large picture fills the processors; small ones, and fetching, probing, verifying and publishing, do not.
So small films are encoded side by side, and one film's ends overlap with another one's encode: a worker takes the next
message when an encode could begin or one is about to end, and leaves it to other workers while there is long to go.

Whoever comes first begins first, large or small: nobody overtakes a picture that waits for its share.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from functions.converter import process
from functions.converter.threads import Threads, frame_threads, most_threads, processors_available, threads_for

NEARLY_DONE_S = 3.0
POLL_S = 0.25


@dataclass(frozen=True)
class Share:
    """What one encode may use; memory is address space."""

    threads: Threads
    memory_bytes: int


@dataclass(eq=False)
class _Held:
    """What is taken from others as long as an encode runs. ``ends_at``: of the monotonic clock."""

    processors: int
    share: Share
    thread: int = field(default_factory=threading.get_ident)
    ends_at: float = math.inf


class EncodeSlots:
    """Shares for as many encodes as fit. Thread-safe.

    ``concurrency``: so many side by side, and the processors split among them; None: as many as keep the processors
    busy. All shares together stay within ``memory_bytes``.
    """

    def __init__(
        self, concurrency: int | None = 1, memory_bytes: float = math.inf, processors: int | None = None
    ) -> None:
        self._concurrency = concurrency
        self._memory_bytes = memory_bytes
        self._processors = processors or processors_available()
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._held: list[_Held] = []
        self.at_most = concurrency or self._processors
        """Encodes that may run side by side."""
        self.entered = 0
        """Encodes begun so far: tells a worker that the message it fetched last has its share."""

    @contextmanager
    def one(self, watch: Callable[[bool], None], width: int, height: int) -> Iterator[Share]:
        """Hold a share for a picture of this size; a thread that holds one already works on with it.

        Waiting for it counts as progress, for whoever holds it is watched by its own clock. What ``watch`` raises ends
        the wait.
        """
        if held := self._mine():
            try:
                yield held.share
            finally:
                held.ends_at = math.inf  # what it does next may take long
            return
        held = self._wait(watch, width, height)
        try:
            yield held.share
        finally:
            with self._changed:
                self._held.remove(held)
                self._changed.notify_all()

    def expect_end(self, eta_s: float) -> None:
        """The encode that the calling thread runs ends in about ``eta_s``."""
        with self._changed:
            if held := self._mine():
                held.ends_at = time.monotonic() + eta_s

    def worth_fetching(self) -> bool:
        """Whether a message fetched now would find a share about when it needs one."""
        with self._changed:
            soon = time.monotonic() + NEARLY_DONE_S
            ending = [held for held in self._held if held.ends_at < soon]
            room = self._free_bytes() + sum(held.share.memory_bytes for held in ending)
            fits = not self._held or room >= process.picture_memory_bytes(0, 0, 1)
            return fits and not self._waiting and (self._free() > 0 or bool(ending))

    def part(self, width: int, height: int) -> int:
        """Processors that a picture of this size takes from others, and the fewest threads that it gets."""
        if self._concurrency is None:
            return threads_for(width, height, self._processors)
        return -(-self._processors // self._concurrency)

    def _mine(self) -> _Held | None:
        with self._changed:
            return next((held for held in self._held if held.thread == threading.get_ident()), None)

    def _wait(self, watch: Callable[[bool], None], width: int, height: int) -> _Held:
        me = object()
        with self._changed:
            self._waiting.append(me)
            try:
                while self._waiting[0] is not me or (share := self._share(width, height)) is None:
                    self._changed.wait(POLL_S)
                    watch(True)
                held = _Held(self.part(width, height), share)
                self._held.append(held)
                self.entered += 1
                return held
            finally:
                self._waiting.remove(me)
                self._changed.notify_all()

    def _share(self, width: int, height: int) -> Share | None:
        """What a picture gets that begins now; None if it must wait.

        It begins as soon as a processor is free, even where it needs more: the others end, and it may have far to go.
        Where nobody else waits it uses all that are free.
        """
        if self._free() <= 0:
            return None
        part = self.part(width, height)
        rows = part > 1
        frames = frame_threads(width, height, self._processors, rows=rows)
        needed = int(min(process.picture_memory_bytes(width, height, part), self._memory_bytes))
        room = self._free_bytes() - needed
        if room < 0:
            return None
        alone = self._concurrency is None and len(self._waiting) == 1
        usable = most_threads(height, frames, self._free()) if alone else part
        covered, each = max(part, process.COVERED_THREADS), process.thread_memory_bytes(width, height)
        threads = int(max(part, min(usable, covered + room // each)))
        return Share(Threads(threads, frames, rows), needed + max(0, threads - covered) * each)

    def _free(self) -> int:
        """Processors that nobody holds, or with a fixed number of encodes those that do not run; less than none where
        a large picture has begun beside small ones."""
        if self._concurrency is None:
            return self._processors - sum(held.processors for held in self._held)
        return self._concurrency - len(self._held)

    def _free_bytes(self) -> float:
        return self._memory_bytes - sum(held.share.memory_bytes for held in self._held)
