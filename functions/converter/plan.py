"""Pure: ``MediaInfo`` + options → ``EncodePlan``. What the output will be, decided before anything is encoded."""

from dataclasses import dataclass
from typing import Any

from functions.converter.media import AudioStream, MediaInfo

MP4_AUDIO = frozenset({"aac", "ac3", "eac3", "mp3", "alac"})
"""Audio codecs that MP4 holds and common players take: copied, not encoded again."""

AAC_BITRATE_PER_CHANNEL = 96_000
MAX_TIMESCALE = 2**31 - 1


@dataclass(frozen=True)
class AudioPlan:
    """One audio track. ``codec``: ``copy`` or ``aac``; ``bitrate`` in bits a second, for ``aac``."""

    index: int
    codec: str
    bitrate: int


@dataclass(frozen=True)
class EncodePlan:
    """The chosen work. ``timescale`` is that of the output's video track: it keeps the source's timestamps exact."""

    video_index: int
    preset: str
    crf: float
    pixel_format: str
    timescale: int
    frames: int
    duration_s: float
    audio: tuple[AudioPlan, ...]
    extension: str = "mp4"

    def arguments(self) -> list[str]:
        """ffmpeg's output options, without input and output."""
        video = [
            *("-map", f"0:{self.video_index}"),
            *("-c:v", "libx265", "-preset", self.preset, "-crf", f"{self.crf:g}"),
            *("-x265-params", "log-level=error", "-pix_fmt", self.pixel_format, "-tag:v", "hvc1"),
            *("-fps_mode", "passthrough", "-enc_time_base:v", "demux", "-video_track_timescale", str(self.timescale)),
        ]
        audio: list[str] = []
        for number, track in enumerate(self.audio):
            audio += ["-map", f"0:{track.index}", f"-c:a:{number}", track.codec]
            if track.codec == "aac":
                audio += [f"-b:a:{number}", str(track.bitrate)]
        return [*video, *audio, "-movflags", "+faststart", "-f", "mp4"]


def plan_encode(media: MediaInfo, options: dict[str, Any]) -> EncodePlan:
    """The main video as H.265 in MP4 with the source's timestamps, and every audio track."""
    video = media.video
    return EncodePlan(
        video_index=video.index,
        preset=str(options["preset"]),
        crf=float(options["crf"]),
        pixel_format="yuv420p10le" if video.bit_depth > 8 else "yuv420p",
        timescale=timescale(video.time_base.numerator, video.time_base.denominator),
        frames=video.frames,
        duration_s=video.duration_s,
        audio=tuple(_audio(track) for track in media.audio if track.channels),
    )


def timescale(numerator: int, denominator: int) -> int:
    """Ticks a second in which every multiple of numerator/denominator seconds is whole."""
    if not 0 < numerator <= denominator <= MAX_TIMESCALE:
        return 90_000
    return denominator if denominator >= 1000 else denominator * -(-1000 // denominator)


def _audio(track: AudioStream) -> AudioPlan:
    codec = "copy" if track.codec in MP4_AUDIO else "aac"
    return AudioPlan(track.index, codec, AAC_BITRATE_PER_CHANNEL * min(track.channels, 8))
