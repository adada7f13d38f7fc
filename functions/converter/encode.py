"""Plan + source → one encoded file, with progress into the lease."""

import os
from pathlib import Path

from functions.converter import ffmpeg, process
from functions.converter.containers import Container
from functions.converter.deadline import Forecast
from functions.converter.lease import Lease
from functions.converter.media import MediaInfo
from functions.converter.plan import EncodePlan
from functions.converter.slots import EncodeSlots
from functions.converter.workspace import free_bytes
from functions.shared import logs
from functions.shared.errors import EncodeFailed, ScratchFull
from functions.shared.settings import Settings
from functions.shared.transactions import Progress

OVERRUN = 1.5
"""An encode that makes more than this many times the probed frames reads a file that loops."""

FULL_BYTES = 1024**2


def encode(
    plan: EncodePlan,
    media: MediaInfo,
    container: Container,
    source: Path,
    lease: Lease,
    slots: EncodeSlots,
    settings: Settings,
    forecast: Forecast,
) -> Path:
    """Encode into the source's folder; the output's path. Waits for a slot first."""
    output = source.with_name(f"output.{plan.extension}")
    with slots.one(lease.watch):
        fd = os.open(source, os.O_RDONLY)
        try:
            argv = ffmpeg.command(ffmpeg.untrusted_input(container, fd), plan.arguments(), output)
            follow = _Follower(plan, lease, slots, forecast)
            lease.beat()
            tail = ffmpeg.run(argv, fd, source.parent, _limits(media, settings, lease), lease.watch, follow)
        except EncodeFailed as exc:
            _raise_if_full(source.parent, settings, exc)
            logs.event("ffmpeg.failed", transaction_id=lease.claim.transaction_id, said=" ".join(exc.__notes__))
            raise
        finally:
            os.close(fd)
    if tail:
        logs.event("ffmpeg.said", transaction_id=lease.claim.transaction_id, said=tail)
    return output


def _limits(media: MediaInfo, settings: Settings, lease: Lease) -> process.Limits:
    threads = process.threads_available()
    return process.Limits(
        memory_bytes=min(
            process.picture_memory_bytes(media.video.width, media.video.height, threads), settings.worker_memory_bytes
        ),
        file_bytes=settings.max_output_bytes,
        cpu_s=lease.deadline.cpu_s(threads),
    )


def _raise_if_full(folder: Path, settings: Settings, cause: EncodeFailed) -> None:
    """A full disk is the worker's fault, not the file's."""
    if free_bytes(folder) < max(FULL_BYTES, settings.scratch_reserve_bytes / 8):
        raise ScratchFull from cause


class _Follower:
    """Turns ffmpeg's reports into the row's progress."""

    def __init__(self, plan: EncodePlan, lease: Lease, slots: EncodeSlots, forecast: Forecast) -> None:
        self._forecast = forecast
        self._plan = plan
        self._lease = lease
        self._slots = slots
        self._frames = -1
        self._done_s = -1.0

    def __call__(self, report: ffmpeg.Report) -> None:
        if report.frames > self._plan.frames * OVERRUN + 100:
            raise EncodeFailed(f"more than {report.frames} frames came out of {self._plan.frames}")
        if (report.frames, report.done_s) == (self._frames, self._done_s):
            return
        self._frames, self._done_s = report.frames, report.done_s
        self._forecast.heed(report.frames)
        # By frames: the time that ffmpeg reports is that of copied audio, which runs seconds ahead of the picture.
        left = max(0, self._plan.frames - report.frames)
        eta_s = left / report.fps if report.fps else None
        if eta_s is not None:
            self._slots.expect_end(eta_s)
        percent = min(99.0, 100 * report.frames / self._plan.frames)
        self._lease.show(Progress("encode", percent, report.fps, self._speed(report), eta_s))

    def _speed(self, report: ffmpeg.Report) -> float:
        """Seconds of film encoded a second."""
        return round(report.fps * self._plan.duration_s / self._plan.frames, 2)
