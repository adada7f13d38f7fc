"""Pure: which frames stand for a film while its rate factor is searched, and which ones prove the result afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

WHOLE_FRAMES = 32
"""A film of at most so many frames is its own sample."""

WINDOW_FRAMES = 12
"""Measured frames of a window. Films are made of scenes: of as many frames, many short windows tell more than few long
ones; but in windows of 6 an encoder that looks 20 frames ahead makes films of 5 s look 2 points worse than they get."""

SHORT_S = 60.0
SHORT_SHARE, LONG_SHARE = 0.6, 0.13
"""Of the encode's CPU time, what the search may take: of films up to ``SHORT_S``, and of longer ones."""

MEASURING = {
    "ultrafast": 0.9, "superfast": 0.75, "veryfast": 0.5, "faster": 0.5, "fast": 0.4, "medium": 0.3, "slow": 0.15,
}  # fmt: skip
SLOWER_MEASURING = 0.05
"""CPU time of measuring a frame over that of encoding it, by x265's preset: 5 and 20 ms a frame of 640x272 and 1280x720
beside 6 and 22 (ultrafast) or 11 and 40 (veryfast)."""

SAMPLED_ENCODING = 1.25
"""CPU time of encoding a sampled frame, where one of the whole film takes 1: each window begins with a keyframe."""

READING = 0.055
"""Of the time of measuring, what decoding each frame and shrinking it to a tiny picture takes."""

MOST_WINDOWS = 40
FIRST_SHARE = 0.45
"""Of the windows, those that are looked at first. They count as well, but the others are encoded nearer to the
target."""

GATE_FRAMES = 4
"""Measured frames of a window of the gate: its frames come from the finished film, so it needs no longer ones, and more
of them tell more. As twelve windows of four, 48 frames tell the mean of "Tears of Steel" to 0.9 points (one standard
error), as four of twelve to 1.4. See ``EDGES_GAIN``."""

SHORT_GATE_SHARE, LONG_GATE_SHARE = 0.15, 0.02
LEAST_GATE, MOST_GATE = 9, 36
"""Frames that the gate measures, of all, which takes no more than measuring, for they are decoded anyway; and in how
many windows."""

MOST_BYTES = 512 * 1024**2
"""What windows without compression may take on the disk: 40 frames of 4K."""

GOLDEN = 0.618034
"""Multiples of it, less whole numbers, are spread evenly and repeat with no period that a film may have."""


@dataclass(frozen=True)
class Window:
    """``frames`` frames of what the encoder is given, from number ``first`` on."""

    first: int
    frames: int

    @property
    def end(self) -> int:
        return self.first + self.frames


@dataclass(frozen=True)
class Sampling:
    """``windows`` of equal length in their order; ``first``: which of them are looked at before the others.

    Of their frames every ``every``-th one is measured.
    """

    windows: tuple[Window, ...]
    first: tuple[int, ...]
    every: int = 1

    @property
    def others(self) -> tuple[int, ...]:
        """Which windows are looked at after the first ones; the first ones again where there is only one."""
        return tuple(number for number in range(len(self.windows)) if number not in self.first) or self.first

    @cached_property
    def length(self) -> int:
        return self.windows[0].frames


def selection(windows: Iterable[Window]) -> str:
    """ffmpeg's filter that lets these frames through."""
    return "select=" + "+".join(f"between(n\\,{one.first}\\,{one.end - 1})" for one in windows)


def sampling(frames: int, duration_s: float, preset: str, frame_bytes: int, every: int = 1) -> Sampling:
    """The windows for a film of ``frames`` frames, as many as its search may afford."""
    length = _window_frames(frames, frame_bytes, WINDOW_FRAMES * every)
    affordable = _affordable_frames(frames, duration_s, preset) // length
    most = min(MOST_WINDOWS, max(1, frames // (2 * length)), max(1, MOST_BYTES // (frame_bytes * length)))
    count = max(1, min(most, affordable))
    at_first = max(1, round(FIRST_SHARE * count))
    first = tuple(int((number + 0.5) * count / at_first) for number in range(at_first))
    return Sampling(spread(frames, count, length), first, every)


def gate_windows(
    frames: int, duration_s: float, frame_bytes: int, every: int, searched: Sequence[Window]
) -> tuple[Window, ...]:
    """Windows of the finished film, where they can be other ones than the search has seen."""
    length = _window_frames(frames, frame_bytes, GATE_FRAMES * every)
    share = SHORT_GATE_SHARE if duration_s <= SHORT_S else LONG_GATE_SHARE
    count = min(MOST_GATE, max(LEAST_GATE, round(share * frames / length)))
    count = max(1, min(count, frames // length, MOST_BYTES // (frame_bytes * length)))
    return tuple(
        min(_within(frames, count, number, length), key=lambda one: _overlap(one, searched)) for number in range(count)
    )


def whole_film(frames: int, frame_bytes: int) -> Window:
    """All of a short film, or as much of its begin as may be kept."""
    return Window(0, max(1, min(frames, MOST_BYTES // frame_bytes)))


def spread(frames: int, count: int, length: int) -> tuple[Window, ...]:
    """One window in each of ``count`` equal parts of the film, each at another place of its part."""
    part = frames / count
    room = max(0.0, part - length)
    places = (number * part + (number + 0.5) * GOLDEN % 1 * room for number in range(count))
    return tuple(Window(min(frames - length, int(place)), length) for place in places)


def measuring_cost(preset: str) -> float:
    """CPU time of measuring a frame, where encoding it takes 1."""
    return MEASURING.get(preset, SLOWER_MEASURING)


def _window_frames(frames: int, frame_bytes: int, usual: int) -> int:
    """Of one window: fewer than usual where so many of these pictures are more than may be kept."""
    return max(1, min(frames, usual, MOST_BYTES // frame_bytes))


def _affordable_frames(frames: int, duration_s: float, preset: str) -> int:
    """That may be encoded and measured, after all of the film has been read."""
    measuring = measuring_cost(preset)
    share = SHORT_SHARE if duration_s <= SHORT_S else LONG_SHARE
    return int(frames * (share - READING * measuring) / (SAMPLED_ENCODING + measuring))


def _within(frames: int, count: int, number: int, length: int) -> list[Window]:
    """Windows at several places of one part of the film."""
    start, end = frames * number // count, frames * (number + 1) // count - length
    middle = max(0, (start + end) // 2)
    steps = range(max(1, (end - start) // length + 1))
    return [Window(middle, length), *(Window(min(frames - length, start + step * length), length) for step in steps)]


def _overlap(window: Window, others: Sequence[Window]) -> int:
    return sum(max(0, min(window.end, one.end) - max(window.first, one.first)) for one in others)
