"""Pure: how VMAF falls with x265's rate factor, and at which one a film meets its target.

What VMAF lacks to 100 grows by about the same factor with each step of the rate factor, and the more a film moves the
larger that is: six real films have 0.06 to 0.12 in its logarithm where little moves, 0.17 and 0.24 where much does. So
the way from a measured point to the target is nearly straight in the logarithm, and its slope is known beforehand.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from functions.shared.qualities import Target

LEAST_CRF, MOST_CRF = 8.0, 45.0
"""Between these a rate factor is searched: below, files grow and nothing is seen to improve; above, all is blocks."""

GROWTH, GROWTH_BY_MOVEMENT, MOST_USUAL_GROWTH = 0.1, 0.06, 0.22
"""Of the logarithm of what is missing to 100, for each step: of a film in which little moves, and more for each e-fold
of movement."""

GROWTH_DOUBT, UNKNOWN_GROWTH, UNKNOWN_GROWTH_DOUBT = 0.025, 0.13, 0.06
"""How far that is off, and the same of a film whose movement is not known."""

PIVOT_CRF, PIVOT_VMAF = 30.0, 86.0
"""Where a film is expected before it was looked at: whatever moves in them, six have a VMAF of 86 at 26 to 33."""

WINDOW_DOUBT = 0.5
"""How far the logarithm of what is missing in one window is off from that of its film."""

GROWTHS = (0.04, 0.35)
"""What a film is believed to have."""

LEAST_TELLING = 5.0
"""Of VMAF: nearer to 0, where it ends, it does not tell how far away a target is."""

REACH = 5.0
"""Steps over which a look loses weight beside one that is nearer: growth is not quite the same all along."""

BOLD_STEP = 12.0
FAR_STEP, FAR_OFF = 3.0, 10.0
"""A next step longer than this, or from further off the target, is looked at once more before it is believed."""

LEAST_MISSING = 0.05
FLOOR_DOUBT = 1.0
"""A 5th percentile of a few dozen frames is so many points off by chance: only below that a floor counts as missed."""

MISSED_BY, EXCEEDED_BY = 0.5, 1.0
"""At the bounds of the rate factor: points below the target that make it unreachable, and above it, that make it one
that even the coarsest encode exceeds; above targets near 100, half of what is left."""

FOUND, UNREACHABLE, EASIER = "found", "unreachable", "easier"
BY_MEAN, BY_FLOOR, BY_LIMIT = "vmaf", "floor", "crf_limit"


@dataclass(frozen=True)
class Point:
    """What ``windows`` windows say of the film at one rate factor: mean and 5th percentile of VMAF."""

    crf: float
    vmaf: float
    p5: float
    windows: int = 1


@dataclass(frozen=True)
class Solution:
    """``vmaf``, ``p5``: what is expected at ``crf``. ``bound_by``: what keeps it from being higher."""

    crf: float
    vmaf: float
    p5: float
    bound_by: str = BY_MEAN
    outcome: str = FOUND


@dataclass(frozen=True)
class Growth:
    """What is to be expected of a film, give or take ``doubt``."""

    usual: float = UNKNOWN_GROWTH
    doubt: float = UNKNOWN_GROWTH_DOUBT


@dataclass(frozen=True)
class Curve:
    """A film as it is known from ``points``, each of other windows of it; ``expected``: before any of them."""

    points: tuple[Point, ...]
    expected: Growth = Growth()

    def at(self, crf: float) -> Point:
        """What is expected at this rate factor."""
        vmaf, p5 = (100 - math.exp(self._height(crf, low)) for low in (False, True))
        return Point(crf, max(0.0, vmaf), max(0.0, p5))

    def crf_for(self, vmaf: float, *, low: bool = False) -> float:
        """Where the mean, or the 5th percentile, comes to ``vmaf``."""
        height = math.log(_missing(vmaf))
        least, most = LEAST_CRF, MOST_CRF
        for _ in range(20):  # halving the range so often leaves less than a ten-thousandth of a step
            middle = (least + most) / 2
            least, most = (middle, most) if self._height(middle, low) < height else (least, middle)
        return (least + most) / 2

    @cached_property
    def telling(self) -> tuple[Point, ...]:
        """The points that say how far away a target is; all, where none does."""
        return tuple(point for point in self.points if point.vmaf >= LEAST_TELLING) or self.points

    @cached_property
    def growth(self) -> float:
        """The usual one, moved towards what the points show of it: by as much as they tell."""
        weights = [point.windows / WINDOW_DOUBT**2 for point in self.telling]
        heights = [math.log(_missing(point.vmaf)) for point in self.telling]
        crf = _mean([point.crf for point in self.telling], weights)
        height = _mean(heights, weights)
        told = shown = 0.0
        for point, weight, own in zip(self.telling, weights, heights, strict=True):
            told += weight * (point.crf - crf) ** 2
            shown += weight * (point.crf - crf) * (own - height)
        trust = 1 / self.expected.doubt**2
        return min(max((shown + trust * self.expected.usual) / (told + trust), GROWTHS[0]), GROWTHS[1])

    def _height(self, crf: float, low: bool) -> float:
        """Logarithm of what is missing."""
        away = [(crf - point.crf) for point in self.telling]
        nearest = min(abs(steps) for steps in away)
        weights = [
            point.windows * math.exp((nearest**2 - steps**2) / REACH**2)
            for point, steps in zip(self.telling, away, strict=True)
        ]
        heights = [
            math.log(_missing(point.p5 if low else point.vmaf)) + self.growth * steps
            for point, steps in zip(self.telling, away, strict=True)
        ]
        return _mean(heights, weights)


def usual_growth(movement: float | None) -> Growth:
    """What to expect of a film; ``movement``: the mean logarithm of what moves in it (see ``liveliness``)."""
    if movement is None:
        return Growth()
    return Growth(min(MOST_USUAL_GROWTH, GROWTH + GROWTH_BY_MOVEMENT * max(0.0, movement)), GROWTH_DOUBT)


def prior_crf(target: Target, expected: Growth) -> float:
    """Where a film is looked at first."""
    steps = math.log(_missing(PIVOT_VMAF) / _missing(target.vmaf)) / expected.usual
    return round(min(max(PIVOT_CRF - steps, LEAST_CRF), MOST_CRF), 1)


def solve(target: Target, curve: Curve) -> Solution:
    """The highest rate factor at which the film meets the target, in tenths of a step."""
    by_mean = curve.crf_for(target.vmaf)
    by_floor = curve.crf_for(target.floor - FLOOR_DOUBT, low=True)
    crf = round(min(by_mean, by_floor), 1)
    return judged(target, curve.at(crf), BY_FLOOR if by_floor < by_mean else BY_MEAN)


def judged(target: Target, here: Point, bound_by: str = BY_MEAN) -> Solution:
    """What a point means for the target: at the bounds of the rate factor, that it cannot be met, or not be missed."""
    missed = target.vmaf - here.vmaf > MISSED_BY or target.floor - FLOOR_DOUBT - here.p5 > MISSED_BY
    if here.crf <= LEAST_CRF and missed:
        return Solution(here.crf, here.vmaf, here.p5, BY_LIMIT, UNREACHABLE)
    if here.crf >= MOST_CRF and here.vmaf > min(target.vmaf + EXCEEDED_BY, (target.vmaf + 100) / 2):
        return Solution(here.crf, here.vmaf, here.p5, BY_LIMIT, EASIER)
    return Solution(here.crf, here.vmaf, here.p5, bound_by)


def search(target: Target, expected: Growth, look: Callable[[float, bool], Point]) -> tuple[Solution, Curve]:
    """Find the rate factor: some windows are looked at where the target is expected, the others near it.

    ``look(crf, first)`` encodes and measures the first or the other windows. Where it was still far from the target,
    the first ones are looked at once more: films that hardly lose anything (stills, black) need many steps.
    """
    prior = prior_crf(target, expected)
    curve = Curve((look(prior, True),), expected)
    nearest = _bold(solve(target, curve).crf, prior)
    curve = Curve((*curve.points, look(nearest, False)), expected)
    solution = solve(target, curve)
    if abs(solution.crf - nearest) > FAR_STEP or abs(curve.points[-1].vmaf - target.vmaf) > FAR_OFF:
        curve = Curve((*curve.points, look(_bold(solution.crf, nearest), True)), expected)
    return solve(target, curve), curve


def _bold(crf: float, before: float) -> float:
    return round(min(max(crf, before - BOLD_STEP), before + BOLD_STEP), 1)


def _mean(values: list[float], weights: list[float]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _missing(vmaf: float) -> float:
    return max(LEAST_MISSING, 100 - vmaf)
