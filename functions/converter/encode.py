"""Plan + source → one file, with progress into the lease; beside it, tiny pictures of what the encoder was given."""

import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from functions.converter import ffmpeg, process
from functions.converter.bounds import bounds
from functions.converter.chapters import written
from functions.converter.containers import Container
from functions.converter.deadline import Forecast
from functions.converter.lease import Lease
from functions.converter.media import MediaInfo
from functions.converter.pictureplan import CHOSEN, THUMBS, PicturePlan
from functions.converter.plan import ConversionPlan
from functions.converter.samples import Window, selection
from functions.converter.slots import EncodeSlots, Share
from functions.converter.threads import processors_available
from functions.converter.tinypictures import FRAME_BYTES, SIDE
from functions.converter.workspace import free_bytes, making_folder, require_within
from functions.shared import logs
from functions.shared.errors import EncodeFailed, OutputTooLarge, ScratchFull
from functions.shared.settings import Settings
from functions.shared.transactions import Progress

OVERRUN = 1.5
"""An encode that makes more than this many times the probed frames reads a file that loops."""

FULL_BYTES = 1024**2

CHOSEN_SOURCE = "chosen.source"
RAW = ["-c:v", "rawvideo", "-f", "rawvideo"]

FORESEEN_SHARE = 0.25
FORESEEN_FRAMES = 250
"""Of the film must be encoded before its size is foretold: a share of it, and as many frames as lie between keyframes.
Of fewer the first keyframe makes too much: a film of 132 frames that fits looked 1.1 times too large."""

CLEARLY = 1.1
"""A foretold size counts as too large when it exceeds the bound by so much: scenes differ."""


class GrewTooLarge(Exception):
    """The result would be larger than ``bound``; ``factor``: how many times."""

    def __init__(self, factor: float) -> None:
        super().__init__(factor)
        self.factor = factor


@dataclass(frozen=True)
class Encoded:
    """What an encode made. ``thumbs``: a tiny picture of each frame that the encoder was given; ``times``: when each of
    them is shown, in seconds, where the plan changes times; both None for a copy. ``complained``: ffmpeg had something
    to say about the source."""

    output: Path
    thumbs: Path | None
    times: Path | None
    argv: tuple[str, ...]
    cpu_s: float
    complained: bool = False


@dataclass(frozen=True)
class Job:
    """What stays the same for each try to encode one source.

    ``film``: the file that is read; the source itself unless that had to be unpacked.
    """

    source: Path
    film: Path
    container: Container
    media: MediaInfo
    lease: Lease
    slots: EncodeSlots
    settings: Settings

    @property
    def folder(self) -> Path:
        """Where media processes write."""
        return making_folder(self.source)

    def share(self) -> AbstractContextManager[Share]:
        """A share of the worker, held while encoders run; waits for it, unless the calling thread holds it already."""
        return self.slots.one(self.lease.watch, self.media.video.width, self.media.video.height)


def encode(plan: ConversionPlan, job: Job, bound_bytes: int | None = None, chosen: tuple[Window, ...] = ()) -> Encoded:
    """Encode into the job's folder. Waits for a share of the worker first.

    The ``chosen`` frames of what the encoder is given are kept, without compression, as ``chosen.source``.

    Raises ``GrewTooLarge`` as soon as the result can be foretold to exceed ``bound_bytes``, and when it does.
    """
    folder = job.folder
    output = folder / f"output.{plan.container}"
    thumbs, times, kept = folder / "source.thumbs", folder / "source.times", folder / CHOSEN_SOURCE
    for earlier in (output, thumbs, times, kept):  # over which ffmpeg does not write
        earlier.unlink(missing_ok=True)
    with job.share() as share:
        plan, began = plan.using(share.threads), time.perf_counter()
        fd = os.open(job.film, os.O_RDONLY)
        try:
            reading = [] if plan.picture.copied else [*share.threads.reading(), *plan.picture.decoding()]
            inputs = [*reading, *ffmpeg.untrusted_input(job.container, fd, bounds(job.settings))]
            inputs += chapters_input(plan, folder)
            argv = ffmpeg.command(inputs, [*_graph(plan, chosen), *plan.arguments()], output)
            argv += [] if plan.picture.copied else watching(plan, thumbs, times)
            argv += keeping(plan, kept) if chosen else []
            limits = process_limits(job, share.memory_bytes, frames_bytes(plan.picture, chosen))
            follow = _Follower(plan, job, bound_bytes)
            job.lease.beat()
            ran = ffmpeg.run(argv, fd, folder, limits, job.lease.watch, follow)
        except EncodeFailed as exc:
            _raise_if_full(folder, job.settings, exc)
            said = " ".join(getattr(exc, "__notes__", ()))
            logs.event("ffmpeg.failed", transaction_id=job.lease.claim.transaction_id, said=said)
            raise
        finally:
            os.close(fd)
        ms = (time.perf_counter() - began) * 1000
        transaction_id = job.lease.claim.transaction_id
        logs.event("encoded", transaction_id=transaction_id, threads=share.threads.pool, ms=ms)
    if ran.tail:
        logs.event("ffmpeg.said", transaction_id=job.lease.claim.transaction_id, said=ran.tail)
    if output.stat().st_size > job.settings.max_output_bytes:
        raise OutputTooLarge
    if bound_bytes is not None and output.stat().st_size > bound_bytes:
        raise GrewTooLarge(output.stat().st_size / bound_bytes)
    copied = plan.picture.copied
    watched = (None if copied else thumbs), (times if plan.picture.retimed else None)
    return Encoded(output, *watched, tuple(argv), ran.cpu_s, bool(ran.tail))


