"""A measured figure, the bound that it must keep, and how both are shown. Pure."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One row of the table. Without ``at_most`` or ``at_least`` it is only reported.

    ``original``: the same figure of the original system, as measured on such a machine. ``samples``: what ``value``
    is the median of.
    """

    measure: str
    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    original: str = ""
    note: str = ""
    samples: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """Value and unit."""
        return f"{shown(self.value)} {self.unit}".rstrip()

    @property
    def bound(self) -> str:
        """The bound as text; empty if there is none."""
        words = [("at most", self.at_most), ("at least", self.at_least)]
        return " and ".join(f"{word} {shown(limit)} {self.unit}".rstrip() for word, limit in words if limit is not None)

    @property
    def missed(self) -> bool:
        """Whether the value breaks its bound."""
        too_much = self.at_most is not None and not self.value <= self.at_most
        return too_much or (self.at_least is not None and not self.value >= self.at_least)

    def as_json(self) -> dict[str, Any]:
        """For the results file, without what is empty."""
        facts = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        return facts | ({"missed": self.missed} if self.bound else {})


def shown(value: float) -> str:
    """A number as people read it: three digits that count, whole numbers whole."""
    if value % 1 == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def table(figures: Iterable[Figure]) -> str:
    """All figures as a Markdown table that also reads well in a terminal."""
    rows = [("measure", "figure", "value", "bound", "", "the original system", "")]
    for f in figures:
        verdict = ("MISSED" if f.missed else "kept") if f.bound else ""
        rows.append((f.measure, f.name, f.text, f.bound, verdict, f.original, f.note))
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def missed_lines(figures: Iterable[Figure]) -> list[str]:
    """One sentence for each bound that is missed, naming it."""
    return [f"missed: {f.measure}, {f.name}: {f.text}, {f.bound}" for f in figures if f.missed]
