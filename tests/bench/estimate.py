"""What an estimate foretells of each film beside what its conversion came to, right after it on the same machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.converter.estimating import LOW, Estimate, estimate_film
from functions.converter.foretelling import SIZE_SHARE, TIME_SHARE, VMAF_POINTS, Band
from local.ondesk import convert_here, options_here, plan_here, settings_here, workplace
from tests.bench.figures import Figure
from tests.bench.films import FILMS, Film
from tests.bench.setting import Setting
from tests.support.vmaf import every_frame

ASKED: dict[str, dict[str, Any]] = {
    "balanced": {"quality": "balanced", "speed": "balanced"},
    "small, fastest": {"quality": "small", "speed": "fastest"},
    "crf 24": {"crf": 24},
}
INSIDE = 0.8
"""Of the runs, what the bands promise."""

STAGES = ("search", "encode", "verify")


@dataclass(frozen=True)
class Run:
    """One film, estimated and converted. ``vmaf`` is that of all frames, None for a picture that was not encoded."""

    name: str
    foretold: Estimate
    took_s: float
    outcome: str
    size: int
    vmaf: float | None
    seconds: float

    @property
    def sized(self) -> bool:
        return within(self.foretold.size, self.size)

    @property
    def rated(self) -> bool:
        """Where both were rated; else whether neither was."""
        if self.foretold.vmaf is None or self.vmaf is None:
            return self.foretold.vmaf is None and self.vmaf is None
        return within(self.foretold.vmaf, self.vmaf)

    @property
    def timed(self) -> bool:
        return within(self.foretold.seconds, self.seconds)

    def says(self) -> str:
        """One line: how far off each figure was."""
        told = self.foretold
        size, seconds = (told.size.estimate / self.size - 1, told.seconds.estimate / self.seconds - 1)
        vmaf = "-" if told.vmaf is None or self.vmaf is None else f"{told.vmaf.estimate - self.vmaf:+.1f}"
        confident = " (low confidence)" if told.confidence == LOW else ""
        return (
            f"size {size:+.0%}, VMAF {vmaf}, time {seconds:+.0%}, {told.outcome} -> {self.outcome}{confident};"
            f" {self.took_s:.0f} s for the estimate, {self.seconds:.0f} s for the conversion"
        )


def measure(setting: Setting) -> list[Figure]:
    """Each real film with each wish; one of each where it is only tried."""
    runs = []
    tried = setting.pairs < 2
    for film in [film for film in FILMS if film.is_real][: 1 if tried else None]:
        for name, asked in list(ASKED.items())[: 1 if tried else None]:
            runs.append(_run(film, name, asked, setting.folder))
            setting.say(f"{runs[-1].name}: {runs[-1].says()}")
    return [*_summary(runs), *(_figure(run) for run in runs)]


def within(band: Band, value: float) -> bool:
    return band.low <= value <= band.high


def _run(film: Film, name: str, asked: dict[str, Any], folder: Path) -> Run:
    source, settings = film.file(folder), settings_here()
    # Without sound, a source that MP4 cannot hold is encoded even where that makes it larger.
    asked = asked | ({"audio": "none"} if source.suffix == ".webm" else {})
    with workplace(settings) as place:
        planned = plan_here(place.bring(source), options_here(asked, settings), place)
        began = time.perf_counter()
        foretold = estimate_film(planned.job, planned.plan, planned.options, place.inspector)
        took_s = time.perf_counter() - began
    with workplace(settings) as place:
        planned = plan_here(place.bring(source), options_here(asked, settings), place)
        done = convert_here(planned, place)
        seconds = sum(place.lease.stage_s.get(stage, 0.0) for stage in STAGES)
        rendition = done.rendition
        encoded = rendition.plan is not None and not rendition.plan.is_remux
        size = rendition.output.stat().st_size
        vmaf = every_frame(source, rendition.output).mean if encoded else None
    return Run(f"{film.name}, {name}", foretold, took_s, rendition.outcome, size, vmaf, seconds)


def _summary(runs: list[Run]) -> list[Figure]:
    """Of all runs, and of those that were not told to be doubtful."""
    sure = [run for run in runs if run.foretold.confidence != LOW]
    kinds: list[tuple[str, Callable[[Run], bool]]] = [
        (f"size within {SIZE_SHARE:.0%}", lambda run: run.sized),
        (f"VMAF within {VMAF_POINTS:g}", lambda run: run.rated),
        (f"time within {TIME_SHARE:.0%}", lambda run: run.timed),
    ]
    figures = [
        Figure("estimate", f"{text}, of {len(runs)} runs", _share(runs, is_inside), "", at_least=INSIDE)
        for text, is_inside in kinds
    ]
    figures += [
        Figure("estimate", f"{text}, of the {len(sure)} with high confidence", _share(sure, is_inside), "")
        for text, is_inside in kinds
    ]
    return figures


def _share(runs: list[Run], is_inside: Callable[[Run], bool]) -> float:
    return sum(map(is_inside, runs)) / max(1, len(runs))


def _figure(run: Run) -> Figure:
    return Figure("estimate", f"{run.name}: size", run.foretold.size.estimate / run.size, "of real", note=run.says())
