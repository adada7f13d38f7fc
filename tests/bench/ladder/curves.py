"""Bytes, or CPU, at equal quality: the Bjontegaard delta rate, as a ratio."""

import math
import warnings
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal

from bjontegaard import bd_rate

from tests.bench.ladder.measuring import Point

Metric = Literal["vmaf", "xpsnr"]
WORST = 4.0
"""Instead of a ratio where the curves share no quality at all."""

Curve = list[tuple[float, float]]
"""What it costs, and the quality that it brings; quality rises."""


def bytes_ratio(found: Sequence[Point], reference: Sequence[Point], metric: Metric) -> float:
    """Bytes of ``found`` over those of ``reference`` at the same quality."""
    return _ratio(_bytes_curve(found, metric), _bytes_curve(reference, metric))


def cpu_ratio(found: Sequence[Point], found_clock: float, reference: Sequence[Point], reference_clock: float) -> float:
    """CPU seconds over those of ``reference`` at the same VMAF, each in units of what a fixed encode took at that time.

    At the same rate factor the better encode has more bits to write: that is no slowness of its own.
    """
    return _ratio(_cpu_curve(found, found_clock), _cpu_curve(reference, reference_clock))


def mean_ratio(ratios: Mapping[str, float] | Sequence[float]) -> float:
    """Geometric."""
    values = ratios.values() if isinstance(ratios, Mapping) else ratios
    return math.exp(fmean(math.log(one) for one in values))


def _ratio(ours: Curve, theirs: Curve) -> float:
    """The mean of the logarithm over all qualities that both reach (G. Bjontegaard, VCEG-M33, with the piecewise
    interpolation of Akima)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            change = float(bd_rate(*zip(*theirs, strict=True), *zip(*ours, strict=True), "akima", False))
        except ValueError:
            return WORST
    return 1 + change / 100 if math.isfinite(change) and change > -100 else WORST


def _bytes_curve(points: Sequence[Point], metric: Metric) -> Curve:
    """Where more bytes bring no more quality, the curve ends."""
    curve: Curve = []
    for point in sorted(points, key=lambda one: one.bytes):
        quality = getattr(point, metric)
        if not curve or (quality > curve[-1][1] + 0.01 and point.bytes > curve[-1][0]):
            curve.append((float(point.bytes), quality))
    return curve


def _cpu_curve(points: Sequence[Point], clock_s: float) -> Curve:
    curve: Curve = []
    for point in sorted(points, key=lambda one: one.vmaf):
        if not curve or point.vmaf > curve[-1][1] + 0.01:
            curve.append((point.cpu_s / clock_s, point.vmaf))
    return curve
