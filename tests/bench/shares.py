"""What proving the result, its previews and the sandbox add to the encode itself, in wall time and in CPU time.

Four runs of the same film take turns: bare ffmpeg with the product's arguments but for the tiny pictures; the product's
encode and verification without a sandbox and without previews; the same with previews; all of it.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from functions.converter import sandbox
from functions.converter.pictureplan import PICTURE, THUMBS
from functions.shared.options import Options
from tests.bench.figures import Figure
from tests.bench.reference import with_own_files
from tests.bench.setting import Setting
from tests.support.conversions import Conversion, convert_file

FILM_S = 32
MOST = 0.15
PREVIEWS = 0.05
DEFAULT = Options(preset="veryfast", crf=26)


@dataclass(frozen=True)
class Cost:
    """Seconds."""

    wall: float
    cpu: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


@dataclass(frozen=True)
class Round:
    """What the same film cost with ever more around its encode."""

    bare: Cost
    verified: Cost
    with_previews: Cost
    all: Cost

    def shares(self) -> dict[str, Cost]:
        """Of the bare encode's time."""
        steps = {
            "verification": self.verified - self.bare,
            "previews": self.with_previews - self.verified,
            "sandbox": self.all - self.with_previews,
            "together": self.all - self.bare,
        }
        return {name: Cost(step.wall / self.bare.wall, step.cpu / self.bare.cpu) for name, step in steps.items()}


def measure(setting: Setting) -> list[Figure]:
    """On real footage, with the default options."""
    clip = setting.looped(FILM_S)
    rounds = [_round(setting, clip) for _ in range(setting.pairs)]
    return _figures(rounds)


def _round(setting: Setting, clip: Path) -> Round:
    all_of_it, conversion = _converted(setting, clip, previews=True)
    bare = _bare(conversion, clip, setting.folder)
    with bare_processes():
        with_previews, _ = _converted(setting, clip, previews=True)
        verified, _ = _converted(setting, clip, previews=False)
    found = Round(bare, verified, with_previews, all_of_it)
    setting.say(f"{clip.name}: bare {bare.wall:.2f} s, {found.shares()}")
    return found


def _converted(setting: Setting, clip: Path, *, previews: bool) -> tuple[Cost, Conversion]:
    """The stages encode and verify, as the pipeline runs them."""
    began = _cpu_s()
    conversion = convert_file(clip, setting.folder / "share", replace(DEFAULT, previews=previews))
    stages = conversion.job.lease.stage_s
    return Cost(stages["encode"] + stages["verify"], _cpu_s() - began), conversion


def _bare(conversion: Conversion, clip: Path, folder: Path) -> Cost:
    assert conversion.rendition.encoded is not None
    argv, output = encode_alone(list(conversion.rendition.encoded.argv)), folder / "bare.mp4"
    output.unlink(missing_ok=True)
    fd = os.open(clip, os.O_RDONLY)
    try:
        own = with_own_files(argv, fd, output)
        began, started = _cpu_s(), time.perf_counter()
        subprocess.run(own, env={}, pass_fds=[fd], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        return Cost(time.perf_counter() - started, _cpu_s() - began)
    finally:
        os.close(fd)


def encode_alone(argv: list[str]) -> list[str]:
    """The product's arguments without its second output, the tiny pictures, and the filters that make them."""
    graph = argv.index("-filter_complex") + 1
    chain, split, _ = argv[graph].partition(",split[")
    if not split:
        raise ValueError(f"no tiny pictures in {argv[graph]}")
    ours = [*argv[:graph], f"{chain}[{PICTURE}]", *argv[graph + 1 :]]
    return ours[: ours.index(f"[{THUMBS}]") - 1]


@contextmanager
def bare_processes() -> Iterator[None]:
    """Media processes get no sandbox while the block runs."""
    confined = sandbox.prepared

    def unconfined(_layers: sandbox.Sandbox, *rest: Any) -> Any:
        return confined(sandbox.NONE, *rest)

    with patch.object(sandbox, "prepared", unconfined):
        yield


def _cpu_s() -> float:
    """Of this process and of its children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _figures(rounds: list[Round]) -> list[Figure]:
    figures = []
    for name, bound in (("together", MOST), ("verification", None), ("previews", PREVIEWS), ("sandbox", None)):
        walls = [found.shares()[name].wall for found in rounds]
        cpus = [found.shares()[name].cpu for found in rounds]
        figures += [
            Figure("shares", f"{name}, of the encode's wall time", median(walls), "", bound, samples=tuple(walls)),
            Figure("shares", f"{name}, of the encode's CPU time", median(cpus), "", samples=tuple(cpus)),
        ]
    bare = [found.bare.wall for found in rounds]
    return [*figures, Figure("shares", f"encode alone, a film of {FILM_S} s", median(bare), "s", samples=tuple(bare))]
