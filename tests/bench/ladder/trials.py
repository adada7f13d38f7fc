"""Raw results of searches: one line of JSON for each set of parameters that was tried, so that a search can go on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.ladder.curves import Metric, bytes_ratio, cpu_ratio, mean_ratio
from tests.bench.ladder.measuring import Point

RESULTS = Path(__file__).parent / "results"
FOLDS = {
    "a": ("bigbuckbunny", "car-detection", "friday", "zoom"),
    "b": ("tearsofsteel", "flower", "bikes", "screen", "night"),
}
"""Films of each search: what it finds is judged by the films of the other."""


@dataclass(frozen=True)
class Run:
    """Points of one film, and the CPU seconds that a fixed encode of it took beside them."""

    points: tuple[Point, ...]
    clock_s: float

    def as_json(self) -> dict[str, Any]:
        return {"clock_s": round(self.clock_s, 4), "points": [point.as_json() for point in self.points]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Run":
        return cls(tuple(Point(**point) for point in stored["points"]), stored["clock_s"])


@dataclass(frozen=True)
class Tried:
    """``complete``: all films of the fold; a search gives up on sets that are far too slow or far too large."""

    parameters: dict[str, Any]
    runs: dict[str, Run] = field(default_factory=dict)
    complete: bool = False
    refused: str | None = None

    def as_json(self) -> dict[str, Any]:
        runs = {film: run.as_json() for film, run in self.runs.items()}
        return {
            "parameters": self.parameters,
            "complete": self.complete,
            "refused": self.refused,
            "runs": runs,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Tried":
        runs = {film: Run.from_json(run) for film, run in stored["runs"].items()}
        return cls(stored["parameters"], runs, stored["complete"], stored["refused"])


@dataclass(frozen=True)
class Ratios:
    """Of a set to the preset that it shall replace, geometric means over films."""

    vmaf_bytes: float
    xpsnr_bytes: float
    cpu: float


def compared(runs: Mapping[str, Run], reference: Mapping[str, Run]) -> Ratios:
    """Over the films that both have."""
    films = [film for film in runs if film in reference]

    def sizes(metric: Metric) -> float:
        return mean_ratio([bytes_ratio(runs[film].points, reference[film].points, metric) for film in films])

    cpus = [
        cpu_ratio(runs[film].points, runs[film].clock_s, reference[film].points, reference[film].clock_s)
        for film in films
    ]
    return Ratios(sizes("vmaf"), sizes("xpsnr"), mean_ratio(cpus))


def read(name: str) -> list[Tried]:
    """What is kept under ``name``; an unfinished last line is left out."""
    path = RESULTS / f"{name}.jsonl"
    if not path.exists():
        return []
    lines = path.read_text().split("\n")[:-1]
    return [Tried.from_json(json.loads(line)) for line in lines]


def keep(name: str, tried: Tried) -> None:
    """Add one result."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.jsonl").open("a") as file:
        file.write(json.dumps(tried.as_json()) + "\n")
