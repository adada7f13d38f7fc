"""Pure: from three samples to what a conversion will come to, with the band in which it is expected.

At least four of five real conversions came out inside the bands (docs/benchmarks.md, "Estimate").
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

SIZE_SHARE, TIME_SHARE, VMAF_POINTS = 0.15, 0.25, 1.5
"""Half the width of each band."""

BELIEVED = 1.28
"""Standard errors to either side, between which four of five lie."""

WARM_UP = 12
"""Frames at the begin of a sample whose sizes do not count: behind its keyframe, which nothing referred to before,
they take up to twice of what they do in the middle of a film."""

KEYFRAME_EVERY = 250
"""Frames from one keyframe to the next, at most (x265's ``keyint``)."""

STEPS_PER_HALVING = 6.0
STEPS_TRUSTED = 2.0
"""Steps of the rate factor that halve the bits of most films; and between looks that tell as much of this one."""


SEARCHED_STEPS = 0.6
"""How far from the rate factor that is foretold four of five searches end."""


@dataclass(frozen=True)
class Band:
    """What is expected, and the bounds between which four of five are."""

    estimate: float
    low: float
    high: float

    @classmethod
    def of_share(cls, value: float, share: float) -> "Band":
        return cls(value, value * (1 - share), value * (1 + share))

    def as_json(self, digits: int) -> dict[str, float]:
        """Rounded; to whole numbers for 0 digits."""
        return {name: round(value, digits) if digits else round(value) for name, value in vars(self).items()}


def vmaf_band(value: float) -> Band:
    """Within what VMAF can be."""
    return Band(value, max(0.0, value - VMAF_POINTS), min(100.0, value + VMAF_POINTS))


@dataclass(frozen=True)
class Sampled:
    """Sizes of one sample's frames in coding order, its keyframe first. ``expected`` are the bytes of its frames in
    some unit, and ``expected_of_part`` those of the part of the film that it stands for, which has ``part_frames``."""

    sizes: Sequence[int]
    part_frames: int
    expected: float = 1.0
    expected_of_part: float = 1.0

    @property
    def usual(self) -> float:
        """Bytes of a frame that is no keyframe, past the warm-up where there is enough behind it."""
        settled = self.sizes[WARM_UP:] if len(self.sizes) >= 2 * WARM_UP else self.sizes[1:]
        return fmean(settled or self.sizes)


def picture_bytes(samples: Sequence[Sampled]) -> float:
    """Of the whole film: its keyframes are as large as those of the samples, and only so many as there must be."""
    if unseen(samples) <= 0:
        return sum(sum(one.sizes) for one in samples)
    frames = sum(one.part_frames for one in samples)
    keyframes = -(-frames // KEYFRAME_EVERY)
    others = sum(one.usual / one.expected * one.expected_of_part * one.part_frames for one in samples)
    return keyframes * fmean(one.sizes[0] for one in samples) + others * (frames - keyframes) / frames


def bytes_at(here: float, other: tuple[float, float] | None, steps: float) -> float:
    """Of a picture so many steps of the rate factor away from where it has ``here`` bytes; ``other``: how many steps
    away it was looked at as well, and what it has there."""
    return here * math.exp2(-steps * halvings_a_step(here, other))


def halvings_a_step(here: float, other: tuple[float, float] | None) -> float:
    """How often a step of the rate factor halves the bits; see ``bytes_at``."""
    usual = 1 / STEPS_PER_HALVING
    if not other or not other[0]:
        return usual
    trust = other[0] ** 2 / (other[0] ** 2 + STEPS_TRUSTED**2)
    return max(0.0, trust * math.log2(here / other[1]) / other[0] + (1 - trust) * usual)


def size_doubt(samples: Sequence[Sampled]) -> float:
    """Standard error of ``picture_bytes`` as a share of it: how little the samples agree beside what was expected."""
    shares = [one.usual / one.expected for one in samples]
    return doubt(shares, unseen(samples)) / fmean(shares)


def unseen(samples: Sequence[Sampled]) -> float:
    """The share of the film that no sample has."""
    return 1 - sum(len(one.sizes) for one in samples) / sum(one.part_frames for one in samples)


def doubt(values: Sequence[float], unseen: float) -> float:
    """Standard error of the mean of what samples say, where a share of the film was not looked at."""
    if len(values) < 2 or unseen <= 0:
        return 0.0
    return stdev(values) / math.sqrt(len(values)) * math.sqrt(unseen)


def is_trusted(size_doubt: float, vmaf_doubt: float, halvings: float) -> bool:
    """Whether the bands of size and VMAF are wide enough for such standard errors. ``halvings``: how often a step of
    the rate factor halves the bits, where the conversion will search for one, and find another one than we did; else
    0."""
    found_elsewhere = math.exp2(SEARCHED_STEPS * halvings) - 1
    return math.hypot(BELIEVED * size_doubt, found_elsewhere) <= SIZE_SHARE and BELIEVED * vmaf_doubt <= VMAF_POINTS
