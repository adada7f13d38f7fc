"""File → ``MediaInfo``, measured by the inspector child; and the policy on what is accepted."""

import math
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from functions.converter import process
from functions.converter.bounds import bounds, opening
from functions.converter.containers import Container, declared_bytes, sniff, usual_extension
from functions.converter.inspection import Inspector
from functions.converter.inspector.limits import SMALL_LOSS
from functions.converter.lease import Lease
from functions.converter.media import (
    SIDE_PIXELS,
    AudioStream,
    Chapter,
    Colour,
    Hdr,
    MediaInfo,
    SubtitleStream,
    VideoStream,
)
from functions.converter.tags import READ_TAGS
from functions.shared.errors import (
    DurationOutOfRange,
    FrameRateOutOfRange,
    PictureOutOfRange,
    PictureTooLargeForWorker,
    TruncatedMedia,
    UnreadableMedia,
)
from functions.shared.settings import Settings

PROBE_MEMORY = 2 * 1024**3
"""An index bomb of 2 KB was seen to take 2 to 3 GB; a real index of a day of video takes a few hundred MB."""

PROBE_CPU_S = range(30, 601)
BYTES_PER_CPU_S = 1024**2
"""Half a megabyte of repeated boxes was seen to take minutes; real films are read at 20 MB a second and more."""


def probe(path: Path, inspector: Inspector, lease: Lease, settings: Settings) -> tuple[Container, MediaInfo]:
    """Measure a source. Raises ``NotAVideo``, ``UnreadableMedia`` or ``TruncatedMedia``."""
    fd = os.open(path, os.O_RDONLY)
    try:
        container, size = sniff(fd), os.fstat(fd).st_size
        declared = declared_bytes(fd, container)
        if declared - size > SMALL_LOSS * declared:
            raise TruncatedMedia(f"{size} of {declared} bytes are there")
        request = {"command": "probe", "tags": READ_TAGS} | opening(container, bounds(settings))
        facts = inspector.ask(request, [fd], limits(size), lease.watch)
        return container, replace(media_info(container, facts, size), extension=usual_extension(fd, container))
    finally:
        os.close(fd)


def limits(size: int) -> process.Limits:
    """What measuring a file of ``size`` bytes may take."""
    cpu_s = min(max(PROBE_CPU_S[0], size // BYTES_PER_CPU_S), PROBE_CPU_S[-1])
    return process.Limits(memory_bytes=PROBE_MEMORY, file_bytes=0, cpu_s=cpu_s)


def media_info(container: Container, facts: dict[str, Any], size: int) -> MediaInfo:
    """The inspector's facts as values; raises ``UnreadableMedia`` where a number is not one."""
    video = dict(facts["video"])
    if not all(math.isfinite(video[name]) for name in ("duration_s", "frame_rate", "last_frame_s")):
        raise UnreadableMedia
    hdr = video.pop("hdr")
    return MediaInfo(
        container=container.demuxer,
        extension=container.extension,
        size=size,
        video=VideoStream(
            **video
            | {
                "time_base": Fraction(*video["time_base"]),
                "sample_aspect_ratio": Fraction(*video["sample_aspect_ratio"]),
                "colour": Colour(**video["colour"]),
                "hdr": Hdr(
                    mastering=tuple(hdr["mastering"]) if hdr["mastering"] else None,
                    light=tuple(hdr["light"]) if hdr["light"] else None,
                    hdr10plus=hdr["hdr10plus"],
                    dolby_vision=hdr["dolby_vision"],
                ),
            }
        ),
        audio=tuple(AudioStream(**_track(audio)) for audio in facts["audio"]),
        other=tuple(facts["other"]),
        subtitles=tuple(SubtitleStream(**_track(subtitle)) for subtitle in facts["subtitles"]),
        chapters=tuple(Chapter(**chapter) for chapter in facts["chapters"]),
        chapters_left_out=facts["chapters_left_out"],
        tags=facts["tags"],
    )


def _track(facts: dict[str, Any]) -> dict[str, Any]:
    return facts | {"flags": tuple(facts["flags"])}


def accept(media: MediaInfo, settings: Settings, threads: int) -> None:
    """Refuse before encoding what this service or this worker does not take."""
    video = media.video
    shown = f"{video.width}x{video.height}"
    sides = f"{SIDE_PIXELS[0]} to {SIDE_PIXELS[-1]} pixels a side"
    if video.width not in SIDE_PIXELS or video.height not in SIDE_PIXELS:
        raise PictureOutOfRange(f"{shown}, {sides} are accepted")
    if video.width * video.height > settings.max_pixels:
        raise PictureOutOfRange(f"{shown}, at most {settings.max_pixels / 1e6:g} megapixels are accepted")
    if process.picture_memory_bytes(video.width, video.height, threads) > settings.worker_memory_bytes:
        raise PictureTooLargeForWorker(shown)
    if video.duration_s > settings.max_duration_s:
        raise DurationOutOfRange(f"{video.duration_s:.0f} s, at most {settings.max_duration_s:.0f} s")
    rate = video.frames / video.duration_s if video.duration_s else 0.0
    if rate > settings.max_frame_rate and video.frames > settings.max_frame_rate:  # a single frame may be short
        raise FrameRateOutOfRange(f"{rate:.0f} frames a second, at most {settings.max_frame_rate:g}")
