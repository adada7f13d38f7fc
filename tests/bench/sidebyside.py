"""Small clips through one worker that encodes them side by side, over one that takes them one after another."""

import subprocess
from pathlib import Path
from statistics import median

from functions.converter import ffmpeg
from tests.bench.figures import Figure
from tests.bench.overhead import convert
from tests.bench.product import Product, product
from tests.bench.setting import CLIP, Setting
from tests.bench.throughput import queue_s

HEIGHT = 180
AT_LEAST = 1.0
LONE_AT_LEAST = 0.95
"""What a clip alone may lose for being encoded as it would be beside others."""

AUTO, ONE = "auto", "1"


def measure(setting: Setting) -> list[Figure]:
    """A queue of them, and each time one alone; two stacks take turns, the one that waits does nothing."""
    clip, folder = _small(setting.folder), setting.folder / "sidebyside"
    queued: dict[str, list[float]] = {AUTO: [], ONE: []}
    lone: dict[str, list[float]] = {AUTO: [], ONE: []}
    with (
        product(folder / "auto", WORKER_CONCURRENCY=AUTO) as auto,
        product(folder / "one", WORKER_CONCURRENCY=ONE) as one,
    ):
        stacks = {AUTO: auto, ONE: one}
        for running in stacks.values():
            convert(running, clip)  # warms up
        for number in range(setting.pairs):
            for turn in (AUTO, ONE) if number % 2 == 0 else (ONE, AUTO):
                queued[turn].append(queue_s(stacks[turn], clip, setting.queued_clips))
                lone[turn].append(_lone_s(stacks[turn], clip))
            setting.say(
                f"{setting.queued_clips} small clips: {queued[AUTO][-1]:.1f} s, in turn {queued[ONE][-1]:.1f} s"
            )
    name = f"{setting.queued_clips} clips of {HEIGHT} lines"
    return [
        _ratio(f"{name}, side by side over in turn", queued, AT_LEAST),
        *(_seconds(f"{name}, {how}", queued[turn]) for how, turn in (("side by side", AUTO), ("in turn", ONE))),
        _ratio(f"one clip of {HEIGHT} lines alone, over one at a time", lone, LONE_AT_LEAST),
    ]


def _small(folder: Path) -> Path:
    """The clip, scaled down."""
    path = folder / f"small_{HEIGHT}.mp4"
    scaled = ["-i", str(CLIP), "-vf", f"scale=-2:{HEIGHT}", "-c:v", "libx264", "-crf", "18", "-c:a", "copy", str(path)]
    subprocess.run([ffmpeg.binary(), "-nostdin", "-y", "-loglevel", "error", *scaled], check=True)
    return path


def _lone_s(running: Product, clip: Path) -> float:
    return convert(running, clip).seconds


def _ratio(name: str, seconds: dict[str, list[float]], at_least: float) -> Figure:
    """Of the speeds."""
    samples = tuple(one / auto for auto, one in zip(seconds[AUTO], seconds[ONE], strict=True))
    return Figure("sidebyside", name, median(samples), "", at_least=at_least, samples=samples)


def _seconds(name: str, samples: list[float]) -> Figure:
    return Figure("sidebyside", name, median(samples), "s", samples=tuple(samples))
