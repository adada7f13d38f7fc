"""How long an attempt may take, and whether its encode will be in time."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from functions.shared.errors import PipelineError, TimeBudgetExceeded, TooLongForThisWorker, WorkerStopping

RESERVE_S = 15.0
RESERVE_SHARE = 0.1
"""Of the caller's time, the smaller one is kept for a clean end: a killed encoder is gone in milliseconds and a scratch
folder in a second, but the row is written over a connection that may have to be made anew, and storage may just be
slow to answer."""

ANSWER_S = 1.0
"""Of that reserve, for the answer to the caller."""

UNSHARED = 0.9
"""An object that gets less than this of its call's time had others before it."""

AFTER_SHARE = 0.05
"""What follows an encode takes a tenth of it with fast presets, and less with slow ones. Only half is foreseen: a false
alarm is worse than one that comes in verify."""

MEASURED_SHARE = 0.05
"""No speed is believed before it was measured for this share of the time."""

RECENT_SHARE = MEASURED_SHARE / 3
"""The latest speed counts where it is higher than that of the whole encode: a slow start may be a neighbour's doing."""

DOUBT = 2.0
"""At the beginning an encode must look three times too slow, at the deadline itself not at all."""


@dataclass(frozen=True)
class Deadline:
    """``at``: when the attempt must have ended, ``end_at``: when its caller is gone; of the monotonic clock.

    ``too_late`` is what it ends with then.
    """

    at: float
    whole_s: float
    too_late: type[PipelineError] = TimeBudgetExceeded
    end_at: float = math.inf

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds, seconds)

    @classmethod
    def of_call(cls, left_s: float, budget_s: float, call_s: float) -> "Deadline":
        """Of an object that is begun ``left_s`` before the end of a call that had ``call_s``.

        Where our own budget ends sooner it decides. An object that shares its call with others is given back when
        there is no time left: alone it may make it.
        """
        usable_s = left_s - min(RESERVE_S, RESERVE_SHARE * left_s)
        if budget_s <= usable_s:
            return cls.after(budget_s)
        too_late = TooLongForThisWorker if left_s >= UNSHARED * call_s else WorkerStopping
        now = time.monotonic()
        return cls(now + usable_s, usable_s, too_late, now + left_s)

    def left_s(self) -> float:
        return self.at - time.monotonic()

    def patience_s(self) -> float:
        """How long a last word may take."""
        return max(0.0, self.end_at - time.monotonic() - ANSWER_S)

    def cpu_s(self, threads: int) -> int:
        """CPU seconds that so many threads can use until then."""
        return int(max(1.0, self.left_s()) * threads) + 1


class Forecast:
    """Follows one encode of ``frames`` frames and ends it as soon as it cannot be in time."""

    def __init__(self, deadline: Deadline, frames: int, now: Callable[[], float] = time.monotonic) -> None:
        self._deadline = deadline
        self._frames = frames
        self._now = now
        self._first: tuple[float, int] | None = None
        self._recent: deque[tuple[float, int]] = deque()

    def heed(self, frames: int) -> None:
        """So many frames are encoded. Raises the deadline's error if the film cannot be ready by then."""
        now, whole_s = self._now(), self._deadline.whole_s
        self._first = self._first or (now, frames)
        self._recent.append((now, frames))
        while self._recent[0][0] < now - RECENT_SHARE * whole_s:
            self._recent.popleft()
        begun = self._first[0]
        fps = max(speed(self._first, (now, frames)), speed(self._recent[0], (now, frames)))
        if now - begun < MEASURED_SHARE * whole_s or not fps:
            return
        more_s, left_s = needed_s(self._frames - frames, fps, now - begun), self._deadline.at - now
        if is_hopeless(more_s, left_s, whole_s):
            raise self._deadline.too_late(f"{more_s:.0f} s more are needed, {max(0.0, left_s):.0f} s are left")


def speed(since: tuple[float, int], now: tuple[float, int]) -> float:
    """Frames a second between two moments."""
    seconds = now[0] - since[0]
    return (now[1] - since[1]) / seconds if seconds > 0 else 0.0


def needed_s(frames_left: int, fps: float, encoded_s: float) -> float:
    """Seconds until the result is published, at that speed."""
    rest_s = max(0, frames_left) / fps
    return rest_s + AFTER_SHARE * (encoded_s + rest_s)


def is_hopeless(more_s: float, left_s: float, whole_s: float) -> bool:
    """Whether work of ``more_s`` seconds has no place in the ``left_s`` of ``whole_s`` that are left."""
    return more_s > left_s * (1 + DOUBT * max(0.0, left_s) / whole_s)
