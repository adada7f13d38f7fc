"""How fast a film that is H.265 already goes through, beside ``cp`` of the same file: stage by stage."""

import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from functions.converter import ffmpeg
from functions.converter.publish import sha256_of
from tests.bench.figures import Figure
from tests.bench.setting import CLIP, MIB, Setting
from tests.support.attempts import a_lease
from tests.support.conversions import convert_file

AT_LEAST = 0.5
SOURCE_MIB = 256
RICH = ["-c:v", "libx265", "-preset", "ultrafast", "-crf", "4", "-x265-params", "log-level=error", "-c:a", "copy"]
"""About 40 Mbit/s, as cameras write."""


def measure(setting: Setting) -> list[Figure]:
    """Without previews: they are of a fixed number of pictures, whatever the size of the film."""
    source = hevc_film(setting.folder)
    mib = source.stat().st_size / MIB
    stages, ratios, copies = defaultdict(list), [], []
    for _ in range(setting.pairs):
        cp_s = _cp(source, setting.folder / "copied")
        spent = _remuxed(source, setting.folder / "remux")
        for name, seconds in spent.items():
            stages[name].append(seconds)
        ratios.append(cp_s / sum(spent.values()))
        copies.append(mib / cp_s)
        setting.say(f"{mib:.0f} MiB: cp {cp_s:.2f} s, {spent}")
    return [
        Figure("remux", "throughput over that of cp", median(ratios), "", at_least=AT_LEAST, samples=tuple(ratios)),
        Figure("remux", "cp", median(copies), "MiB/s", samples=tuple(copies)),
        *(
            Figure("remux", f"stage: {name}, of {mib:.0f} MiB", median(spent), "s", samples=tuple(spent))
            for name, spent in stages.items()
        ),
    ]


def hevc_film(folder: Path) -> Path:
    """The clip as H.265 of a high bit rate, its packets repeated until the file is large."""
    short, path = folder / "short.mp4", folder / "hevc.mp4"
    quiet = [ffmpeg.binary(), "-v", "error", "-nostdin", "-y"]
    subprocess.run([*quiet, "-i", str(CLIP), *RICH, "-tag:v", "hvc1", str(short)], check=True)
    times = SOURCE_MIB * MIB // short.stat().st_size
    subprocess.run([*quiet, "-stream_loop", str(times), "-i", str(short), "-c", "copy", str(path)], check=True)
    short.unlink()
    return path


def _cp(source: Path, target: Path) -> float:
    started = time.perf_counter()
    subprocess.run(["cp", str(source), str(target)], check=True)
    seconds = time.perf_counter() - started
    target.unlink()
    return seconds


def _remuxed(source: Path, folder: Path) -> dict[str, float]:
    """Seconds of each stage. Both files are hashed at the end, as publishing and the receipt do."""
    conversion = convert_file(source, folder)
    assert conversion.rendition.outcome == "remuxed"
    spent = dict(conversion.job.lease.stage_s)
    with _timed(spent, "hash"):
        for path in (conversion.output, conversion.job.source):
            sha256_of(path, a_lease())
    return spent


@contextmanager
def _timed(spent: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    spent[name] = time.perf_counter() - started
