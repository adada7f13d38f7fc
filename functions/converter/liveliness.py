"""How much moves in each frame, from tiny pictures: what a film's own samples say of the frames that were not sampled.

VMAF rates frames in which more moves higher, at the same rate factor. Over the frames of real films the logarithm of
the movement and VMAF go together (correlation 0.7 in "Tears of Steel", 0.9 in car-detection, 0.5 to 0.8 in bikes), by
about 2.5 points for each e-fold of movement. So samples that are livelier than the film are known to be rated too high.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from functions.converter.samples import Window
from functions.converter.tinypictures import SIDE

STILL = 0.3
"""Levels of 255: what moves less does not show in tiny pictures."""

USUAL_GAIN = 2.5
USUAL_DEFICIT = 7.0
"""Points that an e-fold of movement gains; fewer where fewer than so many points are missing to 100."""

BLOCK = 1024
"""Tiny pictures that are looked at at once: one by one those of half a day took as long as a stage may stand still."""

TRUST = 2.0
"""Weight of the usual gain, in squared e-folds, beside what the samples themselves say."""


@dataclass(frozen=True)
class Liveliness:
    """Logarithm of the movement: mean over the film, and over each of its sampled windows."""

    film: float
    windows: tuple[float, ...]

    def of(self, numbers: Sequence[int]) -> "Liveliness":
        """The same of some of the windows."""
        return Liveliness(self.film, tuple(self.windows[number] for number in numbers))

    def film_mean(self, means: Sequence[float]) -> float:
        """The mean over the film of what has these means over the windows: a regression, shrunk to the usual gain."""
        count = len(means)
        usual = USUAL_GAIN * min(1.0, max(0.0, 100 - sum(means) / count) / USUAL_DEFICIT)
        mean, middle = sum(means) / count, sum(self.windows) / count
        moves = [one - middle for one in self.windows]
        together = sum(move * (one - mean) for move, one in zip(moves, means, strict=True))
        gain = (together + TRUST * usual) / (sum(move * move for move in moves) + TRUST)
        return min(100.0, mean + gain * (self.film - middle))


def liveliness(thumbs: Path, windows: Sequence[Window]) -> Liveliness | None:
    """From a file of tiny pictures of all frames; None if there are too few."""
    import numpy as np  # not what a cold start waits for

    from functions.converter.pictures import open_tiny

    luma = open_tiny(thumbs)[:, : SIDE * SIDE]
    if len(luma) < 2:
        return None
    parts = (luma[start : start + BLOCK + 1].astype(np.float32) for start in range(0, len(luma) - 1, BLOCK))
    steps = np.concatenate([np.abs(np.diff(part, axis=0)).mean(axis=1, dtype=np.float64) for part in parts])
    least = np.minimum(np.append(steps[:1], steps), np.append(steps, steps[-1:]))
    lively = np.log(least + STILL)
    means = tuple(float(lively[one.first : one.end].mean()) for one in windows if one.end <= len(luma))
    return Liveliness(float(lively.mean()), means) if len(means) == len(windows) else None
