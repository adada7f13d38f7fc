"""Probed sources, made up."""

from fractions import Fraction
from typing import Any

from functions.converter.media import AudioStream, MediaInfo, VideoStream


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


def some_audio(codec: str = "aac", *, index: int = 1, channels: int = 2, duration_s: float = 1.0) -> AudioStream:
    return AudioStream(index, codec, channels, 48_000, duration_s)


def a_media(*audio: AudioStream, other: tuple[dict[str, Any], ...] = (), **video: Any) -> MediaInfo:
    """A source with this audio; ``video`` are changes to ``a_video``."""
    return MediaInfo("mov", "mp4", 1000, a_video(**video), audio, other)
