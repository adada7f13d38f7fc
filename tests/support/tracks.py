"""Measuring files of tests with PyAV, independently of the product's inspector."""

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av


@dataclass(frozen=True)
class VideoTrack:
    """The main video as a player sees it: each frame's exact time, in the order of display."""

    codec: str
    tag: str
    width: int
    height: int
    pixel_format: str
    color_range: int
    rotation: int
    sample_aspect: Fraction
    times: tuple[Fraction, ...]
    duration_s: float

    @property
    def steps(self) -> tuple[Fraction, ...]:
        """Times counted from the first frame on."""
        return tuple(time - self.times[0] for time in self.times)


@dataclass(frozen=True)
class AudioTrack:
    codec: str
    channels: int
    packets: tuple[bytes, ...]
    start: Fraction


def video_track(content: bytes) -> VideoTrack:
    """Decode every frame of the first video that is no cover."""
    with av.open(io.BytesIO(content), "r") as container:
        stream = next(s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic)
        frames = list(container.decode(stream))
        context = stream.codec_context
        return VideoTrack(
            codec=context.codec.canonical_name,
            tag=context.codec_tag,
            width=frames[0].width,
            height=frames[0].height,
            pixel_format=frames[0].format.name,
            color_range=int(frames[0].color_range),
            rotation=frames[0].rotation,
            sample_aspect=stream.sample_aspect_ratio or Fraction(1),
            times=tuple(_time(frame) for frame in frames),
            duration_s=float((stream.duration or 0) * (stream.time_base or 0)),
        )


def _time(frame: av.VideoFrame) -> Fraction:
    ticks = frame.pts if frame.pts is not None else frame.dts
    assert ticks is not None
    assert frame.time_base is not None
    return ticks * frame.time_base


def audio_tracks(content: bytes) -> list[AudioTrack]:
    """Every audio track with its coded packets."""
    with av.open(io.BytesIO(content), "r") as container:
        count = len(container.streams.audio)
    return [_audio_track(content, number) for number in range(count)]


def _audio_track(content: bytes, number: int) -> AudioTrack:
    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.audio[number]
        packets = [packet for packet in container.demux(stream) if packet.size]
        # What a player skips (priming) lies before zero and does not count for when the sound begins.
        times = [packet.pts * (packet.time_base or 0) for packet in packets if packet.pts is not None]
        return AudioTrack(
            codec=stream.codec_context.codec.canonical_name,
            channels=stream.codec_context.channels,
            packets=tuple(bytes(packet) for packet in packets),
            start=Fraction(min(time for time in times if time >= 0)),
        )


@dataclass(frozen=True)
class Beside:
    """A stream that is not the main video. ``flags`` are names of dispositions, without ``captions`` and
    ``descriptions``, which MP4 cannot tell from what is for people who hear or see badly."""

    kind: str
    codec: str
    layout: str
    language: str | None
    title: str | None
    flags: frozenset[str]


@dataclass(frozen=True)
class Words:
    """What a file says of itself. ``tags`` by lower-case name; ``chapters``: seconds and title."""

    streams: tuple[Beside, ...]
    tags: dict[str, str]
    chapters: tuple[tuple[float, str], ...]

    def of(self, kind: str) -> list[Beside]:
        return [stream for stream in self.streams if stream.kind == kind]


def words(content: bytes) -> Words:
    """All streams but the first, in order, and what the file says."""
    with av.open(io.BytesIO(content), "r") as container:
        chapters = tuple(
            (float(chapter["start"] * (chapter["time_base"] or 0)), chapter["metadata"].get("title", ""))
            for chapter in container.chapters()
        )
        tags = {name.lower(): value for name, value in container.metadata.items()}
        streams = tuple(_beside(container.streams[number]) for number in range(1, len(container.streams)))
        return Words(streams, tags, chapters)


def _beside(stream: Any) -> Beside:
    same = ("captions", "descriptions")
    flags = {str(flag.name) for flag in av.stream.Disposition if flag & stream.disposition and flag.name not in same}
    kind = "cover" if "attached_pic" in flags else stream.type
    return Beside(
        kind=kind,
        codec=stream.codec_context.codec.canonical_name if stream.codec_context else "",
        layout=stream.codec_context.layout.name if kind == "audio" else "",
        language=None if stream.language == "und" else stream.language,
        title=stream.metadata.get("title") or stream.metadata.get("name"),
        flags=frozenset(flags),
    )
