"""Pure: how VMAF falls with x265's rate factor, and at which one a film meets its target.

What VMAF lacks to 100 grows by about the same factor with each step of the rate factor: by 7 to 26 % for each of six
real films, and for one film by nearly the same all along. So two measured points of the same frames tell a film's own
growth, and the way from a measured point to the target is short and nearly straight in the logarithm.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from functions.shared.qualities import Target

LEAST_CRF, MOST_CRF = 8.0, 45.0
"""Between these a rate factor is searched: below, files grow and nothing is seen to improve; above, all is blocks."""

USUAL_GROWTH = 0.13
GROWTHS = (0.05, 0.32)
"""Of the logarithm of what is missing to 100, for each step: the usual one, and what a film is believed to have."""

STEPS_TRUSTED = 1.0
"""Steps between two points from which on they tell as much as the usual growth."""

BOLD_STEP = 10.0
FAR_STEP = 3.0
"""A next step longer than this is looked at once more before it is believed."""

LEAST_MISSING = 0.05
FLOOR_DOUBT = 1.0
"""A 5th percentile of a few dozen frames is so many points off by chance: only below that a floor counts as missed."""

MISSED_BY, EXCEEDED_BY = 0.5, 1.0
"""At the bounds of the rate factor: points below the target that make it unreachable, and above it, that make it one
that even the coarsest encode exceeds."""

FOUND, UNREACHABLE, EASIER = "found", "unreachable", "easier"
BY_MEAN, BY_FLOOR, BY_LIMIT = "vmaf", "floor", "crf_limit"


@dataclass(frozen=True)
class Point:
    """Mean and 5th percentile of VMAF, of the film or of some of its frames, at one rate factor."""

    crf: float
    vmaf: float
    p5: float


@dataclass(frozen=True)
class Solution:
    """``vmaf``, ``p5``: what is expected at ``crf``. ``bound_by``: what keeps it from being higher."""

    crf: float
    vmaf: float
    p5: float
    bound_by: str = BY_MEAN
    outcome: str = FOUND


@dataclass(frozen=True)
class Looked:
    """One look at some frames: at those of the rough look alone, and at all that were looked at (the film's)."""

    rough: Point
    film: Point


@dataclass(frozen=True)
class Curve:
    """A film whose level is known at one point; ``rough`` are points of the same few frames, by which it changes."""

    level: Point
    rough: tuple[Point, ...]

    def at(self, crf: float) -> Point:
        """What is expected at this rate factor."""
        grown = math.exp(self._height(crf) - self._height(self.level.crf))
        return Point(crf, 100 - _missing(self.level.vmaf) * grown, 100 - _missing(self.level.p5) * grown)

    def crf_for(self, missing: float, now: float) -> float:
        """Where what is missing to 100 comes to ``missing``, if it is ``now`` at the level's rate factor."""
        height = self._height(self.level.crf) + math.log(missing / now)
        low, high = LEAST_CRF, MOST_CRF
        for _ in range(20):  # halving the range so often leaves less than a ten-thousandth of a step
            middle = (low + high) / 2
            low, high = (middle, high) if self._height(middle) < height else (low, middle)
        return (low + high) / 2

    def _height(self, crf: float) -> float:
        """Logarithm of what is missing, but for a constant: straight lines through the points, and on beyond them."""
        points = sorted(self.rough, key=lambda point: point.crf)
        height, reached = 0.0, points[0].crf
        if len(points) == 1 or crf <= reached:
            return (crf - reached) * _growth(points[:2])
        for before, after in pairwise(points):
            growth = _growth([before, after])
            if crf <= after.crf or after is points[-1]:
                return height + (crf - before.crf) * growth
            height += (after.crf - before.crf) * growth
        return height


def solve(target: Target, curve: Curve) -> Solution:
    """The highest rate factor at which the film meets the target, in tenths of a step."""
    by_mean = curve.crf_for(_missing(target.vmaf), _missing(curve.level.vmaf))
    by_floor = curve.crf_for(_missing(target.floor - FLOOR_DOUBT), _missing(curve.level.p5))
    crf = round(min(max(min(by_mean, by_floor), LEAST_CRF), MOST_CRF), 1)
    bound_by = BY_FLOOR if by_floor < by_mean else BY_MEAN
    return judged(target, curve.at(crf), bound_by)


def judged(target: Target, here: Point, bound_by: str = BY_MEAN) -> Solution:
    """What a point means for the target: at the bounds of the rate factor, that it cannot be met, or not be missed."""
    missed = target.vmaf - here.vmaf > MISSED_BY or target.floor - FLOOR_DOUBT - here.p5 > MISSED_BY
    if here.crf <= LEAST_CRF and missed:
        return Solution(here.crf, here.vmaf, here.p5, BY_LIMIT, UNREACHABLE)
    if here.crf >= MOST_CRF and here.vmaf > target.vmaf + EXCEEDED_BY:
        return Solution(here.crf, here.vmaf, here.p5, BY_LIMIT, EASIER)
    return Solution(here.crf, here.vmaf, here.p5, bound_by)


def search(target: Target, prior_crf: float, look: Callable[[float, bool], Looked]) -> tuple[Solution, Curve]:
    """Find the rate factor: a rough look at the prior one, a fine look near the target, and the rest is interpolated.

    ``look(crf, fine)`` encodes and measures. Where even the fine look was far from the target, rough looks follow, at
    most two of them: films that hardly lose anything (stills, black) need many steps.
    """
    first = look(prior_crf, False)
    rough = [first.rough]
    guess = _bold(solve(target, Curve(first.film, (first.rough,))).crf, prior_crf)
    level = look(guess, True)
    rough.append(level.rough)
    curve = Curve(level.film, _distinct(rough))
    nearest = guess
    for _ in range(2):
        found = solve(target, curve)
        if abs(found.crf - nearest) <= FAR_STEP:
            break
        nearest = _bold(found.crf, nearest)
        rough.append(look(nearest, False).rough)
        curve = Curve(level.film, _distinct(rough))
    return solve(target, curve), curve


def _bold(crf: float, before: float) -> float:
    return round(min(max(crf, before - BOLD_STEP), before + BOLD_STEP), 1)


def _distinct(points: Sequence[Point]) -> tuple[Point, ...]:
    """Of several points at nearly the same rate factor the last one."""
    by_step = {round(point.crf): point for point in points}
    return tuple(by_step.values())


def _growth(points: Sequence[Point]) -> float:
    """Between two points of the same frames; the nearer they are the less they tell beside the usual growth."""
    if len(points) < 2:
        return USUAL_GROWTH
    before, after = points
    steps = after.crf - before.crf
    seen = math.log(_missing(after.vmaf) / _missing(before.vmaf)) / steps
    trust = steps * steps / (steps * steps + STEPS_TRUSTED * STEPS_TRUSTED)
    return min(max(trust * seen + (1 - trust) * USUAL_GROWTH, GROWTHS[0]), GROWTHS[1])


def _missing(vmaf: float) -> float:
    return max(LEAST_MISSING, 100 - vmaf)
