"""Pure: numbers on axes, with ticks that people read easily, and curves of no more points than can be told apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CLOCK_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
MOST_TIMES, MOST_NUMBERS = 9, 6
MINUTE_S, HOUR_S = 60, 3600


@dataclass(frozen=True)
class Axis:
    """From ``low`` to ``high``, which differ; ``ticks`` are places on it with their words."""

    title: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def share(self, value: float) -> float:
        """Where a value is, from 0 at the low end to 1 at the high one; never beyond."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


@dataclass(frozen=True)
class Column:
    """What a curve is over one column of a drawing."""

    x: float
    low: float
    mean: float
    high: float


def time_axis(duration_s: float) -> Axis:
    """From the first frame on. A film of no length gets a second."""
    high = duration_s if duration_s > 0 else 1.0
    step = next((step for step in CLOCK_STEPS if high / step <= MOST_TIMES), CLOCK_STEPS[-1])
    title = "time (s)" if high < MINUTE_S else "time (min:s)" if high < HOUR_S else "time (h:min:s)"
    places = [step * number for number in range(int(high / step + 1e-6) + 1)]
    return Axis(title, 0.0, high, tuple((at, clock(at, high)) for at in places))


def clock(at_s: float, duration_s: float) -> str:
    """A time in a film of this length: ``4.5``, ``1:05`` or ``1:02:03``."""
    if duration_s < MINUTE_S:
        return f"{at_s:.2f}".rstrip("0").rstrip(".")
    minutes, seconds = divmod(round(at_s), MINUTE_S)
    hours, minutes = divmod(minutes, MINUTE_S)
    return f"{minutes}:{seconds:02d}" if duration_s < HOUR_S else f"{hours}:{minutes:02d}:{seconds:02d}"


def moment(at_s: float, duration_s: float) -> str:
    """A time to the hundredth of a second: ``4.28 s``, ``1:05.20`` or ``1:02:03.00``."""
    if duration_s < MINUTE_S:
        return f"{at_s:.2f} s"
    minutes, hundredths = divmod(round(at_s * 100), MINUTE_S * 100)
    hours, minutes = divmod(minutes, MINUTE_S)
    seconds = f"{hundredths / 100:05.2f}"
    return f"{minutes}:{seconds}" if duration_s < HOUR_S else f"{hours}:{minutes:02d}:{seconds}"


def number_axis(title: str, low: float, high: float) -> Axis:
    """Round numbers around ``low`` and ``high``, which must differ."""
    step = _round_step((high - low) / (MOST_NUMBERS - 1))
    places = [step * number for number in range(math.floor(low / step), math.ceil(high / step) + 1)]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return Axis(title, places[0], places[-1], tuple((at, f"{at:.{digits}f}") for at in places))


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, … that is no less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def columns(xs: Sequence[float], ys: Sequence[float], most: int) -> list[Column]:
    """The curve in at most ``most`` columns, each with the least, the mean and the greatest of its values."""
    size = max(1, math.ceil(len(ys) / most))
    made = []
    for start in range(0, len(ys), size):
        part = ys[start : start + size]
        place = xs[start : start + size]
        made.append(Column(sum(place) / len(place), min(part), sum(part) / len(part), max(part)))
    return made


def spread(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Ascending places, moved so that neighbours are ``least`` apart, between ``low`` and ``high`` if they fit."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + least) if moved else max(place, low))
    limit = high
    for number in reversed(range(len(moved))):
        moved[number] = min(moved[number], limit)
        limit = moved[number] - least
    return moved
