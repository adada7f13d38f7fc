"""What a file is, as measured by the inspector, never as its name or header claims."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

SIDE_PIXELS = range(16, 8193)
MAX_PIXELS = 35_000_000
"""What a picture may measure: each side, and in all."""


@dataclass(frozen=True)
class VideoStream:
    """The main video. ``frames`` are counted from the stream; ``duration_s`` spans all of them, ``last_frame_s`` the
    one that is shown last."""

    index: int
    codec: str
    width: int
    height: int
    pixel_format: str
    bit_depth: int
    time_base: Fraction
    frame_rate: float
    frames: int
    duration_s: float
    last_frame_s: float


@dataclass(frozen=True)
class AudioStream:
    index: int
    codec: str
    channels: int
    sample_rate: int
    duration_s: float


@dataclass(frozen=True)
class MediaInfo:
    """A probed source. ``container`` is the demuxer's name, ``extension`` how such a file is usually named."""

    container: str
    extension: str
    size: int
    video: VideoStream
    audio: tuple[AudioStream, ...]
    other: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """For the row and for status."""
        facts = asdict(self)
        facts["video"]["time_base"] = str(self.video.time_base)
        return facts
