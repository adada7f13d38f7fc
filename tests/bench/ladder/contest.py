"""Our speeds, x265's presets and another encoder on whole pictures, encode by encode in turn."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from functions.converter.threads import is_small
from functions.shared.speeds import SPEEDS, Speed
from tests.bench.films import FILMS, Film
from tests.bench.ladder import measuring
from tests.bench.ladder.measuring import CRFS, TURNS, Point, encode, scores, size, x265
from tests.bench.ladder.trials import RESULTS, Run

QPS = (22, 27, 32, 37)
PATH = RESULTS / "contest.jsonl"
ORIGINAL = "ultrafast"
"""What the original system calls ffmpeg with: ``-preset ultrafast``, at x265's own crf of 28."""


@dataclass(frozen=True)
class Contestant:
    """``kind``: ``ours``, ``x265`` or ``kvazaar``. ``arguments`` makes ffmpeg's, for one of ``qualities`` and for a
    picture that is small or not."""

    name: str
    kind: str
    arguments: Callable[[float, bool], list[str]]
    qualities: tuple[int, ...] = CRFS


def _x265(preset: str) -> Contestant:
    return Contestant(preset, "x265", lambda crf, _small: x265(preset, "", crf))


def _ours(speed: Speed) -> Contestant:
    def arguments(crf: float, small: bool) -> list[str]:
        parameters = ":".join(filter(None, (speed.parameters, speed.small if small else "")))
        return x265(speed.preset, parameters, crf)

    return Contestant(speed.name, "ours", arguments)


def _kvazaar(preset: str) -> Contestant:
    def arguments(qp: float, _small: bool) -> list[str]:
        return ["-c:v", "libkvazaar", "-kvazaar-params", f"preset={preset},qp={qp:g},threads=0", "-f", "hevc"]

    return Contestant(f"kvazaar {preset}", "kvazaar", arguments, QPS)


def contestants() -> list[Contestant]:
    """All that are compared."""
    presets = ("ultrafast", "superfast", "veryfast", "medium")
    return [
        *(_x265(preset) for preset in presets),
        *(_ours(speed) for speed in SPEEDS.values()),
        *(_kvazaar(preset) for preset in ("ultrafast", "veryfast")),
    ]


def hold(folder: Path, films: tuple[Film, ...] = FILMS) -> None:
    """Measure what is not kept yet, film by film."""
    kept = results()
    for film in films:
        missing = [one for one in contestants() if signature(one) not in kept.get(film.name, {})]
        if not missing:
            continue
        source = measuring.whole(film, folder)
        points: dict[str, list[Point]] = {one.name: [] for one in missing}
        for at in range(len(CRFS)):
            for name, point in _in_turn(missing, at, source, folder).items():
                points[name].append(point)
        clock_s = measuring.calibrate(source, folder)
        for one in missing:
            _keep(film, one, Run(tuple(points[one.name]), clock_s))
        print(film.name, len(missing), flush=True)


def _in_turn(them: list[Contestant], at: int, source: Path, folder: Path) -> dict[str, Point]:
    small = is_small(*size(source))
    spent: dict[str, list[float]] = {one.name: [] for one in them}
    found: dict[str, Point] = {}
    output = folder / f"contest-{os.getpid()}.hevc"
    for turn in range(TURNS):
        for one in them:
            spent[one.name].append(encode(source, output, one.arguments(one.qualities[at], small)))
            if turn == TURNS - 1:
                quality = scores(source, output)
                found[one.name] = Point(one.qualities[at], output.stat().st_size, min(spent[one.name]), *quality)
    output.unlink()
    return found


def signature(one: Contestant) -> str:
    """What a result belongs to: a speed whose parameters have changed is measured anew."""
    return " ".join([one.name, *one.arguments(0, False), *one.arguments(0, True)])


def results() -> dict[str, dict[str, Run]]:
    """Runs by film and signature."""
    found: dict[str, dict[str, Run]] = {}
    for line in PATH.read_text().splitlines() if PATH.exists() else ():
        stored = json.loads(line)
        found.setdefault(stored["film"], {})[stored["signature"]] = Run.from_json(stored["run"])
    return found


def _keep(film: Film, one: Contestant, run: Run) -> None:
    with PATH.open("a") as file:
        file.write(json.dumps({"film": film.name, "signature": signature(one), "run": run.as_json()}) + "\n")
