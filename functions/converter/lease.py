"""An attempt's hold on its row, kept by progress and not by being alive.

A keeper thread writes the newest progress at most once a second and renews the lease while the progress clock runs.
When the clock stops for ``stall_s`` the lease is no longer renewed and the next ``check`` ends the stage. Stages call
``beat`` for each piece of real progress and ``check`` wherever they wait.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from functions.converter.deadline import Deadline
from functions.shared import logs, metrics
from functions.shared.errors import (
    Bucket265Error,
    StageStalled,
    StaleAttempt,
    WorkerStopping,
)
from functions.shared.settings import Settings
from functions.shared.transactions import Claim, Progress, Source

WRITE_EVERY_S = 1.0
NO_TRANSACTION = UUID(int=0)


@dataclass
class Clock:
    """When something last moved; shared with whoever keeps the message alive in the queue."""

    last_beat: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        self.last_beat = time.monotonic()

    def idle_s(self) -> float:
        return time.monotonic() - self.last_beat


class Lease:
    """One attempt's lease. ``renew`` writes progress and extends it; it returns False when the attempt is stale."""

    def __init__(
        self,
        claim: Claim,
        renew: Callable[[Claim, Progress], bool],
        clock: Clock,
        deadline: Deadline,
        stopping: threading.Event,
        lease_s: float,
        stall_s: float,
    ) -> None:
        self.claim = claim
        self.clock = clock
        self.deadline = deadline
        self.stage_s: dict[str, float] = {}
        """Seconds of each stage that has ended, however often it was run."""
        self._began = time.monotonic()
        self._renew = renew
        self._stopping = stopping
        self._renew_after_s = lease_s / 3
        self._stall_s = stall_s
        self._progress = Progress("fetch", 0.0)
        self._changed = threading.Event()
        self._done = threading.Event()
        self._stale = False

    def age_s(self) -> float:
        """Seconds since the claim."""
        return time.monotonic() - self._began

    def beat(self) -> None:
        """Something moved."""
        self.clock.beat()

    def show(self, progress: Progress) -> None:
        """Something moved, and this is how far it is."""
        self._progress = progress
        self.clock.beat()
        self._changed.set()

    @property
    def progress(self) -> Progress:
        return self._progress

    def check(self) -> None:
        """Raise if the attempt must not go on: stale, stalled, out of time, or the worker stops."""
        if self._stale:
            raise StaleAttempt
        if self._stopping.is_set():
            raise WorkerStopping
        if self.clock.idle_s() > self._stall_s:
            raise StageStalled(f"stage {self._progress.stage}, {self._stall_s:.0f} s without progress")
        if self.deadline.left_s() < 0:
            raise self.deadline.too_late(f"stage {self._progress.stage} at {self._progress.percent:.0f} %")

    def watch(self, moved: bool) -> None:
        """What a wait for a child does: count its movement as progress, and raise when the attempt must end."""
        if moved:
            self.beat()
        self.check()

    @contextmanager
    def kept(self) -> Iterator["Lease"]:
        """Keep the lease while the block runs."""
        keeper = threading.Thread(target=self._keep, name=f"lease-{self.claim.transaction_id}", daemon=True)
        self.clock.beat()
        keeper.start()
        try:
            yield self
        finally:
            self._done.set()
            self._changed.set()
            keeper.join()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Run a stage: shown in the row, timed in the log."""
        self.check()
        self.show(Progress(name, self._progress.percent))
        started = time.perf_counter()
        yield
        seconds = time.perf_counter() - started
        self.stage_s[name] = self.stage_s.get(name, 0.0) + seconds
        metrics.STAGE_SECONDS.add(seconds, name)
        transaction_id, attempt = self.claim.transaction_id, self.claim.attempt
        logs.event("stage.done", transaction_id=transaction_id, attempt=attempt, stage=name, ms=seconds * 1000)

    def _keep(self) -> None:
        renewed = time.monotonic()
        while not self._done.wait(WRITE_EVERY_S):
            due = time.monotonic() - renewed > self._renew_after_s
            if self.clock.idle_s() > self._stall_s or not (due or self._changed.is_set()):
                continue
            self._changed.clear()
            try:
                self._stale = not self._renew(self.claim, self._progress)
            except Bucket265Error as exc:  # the row can wait, an encode is too dear to end for it
                logs.event("progress.not_written", transaction_id=self.claim.transaction_id, code=exc.code)
                continue
            renewed = time.monotonic()
            if self._stale:
                return


def uncontested(
    settings: Settings,
    transaction_id: UUID = NO_TRANSACTION,
    shown: Callable[[Progress], None] = lambda _progress: None,
) -> Lease:
    """A lease without a row, for files that nobody else wants. While it is kept, ``shown`` gets its progress."""

    def renew(_claim: Claim, progress: Progress) -> bool:
        shown(progress)
        return True

    claim = Claim(transaction_id, 1, 0, Source("", "", 0, ""), "", {})
    deadline = Deadline.after(settings.conversion_budget_s)
    return Lease(claim, renew, Clock(), deadline, threading.Event(), settings.lease_s, settings.stall_s)
