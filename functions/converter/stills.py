"""Pictures of a film that is not decoded otherwise: its packets were copied, or it is delivered as it is.

Decoding it for previews would cost many times what the copy did, so of all but small films only keyframes are.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from functions.converter import process
from functions.converter.bounds import bounds, opening
from functions.converter.encode import Job
from functions.converter.inspection import Inspector
from functions.converter.media import VideoStream
from functions.converter.threads import processors_available

MOST = 25
FEWEST = 4
PIXELS = 100_000_000
"""That are decoded for all of them: about a second of work."""

WITHIN_S = 15.0
"""Wall time, however busy the machine is; previews are not worth more."""

CPU_S = 30
STILLS = "stills.rgb"


class StillsTooSlow(Exception):
    """They would have taken longer than previews are worth."""


@dataclass(frozen=True)
class Taken:
    """Times from the file's start; the pictures are in the workspace's ``stills.rgb``, one after another."""

    times: list[float]
    cpu_s: float


def wanted_times(video: VideoStream) -> list[float]:
    """Seconds from the first frame on, evenly spaced; the fewer, the larger the picture."""
    affordable = max(FEWEST, PIXELS // (video.width * video.height))
    count = max(1, min(MOST, affordable, video.frames))
    return [video.duration_s * number / count for number in range(count)]


def take_stills(wanted: tuple[float, ...], size: tuple[int, int], job: Job, inspector: Inspector) -> Taken:
    """Ask for pictures of ``size``. Raises ``StillsTooSlow`` or a ``PipelineError``."""
    video = job.media.video
    threads = processors_available()
    request = {
        "command": "stills",
        "source": opening(job.container, bounds(job.settings)),
        "video_index": video.index,
        "threads": threads,
        "wanted": list(wanted),
        "whole": video.frames * video.width * video.height <= PIXELS,
        "width": size[0],
        "height": size[1],
    }
    limits = process.Limits(
        memory_bytes=process.BASE_MEMORY + process.picture_memory_bytes(video.width, video.height, threads),
        file_bytes=len(wanted) * size[0] * size[1] * 3,
        cpu_s=CPU_S,
    )
    facts = _ask(inspector, request, limits, job)
    if facts["times"] is None:
        raise OSError("the pictures could not be written")
    return Taken(facts["times"], facts["cpu_s"])


def _ask(inspector: Inspector, request: dict[str, Any], limits: process.Limits, job: Job) -> dict[str, Any]:
    fds = [os.open(job.film, os.O_RDONLY)]
    try:
        fds.append(os.open(job.folder / STILLS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        return inspector.ask(request, fds, limits, _patience(job))
    finally:
        for fd in fds:
            os.close(fd)


def _patience(job: Job) -> Callable[[bool], None]:
    """A wait with an end of its own, so that a film whose pictures hang does not stall the conversion."""
    give_up = time.monotonic() + WITHIN_S

    def watch(_moved: bool) -> None:
        job.lease.watch(True)
        if time.monotonic() > give_up:
            raise StillsTooSlow

    return watch
