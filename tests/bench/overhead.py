"""What the product adds to a conversion, from the end of the PUT to ``Completed``."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure
from tests.bench.product import Product, product, stage_times_s
from tests.bench.reference import Reference, run_reference
from tests.bench.setting import CLIP, Setting
from tests.bench.watching import first_media_process

SHARE = 1.03
FIXED_S = 0.5
FIRST_PROCESS_MS = 150.0
ORIGINAL = "adds 0.8 to 2.0 s; 46 to 52 % on short clips"


@dataclass(frozen=True)
class Conversion:
    """Seconds from the end of the PUT to ``Completed`` and to the first ffmpeg, and of each stage; the ``argv``."""

    seconds: float
    to_ffmpeg_s: float
    stages: dict[str, float]
    argv: list[str]


def measure(setting: Setting) -> list[Figure]:
    """Both clips, on one stack."""
    with product(setting.folder / "overhead") as running:
        convert(running, CLIP)  # warms both up
        return [
            *_figures("5 s clip", _pairs(setting, running, CLIP)),
            *_figures("60 s clip", _pairs(setting, running, setting.long_clip)),
        ]


def _pairs(setting: Setting, running: Product, clip: Path) -> list[tuple[Conversion, Reference]]:
    """Conversions and references in turns; who begins changes as well."""
    pairs: list[tuple[Conversion, Reference]] = []
    for number in range(setting.pairs):
        if number % 2:
            reference = run_reference(pairs[-1][0].argv, clip, setting.folder)
            conversion = convert(running, clip)
        else:
            conversion = convert(running, clip)
            reference = run_reference(conversion.argv, clip, setting.folder)
        pairs.append((conversion, reference))
        setting.say(f"{clip.name}: {conversion.seconds:.2f} s, reference {reference.seconds:.2f} s")
    return pairs


def convert(running: Product, clip: Path) -> Conversion:
    """Convert a clip and tell how long it took."""
    with first_media_process(running.worker.pid) as ffmpeg:
        upload = running.put(clip)
        row = running.completed(upload.transaction_id)
    return Conversion(
        seconds=row["converting_until"].timestamp() - upload.put_end,
        to_ffmpeg_s=ffmpeg.started - upload.put_end,
        stages={
            "until the claim": row["converting_since"].timestamp() - upload.put_end,
            **stage_times_s(running.worker_log, upload.transaction_id),
        },
        argv=ffmpeg.argv,
    )


def _figures(name: str, pairs: list[tuple[Conversion, Reference]]) -> list[Figure]:
    def figure(what: str, samples: list[float], unit: str, at_most: float | None = None, original: str = "") -> Figure:
        return Figure(
            "overhead", f"{name}, {what}", median(samples), unit, at_most, original=original, samples=tuple(samples)
        )

    stages = defaultdict(list)
    for conversion, _ in pairs:
        for stage, seconds in conversion.stages.items():
            stages[stage].append(seconds * 1000)
        stages["between the stages"].append(1000 * (conversion.seconds - sum(conversion.stages.values())))
    return [
        figure(
            "PUT to Completed less 1.03 x reference", [c.seconds - SHARE * r.seconds for c, r in pairs], "s", FIXED_S
        ),
        figure("added to the reference", [c.seconds - r.seconds for c, r in pairs], "s", original=ORIGINAL),
        figure("reference", [r.seconds for _, r in pairs], "s"),
        figure("reference, its encode", [r.encode_s for _, r in pairs], "s"),
        figure("PUT to first ffmpeg", [c.to_ffmpeg_s * 1000 for c, _ in pairs], "ms", FIRST_PROCESS_MS),
        *(figure(f"stage: {stage}", samples, "ms") for stage, samples in stages.items()),
    ]
