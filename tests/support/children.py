"""Media processes that the converter starts: seen, and harmed, at their start."""

from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil
import pytest

from functions.converter import process
from tests.support.processes import running
from tests.support.waiting import wait_until
from tests.support.world import World

FFMPEG, INSPECTOR = "ffmpeg", "inspector"
Harm = Callable[["Popen[bytes]"], None]


class Children:
    """``harm[FFMPEG]`` is done to each ffmpeg as soon as it runs, ``harm[INSPECTOR]`` to each inspector."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.started: list[tuple[str, psutil.Process]] = []
        self.harm: dict[str, Harm] = {}
        self._spawn = process.spawn
        patch.setattr(process, "spawn", self._start)

    def _start(self, argv: list[str], **options: Any) -> "Popen[bytes]":
        kind = INSPECTOR if any(word.endswith("inspector/__main__.py") for word in argv) else FFMPEG
        child = self._spawn(argv, **options)
        self.started.append((kind, psutil.Process(child.pid)))
        if kind in self.harm:
            self.harm[kind](child)
        return child

    @property
    def left(self) -> list[str]:
        """Those that still run."""
        return [kind for kind, child in self.started if running([child])]


def expect_healthy(world: World, children: Children, clip: Path) -> None:
    """The next ordinary job succeeds at once, and nothing is left of the one before it."""
    children.harm.clear()
    row = world.convert(clip)
    assert (row["status"], row["error_reason"], row["attempt"]) == ("Completed", None, 1)
    assert world.leftovers() == []
    # The inspector that waits for the next file.
    wait_until(lambda: children.left == [INSPECTOR], "all media processes to end", bound_s=10)
