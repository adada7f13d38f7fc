"""Tiny pictures of frames, by which a result is compared with its source; how that is done is in ``framecheck``."""

from dataclasses import dataclass
from typing import Any

SIDE = 32
FRAME_BYTES = SIDE * SIDE * 3 // 2
"""One luma and two quarter-size chroma planes of 8 bits."""

COARSE_CRF = 36.0
LEVELS_PER_CRF = 2.4
SMALL_PICTURE = 128 * 128
SMALL_PICTURE_CRF = 10.0
"""See ``allowance``; pictures below so many samples count as encoded more coarsely by so much."""


@dataclass(frozen=True)
class FrameFigures:
    """``rms`` are differences in levels of 255, of luma and chroma together; ``gain`` and ``offset`` map the source's
    luma to the result's (1 and 0 if nothing changed); ``faults`` are sentences with figures."""

    frames: int
    mean_rms: float
    worst_rms: float
    worst_frame: int
    gain: float
    offset: float
    faults: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {"faults": list(self.faults)}


def allowance(crf: float, pixels: int) -> float:
    """Levels by which frames of such a rate factor may differ more, because the encoder leaves so much out.

    Measured on fades, cuts, grain and lines: honest frames differ by up to 18 levels at crf 51, and a moving line is
    left where it was; a picture of a few samples has nothing that could be averaged.
    """
    coarse = crf + (SMALL_PICTURE_CRF if pixels < SMALL_PICTURE else 0)
    return LEVELS_PER_CRF * max(0.0, coarse - COARSE_CRF)
