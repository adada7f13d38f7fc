"""Clips a minute of one worker with a full queue, over bare ffmpeg on the same clips one after another."""

from pathlib import Path
from statistics import median

from tests.bench.figures import Figure
from tests.bench.overhead import convert
from tests.bench.product import Product, product
from tests.bench.reference import run_reference
from tests.bench.setting import CLIP, Setting

AT_LEAST = 0.95


def measure(setting: Setting) -> list[Figure]:
    """Queue after queue, each beside as many runs of the reference."""
    with product(setting.folder / "throughput") as running:
        argv = convert(running, CLIP).argv
        ours, bare = [], []
        for number in range(setting.pairs):
            for turn in ("ours", "bare") if number % 2 == 0 else ("bare", "ours"):
                if turn == "ours":
                    ours.append(queue_s(running, CLIP, setting.queued_clips))
                else:
                    bare.append(_bare_s(argv, setting))
            setting.say(f"{setting.queued_clips} clips: {ours[-1]:.1f} s, reference {bare[-1]:.1f} s")
    return _figures(ours, bare, setting.queued_clips)


def queue_s(running: Product, clip: Path, clips: int) -> float:
    """From the moment that the first of so many is there to the moment that the last one is Completed."""
    uploads = [running.put(clip) for _ in range(clips)]
    rows = [running.completed(upload.transaction_id) for upload in uploads]
    return float(max(row["converting_until"].timestamp() for row in rows) - uploads[0].put_end)


def _bare_s(argv: list[str], setting: Setting) -> float:
    return sum(run_reference(argv, CLIP, setting.folder).seconds for _ in range(setting.queued_clips))


def _figures(ours: list[float], bare: list[float], clips: int) -> list[Figure]:
    ratios = tuple(reference / product_s for product_s, reference in zip(ours, bare, strict=True))
    per_minute = tuple(60 * clips / seconds for seconds in ours)
    bare_per_minute = tuple(60 * clips / seconds for seconds in bare)
    name = f"{clips} queued clips"
    return [
        Figure(
            "throughput",
            f"{name}, over the reference",
            median(ratios),
            "",
            at_least=AT_LEAST,
            original="0.70",
            samples=ratios,
        ),
        Figure("throughput", f"{name}, a minute", median(per_minute), "clips/min", original="14", samples=per_minute),
        Figure(
            "throughput",
            f"{name}, reference",
            median(bare_per_minute),
            "clips/min",
            original="20",
            samples=bare_per_minute,
        ),
    ]
