"""How many encodes run at once, and when the next message is worth fetching.

An encode fills the processors; fetching, probing, verifying and publishing do not. So one clip's ends overlap with
another clip's encode: a worker takes the next message when a slot is free or the running encode is about to end, and
leaves it to other workers while the encode has long to go.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

NEARLY_DONE_S = 3.0
POLL_S = 0.25


class EncodeSlots:
    """``count`` encodes at once. Thread-safe."""

    def __init__(self, count: int = 1) -> None:
        self._free = count
        self._changed = threading.Condition()
        self._ends: dict[int, float] = {}
        self.entered = 0
        """Encodes begun so far: tells a worker that the message it fetched last has passed its slot."""

    @contextmanager
    def one(self, watch: Callable[[bool], None]) -> Iterator[None]:
        """Hold a slot; waiting for it counts as progress, for whoever holds it is watched by its own clock."""
        with self._changed:
            while not self._free:
                self._changed.wait(POLL_S)
                watch(True)
            self._free -= 1
            self.entered += 1
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._ends.pop(threading.get_ident(), None)
                self._changed.notify_all()

    def expect_end(self, eta_s: float) -> None:
        """The encode that the calling thread runs ends in about ``eta_s``."""
        with self._changed:
            self._ends[threading.get_ident()] = time.monotonic() + eta_s

    def worth_fetching(self) -> bool:
        """Whether a message fetched now would find a slot about when it needs one."""
        with self._changed:
            return self._free > 0 or any(end - time.monotonic() < NEARLY_DONE_S for end in self._ends.values())