def chapters_input(plan: ConversionPlan, folder: Path) -> list[str]:
    """The plan's chapters as an input of ffmpeg's own; nothing if there are none."""
    if not plan.chapters:
        return []
    path = folder / "chapters.txt"
    path.write_text(written(plan.chapters), "utf-8")
    return ["-f", "ffmetadata", "-i", f"file:{path}"]


def _graph(plan: ConversionPlan, chosen: tuple[Window, ...]) -> list[str]:
    if plan.picture.copied:
        return []
    return ["-filter_complex", plan.picture.graph(SIDE, chosen=selection(chosen) if chosen else "")]


def watching(plan: ConversionPlan, thumbs: Path, times: Path | None = None) -> list[str]:
    """One more output of the same filters: what the encoder was given, in tiny pictures; ``times``: and when."""
    stats = ["-stats_enc_pre:v:0", str(times), "-stats_enc_pre_fmt:v:0", "{pts} {tb}"] if times else []
    return [
        *("-map", f"[{THUMBS}]", "-fps_mode", "passthrough"),
        *(["-enc_time_base:v:0", "filter", *stats] if plan.picture.retimed else ()),
        *(*RAW, f"file:{thumbs}"),
    ]


def keeping(plan: ConversionPlan, kept: Path) -> list[str]:
    """One more output of the same filters: the chosen frames, as the encoder was given them."""
    retimed = ["-enc_time_base:v:0", "filter"] if plan.picture.retimed else []
    return ["-map", f"[{CHOSEN}]", "-fps_mode", "passthrough", *retimed, *RAW, f"file:{kept}"]


def frames_bytes(picture: PicturePlan, windows: tuple[Window, ...]) -> int:
    """Room that these frames take without compression."""
    return sum(window.frames for window in windows) * picture.frame_bytes


def process_limits(job: Job, memory_bytes: int, raw_bytes: int = 0) -> process.Limits:
    """Of one process; ``raw_bytes``: frames without compression that it writes."""
    return process.Limits(
        memory_bytes=memory_bytes,
        file_bytes=max(job.settings.max_output_bytes, thumbs_bytes(job.media), raw_bytes),
        cpu_s=min(job.lease.deadline.cpu_s(processors_available()), job.settings.max_cpu_s),
    )


def thumbs_bytes(media: MediaInfo) -> int:
    """At most so much room tiny pictures take: each field may become a frame."""
    return (int(2 * OVERRUN * media.video.frames) + 200) * FRAME_BYTES


def _raise_if_full(folder: Path, settings: Settings, cause: EncodeFailed) -> None:
    """A full disk is the worker's fault, not the file's."""
    if free_bytes(folder) < max(FULL_BYTES, settings.scratch_reserve_bytes / 8):
        raise ScratchFull from cause


class _Follower:
    """Turns ffmpeg's reports into the row's progress."""

    def __init__(self, plan: ConversionPlan, job: Job, bound_bytes: int | None) -> None:
        self._forecast = Forecast(job.lease.deadline, plan.picture.frames)
        self._planned = plan.picture.frames
        self._film_s = plan.picture.duration_s
        self._lease = job.lease
        self._slots = job.slots
        self._bound = bound_bytes
        self._folder, self._most_bytes = job.source.parent, job.settings.max_scratch_bytes
        self._most_written = job.settings.max_output_bytes
        self._frames = -1
        self._done_s = -1.0

    def __call__(self, report: ffmpeg.Report) -> None:
        if report.frames > self._planned * OVERRUN + 100:
            raise EncodeFailed(f"more than {report.frames} frames came out of {self._planned}")
        require_within(self._folder, self._most_bytes)
        if report.written > self._most_written:
            raise OutputTooLarge
        if (report.frames, report.done_s) == (self._frames, self._done_s):
            return
        self._frames, self._done_s = report.frames, report.done_s
        self._forecast.heed(report.frames)
        self._foretell_size(report)
        # By frames: the time that ffmpeg reports is that of copied audio, which runs seconds ahead of the picture.
        left = max(0, self._planned - report.frames)
        eta_s = left / report.fps if report.fps else None
        if eta_s is not None:
            self._slots.expect_end(eta_s)
        percent = min(99.0, 100 * report.frames / self._planned)
        self._lease.show(Progress("encode", percent, report.fps, self._speed(report), eta_s))

    def _foretell_size(self, report: ffmpeg.Report) -> None:
        share = report.frames / self._planned
        if self._bound is None or share > 1 or share < FORESEEN_SHARE or report.frames < FORESEEN_FRAMES:
            return
        factor = report.written / share / self._bound
        if factor > CLEARLY:
            raise GrewTooLarge(factor)

    def _speed(self, report: ffmpeg.Report) -> float:
        """Seconds of film encoded a second."""
        return round(report.fps * self._film_s / self._planned, 2)
