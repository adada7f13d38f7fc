"""Running one media process as the product does, with limits of the test's own."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from functions.converter import ffmpeg, process, sandbox
from functions.converter.bounds import BOUNDS, Bounds, opening
from functions.converter.containers import MOV, Container
from functions.converter.inspection import Inspector

ROOMY = process.Limits(memory_bytes=2 * 1024**3, file_bytes=1024**2, cpu_s=60)
PATIENCE_S = 30.0


class NotHeld(Exception):
    """A limit did not hold."""


def patience() -> Callable[[bool], None]:
    """A watch that gives up after a while."""
    give_up = time.monotonic() + PATIENCE_S

    def watch(_moved: bool) -> None:
        if time.monotonic() > give_up:
            raise NotHeld

    return watch


def held(**changes: int) -> process.Limits:
    return process.Limits(**{**vars(ROOMY), **changes})


def run(
    argv: list[str],
    folder: Path,
    limits: process.Limits,
    watch: Callable[[bool], None],
    layers: sandbox.Sandbox = sandbox.FULL,
) -> ffmpeg.Ran:
    """Run a program as ffmpeg is run, by the product's one way to do so."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        return ffmpeg.run(argv, nothing, folder, limits, watch, lambda _report: None, layers)
    finally:
        os.close(nothing)


def ask(
    source: Path,
    limits: process.Limits,
    watch: Callable[[bool], None],
    container: Container = MOV,
    layers: sandbox.Sandbox = sandbox.FULL,
    most: Bounds = BOUNDS,
) -> None:
    """Have a file probed by an inspector of its own, with ``container``'s demuxer whatever the file is."""
    inspector = Inspector(layers)
    fd = os.open(source, os.O_RDONLY)
    request = {"command": "probe", "tags": []} | opening(container, most)
    try:
        inspector.ask(request, [fd], limits, watch)
    finally:
        inspector.close()
        os.close(fd)
