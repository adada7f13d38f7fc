"""How good a film shall look, in VMAF; and the rate factor that stands in where VMAF is not measured. Pure.

VMAF rates each frame from 0 to 100 beside the source's; 6 points are a just noticeable difference (Netflix,
"VMAF: The Journey Continues", 2018).
"""

from dataclasses import dataclass
from itertools import pairwise

LEAST_VMAF = 50.0
MOST_VMAF = 99.0
"""Bounds of what may be asked for: below, films look broken; above, VMAF hardly falls with the rate."""


@dataclass(frozen=True)
class Target:
    """``vmaf``: the least mean over the frames. ``floor``: the least 5th percentile, so that no scene looks bad."""

    vmaf: float
    floor: float


QUALITIES = {
    "small": Target(86.0, 74.0),
    "balanced": Target(92.0, 82.0),
    "high": Target(95.0, 88.0),
    "visually_lossless": Target(97.0, 92.0),
}

FALLBACK_CRF = {"small": 30.0, "balanced": 26.0, "high": 22.0, "visually_lossless": 18.0}
"""By quality, of x265: for pictures that VMAF has no model for (HDR), and until a search has found a better one."""

_POINTS = (
    (LEAST_VMAF, 26.0, 45.0),
    *((QUALITIES[name].vmaf, QUALITIES[name].floor, crf) for name, crf in FALLBACK_CRF.items()),
    (MOST_VMAF, 96.0, 14.0),
)
"""VMAF, floor, rate factor: those of the qualities, between bounds that go on as the last two of them do."""


def floor_for(vmaf: float) -> float:
    """The floor of a target that is asked for by number: between those of the qualities around it."""
    return _between(vmaf, 1)


def fallback_crf(target: Target) -> float:
    """The rate factor of ``FALLBACK_CRF``; between those of the qualities around a target without a name."""
    return _between(target.vmaf, 2)


def _between(vmaf: float, column: int) -> float:
    """The column of ``_POINTS`` at a VMAF within its bounds."""
    for low, high in pairwise(_POINTS):
        if vmaf <= high[0]:
            share = (vmaf - low[0]) / (high[0] - low[0])
            return round(low[column] + share * (high[column] - low[column]), 2)
    raise ValueError(f"no target: VMAF {vmaf:g}")
