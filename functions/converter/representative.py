"""Pure: which frames stand for a film, judged by tiny pictures of it (``framecheck``: 32 by 32 pixels, 4:2:0).

Black, white, a fade and a flat title card tell nothing of a film; contrast, detail and colour do, and a frame that
looks as most of the film does.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from functions.converter.tinypictures import SIDE

CANDIDATES = 500
"""Frames that are looked at, evenly spread: a whole day's film costs no more than some minutes of it."""

STRETCHES, LOOKED_AT = 60, 12
"""Stretches that are looked at, and about how many frames of each."""

DARK, BRIGHT, SLOPE = 25.0, 235.0, 45.0
"""Mean levels of luma at which a frame is worthless, and over how many it becomes worth everything."""

ENOUGH_CONTRAST, ENOUGH_DETAIL, ENOUGH_COLOUR = 50.0, 14.0, 16.0
"""Levels beyond which more is no better: deviation of luma, difference between neighbours, deviation of chroma."""

FADING = 24.0
"""Levels by which brightness or contrast changes around a frame that is certainly in a fade."""

FLAT_SHARE, ONE_LEVEL_SHARE = 0.5, 0.9
"""Share of a picture in one sixteenth of all levels: from the first on it is rather flat, at the second a card."""

LATE = 0.85
"""Worth of the last frame beside one of the first third, which does not tell how the film ends."""

CUT, LIVELY = 30.0, 6.0
"""Mean difference of successive frames: a cut to another scene, and motion enough."""

CUT_FACTOR = 3.0
"""A cut changes so many times more than what moves around it."""

BINS = 16

Thumbs = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Looks:
    """Of each frame: how good a picture it is by itself, how far it is from black and from white, and its histogram of
    luma."""

    worth: Floats
    exposure: Floats
    histogram: Floats


def best_frame(thumbs: Thumbs, gap: int = 0) -> int:
    """The frame for a poster. A fade shows in the frames that are ``gap`` before and after; 0: they tell nothing."""
    count = len(thumbs)
    at = _spread(count, CANDIDATES)
    looks = _looks(thumbs[at])
    common = np.median(looks.histogram, axis=0)
    common /= max(float(common.sum()), 1e-6)
    usual = 1 - np.abs(looks.histogram - common).sum(axis=1) / 2
    worth = (looks.worth + usual) * (0.05 + 0.95 * looks.exposure)
    if gap:
        before, after = (_luma(thumbs[np.clip(at + step, 0, count - 1)]) for step in (-gap, gap))
        brightness = np.abs(after.mean(axis=1) - before.mean(axis=1))
        contrast = np.abs(after.std(axis=1) - before.std(axis=1))
        worth *= 1 - 0.7 * np.minimum(1, np.maximum(brightness, contrast) / FADING)
    place = at / max(1, count - 1)
    worth *= 1 - (1 - LATE) * np.clip((place - 1 / 3) * 1.5, 0, 1)
    return int(at[int(worth.argmax())])


def best_stretch(thumbs: Thumbs, offsets: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """The frames, ``offsets`` after the first of them, of the stretch that shows most: lively, and black nowhere."""
    starts = _spread(max(1, len(thumbs) - int(offsets[-1])), STRETCHES)
    at = starts[:, None] + offsets[:: max(1, len(offsets) // LOOKED_AT)]
    pictures = thumbs[at.ravel()]
    looks = _looks(pictures)
    worth = looks.worth.reshape(at.shape).mean(axis=1) * (0.05 + 0.95 * looks.exposure.reshape(at.shape).min(axis=1))
    if at.shape[1] > 1:
        luma = _luma(pictures).reshape(*at.shape, -1)
        change = np.abs(np.diff(luma, axis=1)).mean(axis=2)
        motion = np.minimum(change, LIVELY).mean(axis=1) / LIVELY
        cuts = (change > CUT) & (change > CUT_FACTOR * np.median(change, axis=1)[:, None])
        worth *= (0.4 + 0.6 * motion) * 0.8 ** cuts.sum(axis=1)
    best: npt.NDArray[np.intp] = starts[int(worth.argmax())] + offsets
    return best


def _spread(count: int, most: int) -> npt.NDArray[np.intp]:
    """At most so many of ``count`` frames, evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))


def _luma(thumbs: Any) -> Floats:
    return np.asarray(thumbs[:, : SIDE * SIDE], np.float32)


def _looks(thumbs: Thumbs) -> Looks:
    luma = _luma(thumbs)
    chroma = np.asarray(thumbs[:, SIDE * SIDE :], np.float32).reshape(len(thumbs), 2, -1)
    mean, deviation = luma.mean(axis=1), luma.std(axis=1)
    square = luma.reshape(-1, SIDE, SIDE)
    detail = np.abs(np.diff(square, axis=1)).mean(axis=(1, 2)) + np.abs(np.diff(square, axis=2)).mean(axis=(1, 2))
    colour = chroma.std(axis=2).max(axis=1)
    levels = np.asarray(thumbs[:, : SIDE * SIDE]) >> 4
    histogram = np.stack([(levels == level).mean(axis=1) for level in range(BINS)], axis=1).astype(np.float32)
    flat = np.clip((histogram.max(axis=1) - FLAT_SHARE) / (ONE_LEVEL_SHARE - FLAT_SHARE), 0, 1)
    worth = (
        np.minimum(1, deviation / ENOUGH_CONTRAST)
        + np.minimum(1, detail / ENOUGH_DETAIL)
        + np.minimum(1, colour / ENOUGH_COLOUR) / 2
    ) * (1 - 0.8 * flat)
    exposure = np.clip((mean - DARK) / SLOPE, 0, 1) * np.clip((BRIGHT - mean) / SLOPE, 0, 1)
    return Looks(worth, exposure, histogram)
