"""Samples encoded at one rate factor with the plan's own arguments, and measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

from functions.converter import ffmpeg
from functions.converter.cutting import SampleFilm
from functions.converter.encode import Job
from functions.converter.measuring import Ruler, Side, measure, run
from functions.converter.pictureplan import PicturePlan
from functions.converter.plan import ConversionPlan
from functions.converter.slots import Share
from functions.shared.errors import EncodeFailed

SKIPPED = 1
"""Measured frames at the begin of a window that do not count: its first one is a keyframe, better than those that are
somewhere in the film."""

WINDOW_LOSS = {"ultrafast": 0.03}
USUAL_WINDOW_LOSS, PRESETS_WINDOW_LOSS = 0.08, 0.03
"""Of what is missing to 100, what twelve frames on their own lose beside the same ones in the whole film: the encoder
looks ahead no further than they last, and still scenes had no time to get better from frame to frame; less where it
looks no further ahead anyway. By the preset that a speed replaces; the last is that of x265's own presets."""


def window_loss(picture: PicturePlan) -> float:
    """See ``WINDOW_LOSS``."""
    return WINDOW_LOSS.get(picture.pace, USUAL_WINDOW_LOSS) if picture.parameters else PRESETS_WINDOW_LOSS


@dataclass(frozen=True)
class Probe:
    """``windows``: scores of the measured frames of each, without those that do not count. ``frames``, ``packets``:
    frames that were encoded, and the bytes of each, in coding order; ``cpu_s``: encoding and measuring them."""

    crf: float
    windows: tuple[tuple[float, ...], ...]
    packets: tuple[int, ...]
    encode_cpu_s: float
    measure_cpu_s: float

    @property
    def frames(self) -> int:
        return len(self.packets)

    @property
    def cpu_s(self) -> float:
        return self.encode_cpu_s + self.measure_cpu_s

    @cached_property
    def means(self) -> tuple[float, ...]:
        return tuple(fmean(scores) for scores in self.windows)

    @property
    def p5(self) -> float:
        return percentile_5([score for scores in self.windows for score in scores])

    def as_json(self) -> dict[str, Any]:
        """As a receipt tells it."""
        return {
            "crf": self.crf,
            "frames": self.frames,
            "mean": round(fmean(self.means), 2),
            "p5": round(self.p5, 2),
            "bytes": sum(self.packets),
        }


def percentile_5(scores: Sequence[float]) -> float:
    """The 5th percentile, between the two scores next to it."""
    ordered = sorted(scores)
    place = 0.05 * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def probe_samples(
    job: Job, plan: ConversionPlan, film: SampleFilm, crf: float, measure_by: Ruler, share: Share
) -> Probe:
    """Encode and measure all windows of ``film``: in one go, each beginning with a keyframe."""
    encoded, sizes = job.folder / "probe.hevc", job.folder / "probe.sizes"
    picture = plan.using(share.threads).picture.at_crf(crf)
    keyframes = ["-force_key_frames:v:0", f"expr:not(mod(n,{film.length}))"]
    noted = ["-stats_enc_post:v:0", str(sizes), "-stats_enc_post_fmt:v:0", "{size}"]
    outputs = ["-map", "0:v:0", *picture.encoder(), *keyframes, *noted, "-f", "hevc"]
    try:
        job.lease.beat()
        ran = run(ffmpeg.command([*share.threads.reading(), *film.inputs()], outputs, encoded), job, share)
        hevc = ["-protocol_whitelist", "file", "-f", "hevc", "-framerate", f"{picture.frame_rate:.6g}"]
        distorted = Side([*hevc, "-i", f"file:{encoded}"], "[1:v:0]null")
        measured = measure(distorted, Side(film.inputs(), "[0:v:0]null"), measure_by, job, share)
        packets = tuple(int(size) for size in sizes.read_text().split())
    finally:
        encoded.unlink(missing_ok=True)
        sizes.unlink(missing_ok=True)
    windows = _by_window(measured.scores, film, measure_by.every)
    return Probe(crf, windows, packets, ran.cpu_s, measured.cpu_s)


def _by_window(scores: Sequence[float], film: SampleFilm, every: int) -> tuple[tuple[float, ...], ...]:
    each = -(-film.length // every)
    if len(scores) != each * len(film.windows):
        raise EncodeFailed(f"{len(scores)} frames were measured instead of {each * len(film.windows)}")
    parts = [scores[start : start + each] for start in range(0, len(scores), each)]
    return tuple(tuple(part[SKIPPED:] if each > SKIPPED else part) for part in parts)
