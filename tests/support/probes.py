"""Probed sources, made up."""

from fractions import Fraction
from typing import Any

from functions.converter.media import AudioStream, MediaInfo, SubtitleStream, VideoStream


def a_video(**changes: Any) -> VideoStream:
    """One second of 25 frames; ``changes`` to that."""
    facts: dict[str, Any] = {
        "index": 0,
        "codec": "h264",
        "width": 1280,
        "height": 720,
        "pixel_format": "yuv420p",
        "bit_depth": 8,
        "time_base": Fraction(1, 12800),
        "frame_rate": 25.0,
        "frames": 25,
        "duration_s": 1.0,
        "last_frame_s": 0.04,
    }
    return VideoStream(**{**facts, **changes})


def some_audio(
    codec: str = "aac", *, index: int = 1, channels: int = 2, duration_s: float = 1.0, **changes: Any
) -> AudioStream:
    return AudioStream(index, codec, channels=channels, sample_rate=48_000, duration_s=duration_s, **changes)


def some_subtitles(codec: str = "subrip", *, index: int = 2, packets: int = 3, **changes: Any) -> SubtitleStream:
    return SubtitleStream(index, codec, packets=packets, **changes)


def another(kind: str, codec: str, *, index: int = 9, tag: str = "", opens: bool = True) -> dict[str, Any]:
    """A stream that is neither the film nor heard or read beside it."""
    return {"index": index, "type": kind, "codec": codec, "tag": tag, "opens": opens}


def a_media(*audio: AudioStream, facts: dict[str, Any] | None = None, **video: Any) -> MediaInfo:
    """A source with this audio; ``facts`` are changes to the source, ``video`` to ``a_video``."""
    known: dict[str, Any] = {
        "container": "mov",
        "extension": "mp4",
        "size": 1_000_000,
        "video": a_video(**video),
        "audio": audio,
        "other": (),
    }
    return MediaInfo(**{**known, **(facts or {})})
