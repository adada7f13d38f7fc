"""From what was tried to one set for a speed: judged by films that its search did not see, then on whole pictures."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.films import FILMS
from tests.bench.ladder import trials
from tests.bench.ladder.searching import baseline, cost, run
from tests.bench.ladder.space import GOALS, Goal, argument
from tests.bench.ladder.trials import FOLDS, RESULTS, Ratios, Run, Tried, compared

FINALISTS = 1
"""Sets of each fold that are tried on the films of the other."""

MOST_LOST = 1.02
"""Bytes at equal XPSNR, of the preset's."""

NAMES = tuple(film.name for film in FILMS)
OTHER = {"a": "b", "b": "a"}


def choose(speed: str, folder: Path) -> dict[str, Any]:
    """Cross-validate both searches of a speed and choose its set; what is measured is kept."""
    goal = GOALS[speed]
    reference = {fold: baseline(goal.replaces, fold, folder) for fold in FOLDS}
    finalists = {fold: _best(goal, fold, reference[fold]) for fold in FOLDS}
    on_all = [
        (fold, rank, tried, tried.runs | _unseen(speed, fold, tried, folder))
        for fold, best in finalists.items()
        for rank, tried in enumerate(best)
    ]
    every = reference["a"] | reference["b"]
    unseen: dict[str, Run] = {}
    for fold, rank, _, runs in on_all:
        if rank == 0:
            unseen |= {film: runs[film] for film in FOLDS[OTHER[fold]]}
    winner = min(on_all, key=lambda one: cost(goal, compared(one[3], every)))
    return {
        "speed": speed,
        "replaces": goal.replaces,
        "tried": {fold: _count(speed, fold) for fold in FOLDS},
        "cross_validated": asdict(compared(unseen, every)),
        "chosen": {
            "fold": winner[0],
            "parameters": winner[2].parameters,
            "all_films": asdict(compared(winner[3], every)),
        },
    }


def _count(speed: str, fold: str) -> dict[str, int]:
    known = trials.read(f"{speed}-{fold}")
    return {"sets": len(known), "on_all_films": sum(tried.complete for tried in known)}


def _best(goal: Goal, fold: str, reference: dict[str, Run]) -> list[Tried]:
    """A search may pass through sets that break a bound; what it is to be judged by must not."""

    def rank(tried: Tried) -> tuple[bool, float]:
        ratios = compared(tried.runs, reference)
        kept = ratios.cpu <= goal.cpu_ratio and ratios.xpsnr_bytes <= MOST_LOST
        return not kept, cost(goal, ratios)

    complete = [tried for tried in trials.read(f"{goal.speed}-{fold}") if tried.complete]
    return sorted(complete, key=rank)[:FINALISTS]


def _unseen(speed: str, fold: str, tried: Tried, folder: Path) -> dict[str, Run]:
    """The set on the films of the other fold; measured once and kept."""
    name = f"{speed}-{fold}-unseen"
    for earlier in trials.read(name):
        if earlier.parameters == tried.parameters:
            return earlier.runs
    start, parameters = preset_and_argument(tried.parameters)
    runs = {film: run(film, start, parameters, folder) for film in FOLDS[OTHER[fold]]}
    trials.keep(name, Tried(tried.parameters, runs, complete=True))
    return runs


def preset_and_argument(parameters: dict[str, Any]) -> tuple[str, str]:
    """For ffmpeg's ``-preset`` and ``-x265-params``."""
    rest = {name: value for name, value in parameters.items() if name != "preset"}
    return str(parameters["preset"]), argument(rest)


def keep_choice(choice: dict[str, Any]) -> None:
    """Into the table of choices."""
    path = RESULTS / "chosen.json"
    table = json.loads(path.read_text()) if path.exists() else {}
    table[choice["speed"]] = choice
    path.write_text(json.dumps(table, indent=1) + "\n")


def summary(choice: dict[str, Any]) -> str:
    """One line."""
    unseen, chosen = Ratios(**choice["cross_validated"]), choice["chosen"]["all_films"]
    return (
        f"{choice['speed']}: unseen films: bytes {unseen.vmaf_bytes:.3f}, by XPSNR {unseen.xpsnr_bytes:.3f},"
        f" CPU {unseen.cpu:.3f}; chosen, on all: {chosen}"
    )
