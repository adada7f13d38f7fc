"""Stand-ins for encodes: threads that want a share of a worker and hold it until they are told to end."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from functions.converter.slots import EncodeSlots, Share
from functions.shared.errors import WorkerStopping
from tests.support.waiting import wait_until

SMALL, MIDDLE, LARGE = (320, 240), (1280, 720), (3840, 2160)
"""On eight processors they take one, two and eight."""


class Encode:
    """One of them. ``share`` is what it got."""

    def __init__(self, slots: EncodeSlots, size: tuple[int, int]) -> None:
        self.share: Share | None = None
        self._slots, self._size = slots, size
        self._told = threading.Event()
        self._cancelled = threading.Event()
        self._looks = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        wait_until(lambda: self.share or self._looks or not self._thread.is_alive(), "a share or a wait for one")

    def _run(self) -> None:
        try:
            with self._slots.one(self._watch, *self._size) as self.share:
                self._told.wait()
        except WorkerStopping:
            return

    def _watch(self, moved: bool) -> None:
        assert moved, "waiting is progress"
        self._looks += 1
        if self._cancelled.is_set():
            raise WorkerStopping

    def began(self) -> Share:
        """Wait until it has its share."""
        share = wait_until(lambda: self.share, "a share")
        assert share is not None
        return share

    def waits(self) -> bool:
        """Whether it still has no share after it has looked once more."""
        looks = self._looks
        wait_until(lambda: self.share or self._looks > looks + 1, "another look")
        return self.share is None

    def cancel(self) -> None:
        """End its wait."""
        self._cancelled.set()
        self._thread.join()

    def end(self) -> None:
        """It gives its share back."""
        self._told.set()
        self._thread.join()


class Crew:
    """Encodes of one worker; whichever is left at the end is ended."""

    def __init__(self, slots: EncodeSlots) -> None:
        self.slots = slots
        self._encodes: list[Encode] = []

    def ask(self, size: tuple[int, int]) -> Encode:
        """One more that wants a share; it has got one or waits."""
        encode = Encode(self.slots, size)
        self._encodes.append(encode)
        return encode

    def begin(self, size: tuple[int, int]) -> Encode:
        """One more, which gets a share at once."""
        encode = self.ask(size)
        assert encode.share is not None
        return encode

    def close(self) -> None:
        for encode in self._encodes:
            encode._told.set()
        for encode in self._encodes:
            encode.end()


@contextmanager
def crew(concurrency: int | None = None, processors: int = 8, memory_bytes: float = float("inf")) -> Iterator[Crew]:
    """A worker's encodes on a machine of so many processors."""
    made = Crew(EncodeSlots(concurrency, memory_bytes, processors))
    try:
        yield made
    finally:
        made.close()
