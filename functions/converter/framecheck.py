"""Every frame of a result beside its source frame, as tiny pictures: the judge of the picture itself.

A tiny picture of 32 by 32 averages away what a lossy encoder changes (detail, noise) and keeps what damage changes:
a green or black frame, another frame than the right one, another range or brightness.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from functions.converter.tinypictures import FRAME_BYTES, SIDE, FrameFigures

BLOCK = 256
NEAR = 3
"""A frame that is in the wrong place is looked for so many places around its own."""

DIFFERENT_RMS = 16.0
"""Levels of 255 by which a frame may differ as a whole. Real encodes stay below 5, a shifted range makes 14 to 20, a
green frame 60."""

ELSEWHERE_RMS = 2.0
"""A frame nearer to its place than this is in its place, whatever its neighbours look like."""

ELSEWHERE_FACTOR = 4.0
"""So many times nearer, in squared error, a frame must be to another place to be found there."""

FLAT_VARIANCE = 25.0
LIKE = 0.25
"""Share of the luma's variance that two films of the same picture have in common, whatever noise an encoder removed."""

GAIN_TOLERANCE = 0.07
"""How far the contrast of a whole film may be off. A range taken for the other one changes it by 14 or 16 %."""

OFFSET_TOLERANCE = 6.0
"""Levels by which the brightness of a whole film may be off; black of one range in the other is off by 16."""

Thumbs = npt.NDArray[np.float32]


def compare_frames(source: Path, result: Path, allowed: float = 0.0) -> FrameFigures:
    """Compare two files of tiny pictures, frame by frame, in constant memory; ``allowed``: see ``allowance``."""
    wanted, got = _open(source), _open(result)
    count = min(len(wanted), len(got))
    tally = _Luma()
    faults: list[str] = []
    total, worst, worst_frame = 0.0, 0.0, 0
    for start, ours, theirs in _blocks(got, wanted, count):
        errors = _squared_error(ours, theirs[NEAR : NEAR + len(ours)])
        tally.add(ours, theirs[NEAR : NEAR + len(ours)])
        total += float(np.sqrt(errors).sum())
        at = int(errors.argmax())
        if (rms := float(np.sqrt(errors[at]))) >= worst:
            worst, worst_frame = rms, start + at
        if not faults:
            faults = _first_fault(start, ours, theirs, errors, allowed)
    gain, offset, vague = tally.line()
    if len(wanted) != len(got):
        faults.append(f"{len(got)} frames instead of {len(wanted)}")
    faults += _range_faults(gain, offset, vague, coarse=allowed > 0)
    mean = total / count if count else 0.0
    figures = (round(mean, 3), round(worst, 3), worst_frame, round(gain, 4), round(offset, 3))
    return FrameFigures(len(got), *figures, tuple(faults))


def _open(path: Path) -> npt.NDArray[np.uint8]:
    frames = path.stat().st_size // FRAME_BYTES
    if not frames:
        return np.zeros((0, FRAME_BYTES), np.uint8)
    return np.memmap(path, np.uint8, "r", shape=(frames, FRAME_BYTES))


def _blocks(
    got: npt.NDArray[np.uint8], wanted: npt.NDArray[np.uint8], count: int
) -> Iterator[tuple[int, Thumbs, Thumbs]]:
    """Blocks of frames; those of the source have ``NEAR`` more at both ends, repeated where the film ends."""
    for start in range(0, count, BLOCK):
        end = min(count, start + BLOCK)
        around = np.clip(np.arange(start - NEAR, end + NEAR), 0, len(wanted) - 1)
        yield start, got[start:end].astype(np.float32), wanted[around].astype(np.float32)


def _squared_error(ours: Thumbs, theirs: Thumbs) -> Thumbs:
    """Mean squared difference of each frame."""
    error: Thumbs = np.square(ours - theirs).mean(axis=1)
    return error


def _first_fault(start: int, ours: Thumbs, theirs: Thumbs, errors: Thumbs, allowed: float) -> list[str]:
    # Nearest first: past its ends the film is repeated, under numbers that no frame has.
    places = sorted((place for place in range(-NEAR, NEAR + 1) if place), key=abs)
    elsewhere = np.stack([_squared_error(ours, theirs[NEAR + p : NEAR + p + len(ours)]) for p in places])
    nearest = elsewhere.min(axis=0)
    misplaced = (errors > (ELSEWHERE_RMS + allowed) ** 2) & (errors > ELSEWHERE_FACTOR * nearest + 1)
    different = errors > (DIFFERENT_RMS + allowed) ** 2
    bad = np.flatnonzero(misplaced | different)
    if not len(bad):
        return []
    at = int(bad[0])
    rms = float(np.sqrt(errors[at]))
    if misplaced[at]:
        place = places[int(elsewhere[:, at].argmin())]
        return [f"frame {start + at} shows frame {start + at + place} of the source (differs by {rms:.1f} levels)"]
    return [f"frame {start + at} differs from its source frame by {rms:.1f} levels of 255"]


class _Luma:
    """Sums for the line that maps the source's luma to the result's."""

    def __init__(self) -> None:
        self._count = 0
        self._sums = np.zeros(5)

    def add(self, ours: Thumbs, theirs: Thumbs) -> None:
        y = ours[:, : SIDE * SIDE].astype(np.float64)
        x = theirs[:, : SIDE * SIDE].astype(np.float64)
        self._count += x.size
        self._sums += (x.sum(), y.sum(), (x * x).sum(), (x * y).sum(), (y * y).sum())

    def line(self) -> tuple[float, float, float]:
        """Gain, offset at the film's mean brightness, and how far the gain may be off.

        An encoder removes noise, which makes the line of least squares flatter than what became of the picture. The
        gain lies between it and the one that maps the result back (errors in variables): of these, the nearest to 1.
        """
        if not self._count:
            return 1.0, 0.0, 0.0
        x, y, xx, xy, yy = self._sums / self._count
        variance, left, common = xx - x * x, yy - y * y, xy - x * y
        if variance <= FLAT_VARIANCE:
            return 1.0, float(y - x), 0.0
        flat, alike = common / variance, common * common / (variance * left) if left else 0.0
        if alike <= LIKE:
            return float(flat), float(y - x), 0.0
        return float(min(max(1.0, flat), flat / alike)), float(y - x), float(1 - alike)


def _range_faults(gain: float, offset: float, vague: float, *, coarse: bool) -> list[str]:
    """A coarse encode leaves out contrast, as that of noise, but adds none."""
    faint = gain < 1 - GAIN_TOLERANCE - vague and not coarse
    if not faint and gain <= 1 + GAIN_TOLERANCE + vague and abs(offset) <= OFFSET_TOLERANCE:
        return []
    return [f"the range is shifted: contrast {gain:.3f} and brightness {offset:+.1f} levels of the source's"]
