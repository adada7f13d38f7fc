"""What tells how near a frame of the result is to the source's."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

MOST_DB = 100.0
"""Shown for frames without any difference, whose XPSNR is infinite."""


@dataclass(frozen=True)
class Metric:
    """``unit`` is empty for a plain number; ``best`` is the most that a frame gets, None if there is no end."""

    name: str
    unit: str
    best: float | None

    def shown(self, score: float) -> str:
        return f"{score:.1f} {self.unit}".rstrip()


VMAF = Metric("VMAF", "", 100.0)
XPSNR = Metric("XPSNR", "dB", None)
"""Of luma. Valid for HDR, where VMAF is not: it weighs the error of code values by how well it is seen (Helmrich et
al., "XPSNR: A Low-Complexity Extension of the Perceptually Weighted PSNR", 2020)."""

_LINE = re.compile(r"n: *\d+ +XPSNR y: *(\S+)")


def read_xpsnr(log: Path) -> list[float]:
    """The score of each frame, in their order."""
    with log.open() as file:
        found = [_LINE.match(line.strip()) for line in file]
    return [_finite(float(one[1])) for one in found if one]


def _finite(score: float) -> float:
    return min(MOST_DB, score) if math.isfinite(score) else MOST_DB
