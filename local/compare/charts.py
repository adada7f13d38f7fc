"""Pure: curves over time as lines, areas and words, which a page and a picture draw alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from local.compare.axes import Axis, columns, spread

Point = tuple[float, float]

LEFT, RIGHT, TOP, BOTTOM = 64.0, 24.0, 84.0, 48.0
"""Pixels around the field in which the curves are."""

TITLE_PX, WORDS_PX = 17, 13
MARK_PX = 10.0
"""Radius of a mark."""

MOST_COLUMNS = 900
DASH, GAP = 7.0, 5.0
LEGEND_PX, LEGEND_CHAR_PX = 22.0, 7.2
"""Of an entry's stroke, and of each character of its words, about."""


@dataclass(frozen=True)
class Line:
    """``ink`` names the colour; each drawing has its own for it."""

    points: tuple[Point, ...]
    ink: str
    width: float = 1.0


@dataclass(frozen=True)
class Area:
    points: tuple[Point, ...]
    ink: str


@dataclass(frozen=True)
class Dot:
    """A disc, with a word in its middle if it has one."""

    centre: Point
    radius: float
    ink: str
    word: str = ""


@dataclass(frozen=True)
class Words:
    """``anchor``: ``start``, ``middle`` or ``end``; ``place`` is on the line on which the letters stand."""

    place: Point
    text: str
    anchor: str = "start"
    size: int = WORDS_PX
    ink: str = "words"
    bold: bool = False


Shape = Line | Area | Dot | Words


@dataclass(frozen=True)
class Curve:
    """``stepped``: each value holds until the next place; ``xs`` has one place more then."""

    name: str
    ink: str
    xs: Sequence[float]
    ys: Sequence[float]
    stepped: bool = False


@dataclass(frozen=True)
class Chart:
    """``levels``: dashed lines at a height, with their names; ``marks``: places on the curve, with their words."""

    title: str
    x: Axis
    y: Axis
    curves: tuple[Curve, ...]
    levels: tuple[tuple[str, str, float], ...] = ()
    marks: tuple[tuple[float, float, str], ...] = ()


def shapes(chart: Chart, width: float, height: float) -> list[Shape]:
    """All that is to be drawn, the undermost first."""
    field = _Field(chart, width, height)
    drawn: list[Shape] = [*_grid(field), *_words(field)]
    for curve in chart.curves:
        drawn += _stepped(field, curve) if curve.stepped else _smooth(field, curve)
    for _name, ink, value in chart.levels:
        drawn += _dashed(field, value, ink)
    return [*drawn, *_marks(field), *_legend(field)]


@dataclass(frozen=True)
class _Field:
    """Where values lie in the drawing."""

    chart: Chart
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.width - RIGHT

    @property
    def floor(self) -> float:
        return self.height - BOTTOM

    def at(self, x: float, y: float) -> Point:
        across = LEFT + self.chart.x.share(x) * (self.right - LEFT)
        return round(across, 1), round(self.floor - self.chart.y.share(y) * (self.floor - TOP), 1)


def _grid(field: _Field) -> Iterator[Shape]:
    for value, word in field.chart.y.ticks:
        _, y = field.at(0, value)
        yield Line(((LEFT, y), (field.right, y)), "grid")
        yield Words((LEFT - 8, y + 4), word, "end", ink="faint")
    for value, word in field.chart.x.ticks:
        x, _ = field.at(value, 0)
        yield Line(((x, field.floor), (x, field.floor + 5)), "faint")
        yield Words((x, field.floor + 19), word, "middle", ink="faint")
    yield Line(((LEFT, field.floor), (field.right, field.floor)), "faint")


def _words(field: _Field) -> Iterator[Shape]:
    yield Words((LEFT, 22), field.chart.title, size=TITLE_PX, bold=True)
    yield Words((8, TOP - 16), field.chart.y.title, ink="faint")
    yield Words(((LEFT + field.right) / 2, field.height - 8), field.chart.x.title, "middle", ink="faint")


def _smooth(field: _Field, curve: Curve) -> Iterator[Shape]:
    made = columns(curve.xs, curve.ys, MOST_COLUMNS)
    if len(made) < len(curve.ys):
        above = [field.at(one.x, one.high) for one in made]
        below = [field.at(one.x, one.low) for one in reversed(made)]
        yield Area((*above, *below), curve.ink)
    points = tuple(field.at(one.x, one.mean) for one in made)
    yield Line(points, curve.ink, 1.6) if len(points) > 1 else Dot(points[0], 3.5, curve.ink)


def _stepped(field: _Field, curve: Curve) -> Iterator[Shape]:
    points = []
    for number, value in enumerate(curve.ys):
        points += [field.at(curve.xs[number], value), field.at(curve.xs[number + 1], value)]
    yield Line(tuple(points), curve.ink, 2.0)


def _dashed(field: _Field, value: float, ink: str) -> Iterator[Shape]:
    _, y = field.at(0, value)
    x = LEFT
    while x < field.right:
        yield Line(((x, y), (min(field.right, x + DASH), y)), ink, 1.4)
        x += DASH + GAP


def _marks(field: _Field) -> Iterator[Shape]:
    """Each mark in a row above the field, with a line down to its place."""
    marks = sorted(field.chart.marks)
    places = [field.at(x, y) for x, y, _ in marks]
    row = TOP - 20
    for (x, y), across, (_, _, word) in zip(
        places, spread([x for x, _ in places], 2 * MARK_PX + 3, LEFT, field.right), marks, strict=True
    ):
        yield Line(((across, row + MARK_PX), (x, TOP), (x, y)), "mark")
        yield Dot((x, y), 3.5, "mark")
        yield Dot((round(across, 1), row), MARK_PX, "mark", word)


def _legend(field: _Field) -> Iterator[Shape]:
    """What each line is, in one row from the right."""
    entries = [(curve.name, curve.ink) for curve in field.chart.curves]
    entries += [(name, ink) for name, ink, _ in field.chart.levels]
    x = field.right
    for name, ink in reversed(entries):
        x -= len(name) * LEGEND_CHAR_PX
        yield Words((x, 42), name)
        x -= LEGEND_PX + 6
        yield Line(((x, 38), (x + LEGEND_PX, 38)), ink, 3.0)
        x -= 18
