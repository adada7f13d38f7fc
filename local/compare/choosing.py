"""Pure: which frames stand for the worst of a film, and the figures of all of them."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from functions.converter.pictures import open_tiny
from functions.converter.representative import CUT, CUT_FACTOR
from functions.converter.tinypictures import SIDE

APART_S = 1.0
BLOCK = 4096
"""Tiny pictures that are looked at at once."""


@dataclass(frozen=True)
class Figures:
    """Of all measured frames; ``low``: the 5th percentile, below which one frame of twenty is."""

    mean: float
    low: float
    worst: float
    worst_s: float
    frames: int


def figures(scores: Sequence[float], times: Sequence[float]) -> Figures:
    worst = min(range(len(scores)), key=scores.__getitem__)
    low = float(np.percentile(scores, 5))
    return Figures(float(np.mean(scores)), low, scores[worst], times[worst], len(scores))


def worst_frames(
    scores: Sequence[float], times: Sequence[float], scenes: Sequence[int], count: int, apart_s: float = APART_S
) -> list[int]:
    """Numbers of the worst ones, the worst first, at least ``apart_s`` from each other.

    Each of another scene as long as there is one; ``scenes`` tells that of each frame. Fewer than ``count`` of a film
    that is too short for them.
    """
    chosen: list[int] = []
    for may_repeat in (False, True):
        for number in sorted(range(len(scores)), key=lambda one: (scores[one], one)):
            if len(chosen) == count:
                return chosen
            is_apart = all(abs(times[number] - times[other]) >= apart_s for other in chosen)
            if is_apart and (may_repeat or scenes[number] not in {scenes[other] for other in chosen}):
                chosen.append(number)
    return chosen


def scenes_of(frames: Sequence[int], thumbs: Path) -> list[int]:
    """The number of the scene in which each of these frames is."""
    first_frames = cuts(thumbs)
    return [bisect_right(first_frames, frame) for frame in frames]


def cuts(thumbs: Path) -> list[int]:
    """The first frame of each scene but the first, by a file of tiny pictures."""
    luma = open_tiny(thumbs)[:, : SIDE * SIDE]
    changes = [
        np.abs(np.diff(luma[start : start + BLOCK + 1].astype(np.float32), axis=0)).mean(axis=1)
        for start in range(0, len(luma) - 1, BLOCK)
    ]
    change = np.concatenate(changes) if changes else np.zeros(0)
    usual = float(np.median(change)) if len(change) else 0.0
    return [int(at) + 1 for at in np.flatnonzero((change > CUT) & (change > CUT_FACTOR * usual))]
