"""The whole system with the speed ``fastest`` beside the original's arguments for ffmpeg through the same pipeline."""

from dataclasses import dataclass, replace
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

from functions.shared.options import Options
from functions.shared.speeds import SPEEDS
from tests.bench.figures import Figure
from tests.bench.films import FILMS
from tests.bench.ladder.curves import mean_ratio
from tests.bench.product import Product, product
from tests.bench.setting import Setting
from tests.support.conversions import convert_file
from tests.support.vmaf import every_frame

ORIGINAL = Options(preset="ultrafast", crf=28, audio="none", previews=False)
"""``-preset ultrafast`` with x265's own rate factor. Without sound: the picture's bytes are compared."""

TRIED_CRFS = (27.0, 31.0)
AT_LEAST_SPEED = 1.0
AT_MOST_BYTES = 0.9


@dataclass(frozen=True)
class Equal:
    """``crf``: where ``fastest`` looks as good as the original's arguments; ``ratio``: of the bytes, there."""

    film: Path
    crf: float
    ratio: float


def measure(setting: Setting) -> list[Figure]:
    """Each film's rate factor of equal VMAF first; then all films in one queue, one way and the other in turn."""
    films = FILMS[:2] if setting.pairs < 2 else FILMS
    equals = [_equal(film.file(setting.folder), setting) for film in films]
    with product(setting.folder / "system", X265_PRESET=ORIGINAL.preset, X265_CRF=f"{ORIGINAL.crf:g}") as running:
        ours: list[float] = []
        theirs: list[float] = []
        _queue_s(running, equals[:1], fastest=True)  # warms up
        for number in range(setting.pairs):
            for fastest in (True, False) if number % 2 == 0 else (False, True):
                (ours if fastest else theirs).append(_queue_s(running, equals, fastest=fastest))
            setting.say(f"{len(equals)} films: fastest {ours[-1]:.1f} s, the original's arguments {theirs[-1]:.1f} s")
    return _figures(equals, ours, theirs)


def _equal(film: Path, setting: Setting) -> Equal:
    size, vmaf = _converted(film, ORIGINAL, setting.folder)
    (size_1, vmaf_1), (size_2, vmaf_2) = (_converted(film, _fastest(crf), setting.folder) for crf in TRIED_CRFS)
    way = (vmaf - vmaf_1) / (vmaf_2 - vmaf_1)
    crf = TRIED_CRFS[0] + way * (TRIED_CRFS[1] - TRIED_CRFS[0])
    found = Equal(film, round(crf, 1), exp(log(size_1) + way * (log(size_2) - log(size_1))) / size)
    setting.say(f"{film.name}: VMAF {vmaf:.1f} at crf {found.crf}, {found.ratio:.3f} of the bytes")
    return found


def _fastest(crf: float) -> Options:
    speed = SPEEDS["fastest"]
    return replace(ORIGINAL, preset=speed.preset, parameters=speed.parameters, speed=speed.name, crf=crf)


def _converted(film: Path, options: Options, folder: Path) -> tuple[int, float]:
    """Bytes of the result and the mean VMAF of all its frames."""
    conversion = convert_file(film, folder / "equal", options)
    output = conversion.rendition.output
    return output.stat().st_size, every_frame(film, output).mean


def _queue_s(running: Product, equals: list[Equal], *, fastest: bool) -> float:
    """From the moment that the first film is there to the moment that the last one is Completed."""

    def options(equal: Equal) -> dict[str, Any]:
        return {"audio": "none"} | ({"speed": "fastest", "crf": equal.crf} if fastest else {})

    uploads = [running.put(equal.film, options(equal)) for equal in equals]
    rows = [running.completed(upload.transaction_id) for upload in uploads]
    return float(max(row["converting_until"].timestamp() for row in rows) - uploads[0].put_end)


def _figures(equals: list[Equal], ours: list[float], theirs: list[float]) -> list[Figure]:
    speeds = tuple(original / fastest for fastest, original in zip(ours, theirs, strict=True))
    a_minute = tuple(60 * len(equals) / seconds for seconds in ours)
    ratios = tuple(equal.ratio for equal in equals)
    name = f"{len(equals)} films"
    return [
        Figure(
            "system", f"{name} with fastest, over the original's arguments", median(speeds), "",
            at_least=AT_LEAST_SPEED, samples=speeds,
        ),
        Figure("system", f"{name} with fastest, a minute", median(a_minute), "films/min", samples=a_minute),
        Figure(
            "system", f"{name}, bytes at equal VMAF", mean_ratio(ratios), "", at_most=AT_MOST_BYTES, samples=ratios,
            note="geometric mean; each sample is a film",
        ),
    ]  # fmt: skip
