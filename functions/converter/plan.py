"""Pure: ``MediaInfo`` + options → ``EncodePlan``. What the output will be, decided before anything is encoded."""

from dataclasses import dataclass
from typing import Any

from functions.converter.media import AudioStream, MediaInfo, VideoStream

MP4_AUDIO = frozenset({"aac", "ac3", "eac3", "mp3", "alac"})
"""Audio codecs that MP4 holds and common players take: copied, not encoded again."""

AAC_BITRATE_PER_CHANNEL = 96_000
MAX_TIMESCALE = 2**31 - 1

HELD_FRAMES = 2
"""A last frame that is shown for more frames' time than this stands still."""

CROP_TO_EVEN = "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"
"""4:2:0 has one colour sample for two by two pixels. Crops what the filter gets, which is rotated already."""


@dataclass(frozen=True)
class AudioPlan:
    """One audio track. ``codec``: ``copy`` or ``aac``; ``bitrate`` in bits a second, for ``aac``."""

    index: int
    codec: str
    bitrate: int


@dataclass(frozen=True)
class HeldFrame:
    """A last frame that is shown from ``from_s`` after the first one on, for ``duration_s``.

    ffmpeg would show it as long as any other. MP4 stores how long a frame is shown as the distance to the next one in
    decoding order, so the last one shown must be the last one decoded.
    """

    from_s: float
    duration_s: float

    def filter(self) -> str:
        is_last = f"gt((PTS-STARTPTS)*TB\\,{self.from_s:.6f})"
        return f"setts=pts=PTS:dts=DTS:duration=if({is_last}\\,{self.duration_s:.6f}/TB\\,DURATION)"


@dataclass(frozen=True)
class EncodePlan:
    """The chosen work. ``timescale`` is that of the output's video track: it keeps the source's timestamps exact.

    ``width`` and ``height`` are those before a rotation that the source asks for; ``held`` is set for a last frame that
    stands still for longer than the others.
    """

    video_index: int
    width: int
    height: int
    crop: str | None
    preset: str
    crf: float
    pixel_format: str
    timescale: int
    frames: int
    duration_s: float
    audio: tuple[AudioPlan, ...]
    held: "HeldFrame | None" = None
    extension: str = "mp4"

    def arguments(self) -> list[str]:
        """ffmpeg's output options, without input and output."""
        video = [
            *("-map", f"0:{self.video_index}"),
            *(("-vf", self.crop) if self.crop else ()),
            *("-c:v", "libx265", "-preset", self.preset, "-crf", f"{self.crf:g}"),
            *("-x265-params", "log-level=error" + (":bframes=0" if self.held else "")),
            *("-pix_fmt", self.pixel_format, "-tag:v", "hvc1"),
            *(("-bsf:v", self.held.filter()) if self.held else ()),
            *("-fps_mode", "passthrough", "-enc_time_base:v", "demux", "-video_track_timescale", str(self.timescale)),
        ]
        audio: list[str] = []
        for number, track in enumerate(self.audio):
            audio += ["-map", f"0:{track.index}", f"-c:a:{number}", track.codec]
            if track.codec == "aac":
                audio += [f"-b:a:{number}", str(track.bitrate)]
        return [*video, *audio, "-movflags", "+faststart", "-f", "mp4"]


def plan_encode(media: MediaInfo, options: dict[str, Any]) -> EncodePlan:
    """The main video as H.265 in MP4 with the source's timestamps, and every audio track that holds anything."""
    video = media.video
    return EncodePlan(
        video_index=video.index,
        width=even(video.width),
        height=even(video.height),
        crop=CROP_TO_EVEN if video.width % 2 or video.height % 2 else None,
        preset=str(options["preset"]),
        crf=float(options["crf"]),
        pixel_format="yuv420p10le" if video.bit_depth > 8 else "yuv420p",
        timescale=timescale(video.time_base.numerator, video.time_base.denominator),
        frames=video.frames,
        duration_s=video.duration_s,
        audio=tuple(_audio(track) for track in media.audio if track.channels and track.duration_s),
        held=_held(video),
    )


def even(pixels: int) -> int:
    """The side of a picture in 4:2:0: an odd last column or row is left out, for no other pixel changes then."""
    return pixels - pixels % 2


def timescale(numerator: int, denominator: int) -> int:
    """Ticks a second in which every multiple of numerator/denominator seconds is whole."""
    if not 0 < numerator <= denominator <= MAX_TIMESCALE:
        return 90_000
    return denominator if denominator >= 1000 else denominator * -(-1000 // denominator)


def _held(video: VideoStream) -> HeldFrame | None:
    if not video.frame_rate or video.last_frame_s <= HELD_FRAMES / video.frame_rate:
        return None
    return HeldFrame(video.duration_s - video.last_frame_s - float(video.time_base) / 2, video.last_frame_s)


def _audio(track: AudioStream) -> AudioPlan:
    codec = "copy" if track.codec in MP4_AUDIO else "aac"
    return AudioPlan(track.index, codec, AAC_BITRATE_PER_CHANNEL * min(track.channels, 8))
