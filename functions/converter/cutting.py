"""Samples of a film, as the encoder would be given them: cut from the source through the plan's own filters."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from functions.converter import ffmpeg
from functions.converter.bounds import bounds
from functions.converter.containers import AVI, MATROSKA, MOV
from functions.converter.encode import RAW, Job, keeping, watching
from functions.converter.liveliness import Liveliness, liveliness
from functions.converter.measuring import run
from functions.converter.pictureplan import CHOSEN, PicturePlan
from functions.converter.plan import ConversionPlan
from functions.converter.samples import Sampling, Window, selection
from functions.converter.slots import Share
from functions.converter.tinypictures import SIDE
from functions.shared.errors import EncodeFailed
from functions.shared.transactions import Progress

READ_WHOLE_FRAMES = 6000
"""Up to so many frames a film is read from its begin to its end. That takes a twentieth of what its encode does, is
exact in every container, and tells how lively each frame is."""

SAMPLES = ".raw"
"""How the names of all files end that hold samples."""

SEEKABLE = frozenset({MOV.demuxer, MATROSKA.demuxer, AVI.demuxer})
"""Containers with an index. In the others a seek lands anywhere, so that even long films are read from the begin."""


class _TooFew(Exception):
    """Behind a place fewer frames are left than a window has: where the frame rate varies, places are not exact."""


@dataclass(frozen=True)
class SampleFilm:
    """Frames of several windows without compression, one after another, each ``length`` frames long."""

    path: Path
    picture: PicturePlan
    windows: tuple[Window, ...]
    length: int

    def inputs(self) -> list[str]:
        """ffmpeg's options that open it, at the film's mean frame rate: by that x265 weighs frames."""
        picture = self.picture
        return [
            *("-protocol_whitelist", "file", "-f", "rawvideo", "-pixel_format", picture.pixel_format),
            *("-video_size", f"{picture.width}x{picture.height}", "-framerate", f"{picture.frame_rate:.6g}"),
            *("-i", f"file:{self.path}"),
        ]

    def require_all(self) -> None:
        """Raise ``EncodeFailed`` if there are not as many frames as was planned: others would be in their places."""
        expected = len(self.windows) * self.length * self.picture.frame_bytes
        if not self.path.exists() or self.path.stat().st_size != expected:
            raise EncodeFailed("the samples are not as long as was planned")

    def part(self, numbers: Sequence[int], path: Path) -> "SampleFilm":
        """A film of some of its windows, written to ``path``."""
        window_bytes = self.length * self.picture.frame_bytes
        with self.path.open("rb") as whole, path.open("wb") as some:
            for number in numbers:
                whole.seek(number * window_bytes)
                some.write(whole.read(window_bytes))
        return replace(self, path=path, windows=tuple(self.windows[number] for number in numbers))


@dataclass(frozen=True)
class Cut:
    """``liveliness`` is None where only parts of the film were read."""

    film: SampleFilm
    liveliness: Liveliness | None
    cpu_s: float


def cut(plan: ConversionPlan, job: Job, asked: Sampling, share: Share, whole_frames: int | None = None) -> Cut:
    """Cut the samples into the job's folder, reading a film of at most ``whole_frames`` from its begin to its end.

    Raises ``EncodeFailed`` if the film has fewer frames than planned.
    """
    most = READ_WHOLE_FRAMES if whole_frames is None else whole_frames
    if plan.picture.frames > most and job.container.demuxer in SEEKABLE:
        with suppress(_TooFew):
            return _cut_seeking(plan, job, asked, share)
    return _cut_reading_all(plan, job, asked, share)


def _cut_reading_all(plan: ConversionPlan, job: Job, asked: Sampling, share: Share) -> Cut:
    picture = plan.picture
    raw, thumbs = job.folder / f"samples{SAMPLES}", job.folder / "samples.thumbs"
    graph = picture.graph(SIDE, encoded=False, chosen=selection(asked.windows))
    outputs = ["-filter_complex", graph, *watching(plan, thumbs), *keeping(plan, raw)[:-1]]
    try:
        cpu_s = _run(plan, job, share, [], outputs, raw)
        film = SampleFilm(raw, picture, asked.windows, asked.length)
        film.require_all()
        return Cut(film, liveliness(thumbs, asked.windows), cpu_s)
    finally:
        thumbs.unlink(missing_ok=True)


def _cut_seeking(plan: ConversionPlan, job: Job, asked: Sampling, share: Share) -> Cut:
    """A process for each window: starting one takes as long as decoding ten frames."""
    picture = plan.picture
    raw, part = (job.folder / f"{name}{SAMPLES}" for name in ("samples", "window"))
    cpu_s = 0.0
    with raw.open("wb") as all_of_them:
        for window in asked.windows:
            at_s = picture.duration_s * window.first / picture.frames
            outputs = ["-filter_complex", f"{picture.chain()}[{CHOSEN}]", "-map", f"[{CHOSEN}]"]
            outputs += ["-fps_mode", "passthrough", "-frames:v", str(asked.length), *RAW]
            cpu_s += _run(plan, job, share, ["-ss", f"{at_s:.6f}"], outputs, part)
            frames = part.read_bytes() if part.exists() else b""
            if len(frames) < asked.length * picture.frame_bytes:
                raise _TooFew
            all_of_them.write(frames)
            job.lease.show(Progress("search", 0.0))
    part.unlink()
    film = SampleFilm(raw, picture, asked.windows, asked.length)
    film.require_all()
    return Cut(film, None, cpu_s)


def _run(plan: ConversionPlan, job: Job, share: Share, seek: list[str], outputs: list[str], output: Path) -> float:
    output.unlink(missing_ok=True)
    fd = os.open(job.film, os.O_RDONLY)
    try:
        reading = [*share.threads.reading(), *plan.picture.decoding(), *seek]
        inputs = [*reading, *ffmpeg.untrusted_input(job.container, fd, bounds(job.settings))]
        job.lease.beat()
        return run(ffmpeg.command(inputs, outputs, output), job, share, fd).cpu_s
    finally:
        os.close(fd)
