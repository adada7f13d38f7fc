"""The Pareto plot: bytes at equal quality against CPU, both relative to what the original system calls ffmpeg with."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.bench.ladder.contest import ORIGINAL, Contestant, contestants, results, signature
from tests.bench.ladder.trials import Ratios, compared

STYLES = {"ours": ("o-", "tab:red"), "x265": ("s--", "tab:blue"), "kvazaar": ("^:", "tab:green")}
LABELS = {"ours": "speeds of bucket265", "x265": "presets of x265", "kvazaar": "presets of kvazaar"}
DOCS = Path(__file__).parents[3] / "docs"
PICTURE = DOCS / "pareto.svg"


@dataclass(frozen=True)
class Place:
    """Where a contestant stands, relative to the original's arguments; geometric means over all films."""

    contestant: Contestant
    ratios: Ratios


def places() -> list[Place]:
    """Of every contestant that was measured on all films."""
    by_film = results()
    them = contestants()
    original = next(one for one in them if one.name == ORIGINAL)
    reference = {film: runs[signature(original)] for film, runs in by_film.items()}
    found = []
    for one in them:
        runs = {film: measured[signature(one)] for film, measured in by_film.items() if signature(one) in measured}
        if len(runs) == len(reference):
            found.append(Place(one, compared(runs, reference)))
    return found


def draw(found: list[Place], path: Path = PICTURE) -> None:
    """Write the plot; the same places give the same file."""
    mpl.rcParams["svg.hashsalt"] = "pareto"
    figure = Figure(figsize=(11, 5.2), layout="constrained")
    for axes, metric, title in zip(
        figure.subplots(1, 2, sharey=True), ("vmaf_bytes", "xpsnr_bytes"), ("VMAF", "XPSNR"), strict=True
    ):
        _panel(axes, found, metric, title)
    figure.savefig(path, metadata={"Date": None})


def _panel(axes: Axes, found: list[Place], metric: str, title: str) -> None:
    for kind, (style, colour) in STYLES.items():
        mine = sorted((one for one in found if one.contestant.kind == kind), key=lambda one: one.ratios.cpu)
        xs, ys = [one.ratios.cpu for one in mine], [getattr(one.ratios, metric) for one in mine]
        axes.plot(xs, ys, style, color=colour, label=LABELS[kind])
        for x, y, one in zip(xs, ys, mine, strict=True):
            above = kind != "ours"
            offset = (4, 6) if above else (-4, -13)
            name = one.contestant.name.removeprefix("kvazaar ")
            axes.annotate(name, (x, y), offset, textcoords="offset points", fontsize=8, color=colour,
                          ha="left" if above else "right")  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(0.8, 3.2)
    axes.set_xticks([1, 1.5, 2, 3], ["1", "1.5", "2", "3"])
    axes.minorticks_off()
    axes.set_xlabel("CPU time at equal VMAF (ultrafast = 1)")
    axes.set_ylabel(f"bytes at equal {title} (ultrafast = 1)")
    axes.set_title(f"judged by {title}")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()


def table(found: list[Place]) -> str:
    """Markdown."""
    lines = ["| encoder | CPU | bytes at equal VMAF | bytes at equal XPSNR |", "|---|---|---|---|"]
    for one in sorted(found, key=lambda place: place.ratios.cpu):
        ratios, kind = one.ratios, one.contestant.kind
        name = f"**{one.contestant.name}**" if kind == "ours" else f"{'x265 ' * (kind == 'x265')}{one.contestant.name}"
        lines.append(f"| {name} | {ratios.cpu:.2f} | {ratios.vmaf_bytes:.3f} | {ratios.xpsnr_bytes:.3f} |")
    return "\n".join(lines)
