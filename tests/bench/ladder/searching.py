"""The search itself: Optuna's TPE proposes sets of parameters, one thread measures them film by film."""

import random
from math import log
from pathlib import Path
from statistics import median

import optuna

from tests.bench.films import FILMS
from tests.bench.ladder import measuring, trials
from tests.bench.ladder.measuring import CRFS, Unencodable, x265
from tests.bench.ladder.space import GOALS, USUAL, Goal, Point, argument, neighbour, starting_points, suggest
from tests.bench.ladder.trials import FOLDS, Ratios, Run, Tried, compared

HOPELESS_CPU, HOPELESS_BYTES = 1.2, 1.1
"""Of the preset's: after one film a set that is slower or larger than this is given up."""

OVER_CPU, OVER_BYTES = 3.0, 2.0
"""How much the objective grows for a relative excess of CPU, and of bytes at equal XPSNR."""

SAFE = 0.98
"""Of the bound on CPU: what is aimed at, since CPU is measured to about 2 %."""

XPSNR_SLACK = 1.01
NOTHING = 10.0
"""Objective of what cannot be encoded."""

PARENTS = 5
UNGUIDED = 10
"""Sets that are tried before the optimiser takes what was found into account."""

BASELINE_TURNS = 3
BASELINES = "presets"


def search(speed: str, fold: str, tries: int, folder: Path) -> None:
    """Go on until ``tries`` sets have been tried for this speed and fold, with those that are kept already."""
    goal, name = GOALS[speed], f"{speed}-{fold}"
    reference = baseline(goal.replaces, fold, folder)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=ord(fold), multivariate=True, n_startup_trials=10)
    )
    known = trials.read(name)
    for tried in known:
        _teach(study, goal, tried, reference)
    tried_before = [USUAL | one.parameters for one in known]
    for point in starting_points(goal, ord(fold)):
        if point not in tried_before:
            study.enqueue_trial(point)
    chance = random.Random(len(known))
    while len(known) < tries:
        if len(known) % 2 and not _waiting(study):
            study.enqueue_trial(neighbour(chance.choice(best(goal, known, reference)), chance))
        trial = study.ask()
        start, parameters = suggest(trial, goal)
        tried = attempt(goal, start, parameters, FOLDS[fold], reference, folder)
        trials.keep(name, tried)
        known.append(tried)
        study.tell(trial, objective(goal, tried, reference))
        print(name, len(known), _line(tried, reference), flush=True)


def best(goal: Goal, known: list[Tried], reference: dict[str, Run]) -> list[Point]:
    """The parameters of the best sets so far."""
    complete = sorted((one for one in known if one.complete), key=lambda one: objective(goal, one, reference))
    return [USUAL | one.parameters for one in complete[:PARENTS]]


def _waiting(study: optuna.Study) -> int:
    return sum(trial.state == optuna.trial.TrialState.WAITING for trial in study.trials)


def attempt(
    goal: Goal,
    start: str,
    parameters: dict[str, str | int | float],
    films: tuple[str, ...],
    reference: dict[str, Run],
    folder: Path,
) -> Tried:
    """Measure a set on film after film, as long as it is worth it."""
    named = {"preset": start} | parameters
    runs: dict[str, Run] = {}
    for film in films:
        try:
            runs[film] = run(film, start, argument(parameters), folder)
        except Unencodable as exc:
            return Tried(named, runs, refused=str(exc).strip().splitlines()[-1] if str(exc).strip() else "no reason")
        so_far = compared(runs, reference)
        if so_far.cpu > HOPELESS_CPU * goal.cpu_ratio or so_far.vmaf_bytes > HOPELESS_BYTES:
            return Tried(named, runs)
    return Tried(named, runs, complete=True)


def run(film: str, preset: str, parameters: str, folder: Path, *, whole: bool = False) -> Run:
    """One film at each rate factor, and a fixed encode of it as a clock."""
    part = measuring.whole if whole else measuring.cut
    source = part(next(one for one in FILMS if one.name == film), folder)
    clock_s = measuring.calibrate(source, folder)
    points = tuple(measuring.measure(source, folder, x265(preset, parameters, crf), crf) for crf in CRFS)
    return Run(points, clock_s)


def baseline(preset: str, fold: str, folder: Path) -> dict[str, Run]:
    """The preset that is to be replaced, measured three times: the one with the median CPU."""
    kept = {tried.parameters["preset"]: tried for tried in trials.read(f"{BASELINES}-{fold}")}
    if preset not in kept:
        runs = {film: _median([run(film, preset, "", folder) for _ in range(BASELINE_TURNS)]) for film in FOLDS[fold]}
        kept[preset] = Tried({"preset": preset}, runs, complete=True)
        trials.keep(f"{BASELINES}-{fold}", kept[preset])
    return kept[preset].runs


def _median(runs: list[Run]) -> Run:
    def clocks(one: Run) -> float:
        return sum(point.cpu_s for point in one.points) / one.clock_s

    middle = median(clocks(one) for one in runs)
    return min(runs, key=lambda one: abs(clocks(one) - middle))


def objective(goal: Goal, tried: Tried, reference: dict[str, Run]) -> float:
    """Logarithm of bytes at equal VMAF, and more where a bound is broken."""
    if not tried.runs:
        return NOTHING
    return cost(goal, compared(tried.runs, reference)) + (0.0 if tried.complete else 0.2)


def cost(goal: Goal, ratios: Ratios) -> float:
    """The smaller, the better."""
    over_cpu = max(0.0, log(ratios.cpu / (SAFE * goal.cpu_ratio)))
    over_bytes = max(0.0, log(ratios.xpsnr_bytes / XPSNR_SLACK))
    return log(ratios.vmaf_bytes) + OVER_CPU * over_cpu + OVER_BYTES * over_bytes


def _teach(study: optuna.Study, goal: Goal, tried: Tried, reference: dict[str, Run]) -> None:
    """Tell a new study what an earlier one found."""
    probe = optuna.create_study()
    probe.enqueue_trial(USUAL | tried.parameters)
    trial = probe.ask()
    suggest(trial, goal)
    value = objective(goal, tried, reference)
    study.add_trial(optuna.trial.create_trial(params=trial.params, distributions=trial.distributions, value=value))


def _line(tried: Tried, reference: dict[str, Run]) -> str:
    if not tried.runs:
        return f"refused: {tried.refused}"
    ratios = compared(tried.runs, reference)
    given_up = "" if tried.complete else f" (given up after {len(tried.runs)})"
    return f"bytes {ratios.vmaf_bytes:.3f}, by XPSNR {ratios.xpsnr_bytes:.3f}, CPU {ratios.cpu:.3f}{given_up}"
