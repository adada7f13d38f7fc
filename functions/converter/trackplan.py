"""Pure: what becomes of audio, subtitles, cover art and attachments. What cannot come along is named, with why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from functions.converter.carrying import (
    AAC_RATES,
    USUAL_LAYOUTS,
    carried_flags,
    is_named,
    loses_language,
    lost_flags,
    mixed_into,
)
from functions.converter.dropping import Dropped
from functions.converter.inspector.limits import TEXT_SUBTITLES
from functions.converter.media import AudioStream, MediaInfo, SubtitleStream, Track
from functions.shared.errors import RequirementNotMet
from functions.shared.options import Options

MP4_AUDIO = frozenset({"aac", "ac3", "eac3", "mp3", "alac"})
"""Audio codecs that MP4 holds and common players take: copied, not encoded again."""

MP4_HOLDS = MP4_AUDIO | {"flac", "opus", "mp2", "dts"}
"""What MP4 can hold at all: for those who ask for a copy, and know their players."""

MP4_LEAST_MP3_RATE = 16_000
"""Samples a second; MP4 has no name for what MP3 calls version 2.5, and ffmpeg writes none into it."""

PCM = frozenset({"pcm_u8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"})
"""Samples that FLAC holds bit for bit."""

MKV_AUDIO = (
    MP4_HOLDS
    | PCM
    | {"vorbis", "truehd", "mlp", "mp1", "pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f64le", "wavpack", "tta"}
)

AAC_CHANNELS = 8
AAC_BITRATES = {1: 96_000, 2: 192_000, 3: 256_000, 4: 320_000, 5: 352_000, 6: 384_000, 7: 448_000, 8: 512_000}
"""Bits a second by channels; stereo and 5.1 as broadcasters use them for AAC-LC."""

AAC_LEAST = 48_000
"""Bits a second for each channel, below which AAC-LC is heard."""

AAC_NEEDS = 1.25
"""A lossy track is not given more than so many times its own bits: they could only hold its losses."""

LOSSY = frozenset({
    "aac", "mp3", "ac3", "eac3", "vorbis", "opus", "mp1", "mp2", "wmav1", "wmav2", "wmapro", "aac_latm", "cook",
    "amr_nb", "amr_wb",
})  # fmt: skip

MKV_SUBTITLES = frozenset({"subrip", "ass", "webvtt", "dvd_subtitle", "hdmv_pgs_subtitle", "dvb_subtitle"})
COVERS = frozenset({"mjpeg", "png"})


@dataclass(frozen=True)
class TrackPlan:
    """One track of the result. ``kind``: ``audio``, ``subtitle``, ``cover`` or ``attachment``; ``codec`` is ``copy`` or
    an encoder of ffmpeg; ``bitrate`` in bits a second and ``layout``, if it is to change, where it encodes audio.
    ``flags`` are those that the container has a place for."""

    kind: str
    index: int
    codec: str
    source_codec: str
    language: str | None = None
    title: str | None = None
    flags: tuple[str, ...] = ()
    bitrate: int | None = None
    layout: str | None = None

    @property
    def copied(self) -> bool:
        return self.codec == "copy"


def plan_tracks(media: MediaInfo, options: Options) -> tuple[list[TrackPlan], list[Dropped]]:
    """Everything beside the picture; raises ``RequirementNotMet`` if audio shall be copied and cannot."""
    tracks: list[TrackPlan] = []
    dropped: list[Dropped] = []
    planned = (
        *(_audio(track, options) for track in media.audio),
        *(_subtitle(track, options.container) for track in media.subtitles),
        *(_other(stream, media, options.container) for stream in media.other),
    )
    for one in planned:
        if isinstance(one, TrackPlan):
            tracks.append(one)
        elif one is not None:
            dropped.append(one)
    kept = {track.index for track in tracks}
    for track in (*media.audio, *media.subtitles):
        if track.index in kept:
            dropped += _lost_of(track, options)
    for planned_track in tracks:
        if planned_track.kind == "audio":
            dropped += _lost_of_sound(planned_track, media, options)
        elif planned_track.kind == "subtitle":
            dropped += _lost_of_text(planned_track, media)
    return tracks, dropped


def _audio(track: AudioStream, options: Options) -> TrackPlan | Dropped:
    if options.audio == "none":
        return _drop("audio", track, "Left out, as asked.")
    if not track.channels or not track.duration_s:
        return _drop("empty_track", track, "The track holds nothing that can be heard.")
    if _can_be_copied(track, options) and (options.audio != "aac" or track.codec == "aac"):
        unheard_of = options.container == "mkv" and options.audio == "auto" and _loses_layout(track)
        if not (unheard_of and track.codec in PCM):
            return _taken("audio", track, "copy", options)
        return _taken("audio", track, "flac", options)
    if options.audio == "copy":
        raise RequirementNotMet(f"{options.container} cannot hold the {track.codec} audio of stream {track.index}")
    if track.channels > AAC_CHANNELS:
        return _drop("audio", track, f"{track.channels} channels; AAC and common players take at most {AAC_CHANNELS}.")
    return _taken("audio", track, "aac", options, aac_bitrate(track), mixed_into(track.layout, track.channels))


def _can_be_copied(track: AudioStream, options: Options) -> bool:
    """Whether the result can hold the track's packets, and players will hear of them what they hear of the source."""
    if track.changes:
        return False
    if options.container == "mkv":
        return track.codec in MKV_AUDIO
    if track.codec == "mp3" and track.sample_rate < MP4_LEAST_MP3_RATE:
        return False
    return track.codec in (MP4_HOLDS if options.audio == "copy" else MP4_AUDIO)


def aac_bitrate(track: AudioStream) -> int:
    """Bits a second for a track that is encoded as AAC."""
    most = AAC_BITRATES[track.channels]
    if track.codec not in LOSSY or not track.bit_rate:
        return most
    return int(min(most, max(AAC_LEAST * track.channels, AAC_NEEDS * track.bit_rate)))


def _subtitle(track: SubtitleStream, container: str) -> TrackPlan | Dropped:
    options = Options("", 0.0, container=container)
    if not track.packets:
        return _drop("empty_track", track, "The track holds no subtitle.")
    if container == "mkv" and track.codec in MKV_SUBTITLES:
        return _taken("subtitle", track, "copy", options)
    if container == "mp4" and track.codec == "mov_text":
        return _taken("subtitle", track, "copy", options)
    if track.codec in TEXT_SUBTITLES and 2 * track.unreadable > track.packets:
        return _drop("subtitle", track, "Its text is not UTF-8, and the file does not tell in which encoding it is.")
    if track.codec in TEXT_SUBTITLES:
        return _taken("subtitle", track, "mov_text" if container == "mp4" else "subrip", options)
    if track.codec in MKV_SUBTITLES:
        return _drop("subtitle", track, "MP4 cannot hold subtitles that are pictures; ask for the container mkv.")
    return _drop("subtitle", track, f"Neither MP4 nor Matroska can hold {track.codec}.")


def _other(stream: dict[str, Any], media: MediaInfo, container: str) -> TrackPlan | Dropped | None:
    kind, codec, index = stream["type"], stream["codec"], stream["index"]
    if kind == "cover":
        if codec in COVERS and container == "mp4" and stream["opens"]:
            return TrackPlan("cover", index, "copy", codec, flags=("attached_pic",))
        return Dropped("cover", f"{container} cannot hold this cover art.", index, codec)
    if kind == "attachment":
        if container == "mkv":
            return TrackPlan("attachment", index, "copy", codec)
        return Dropped(
            "attachment", "MP4 holds no attachments, such as fonts; ask for the container mkv.", index, codec
        )
    if kind == "video":
        return Dropped("video", "The film has another video; only the main one is converted.", index, codec)
    if media.chapters and stream.get("tag") == "text":
        return None  # the chapters' own titles, which are kept as chapters
    return Dropped("data", "Timed data that is neither picture, sound nor text.", index, codec)


def _taken(
    kind: str, track: Track, codec: str, options: Options, bitrate: int | None = None, layout: str | None = None
) -> TrackPlan:
    language = None if loses_language(track.language, options.container) else track.language
    flags = carried_flags(track.flags, options.container)
    return TrackPlan(kind, track.index, codec, track.codec, language, track.title, flags, bitrate, layout)


def _drop(what: str, track: Track, reason: str) -> Dropped:
    return Dropped(what, reason, track.index, track.codec, track.language)


def _lost_of(track: Track, options: Options) -> Iterator[Dropped]:
    """What a track that is kept loses in the container."""
    if loses_language(track.language, options.container):
        yield _drop("language", track, f"MP4 names languages by three letters, not {track.language!r}.")
    if flags := lost_flags(track.flags, options.container):
        yield _drop("flags", track, f"{_named(options.container)} has no place for the flag {' or '.join(flags)}.")
    if options.container == "mp4" and track.codec in ("ass", "ssa"):
        yield _drop("subtitle_styling", track, "MP4's subtitles have no fonts and places; ask for the container mkv.")


def _lost_of_text(planned: TrackPlan, media: MediaInfo) -> Iterator[Dropped]:
    track = next(one for one in media.subtitles if one.index == planned.index)
    if track.unreadable and not planned.copied:
        reason = f"{track.unreadable} of {track.packets} lines are not UTF-8, and in no encoding that the file tells."
        yield _drop("subtitle_lines", track, reason)


def _lost_of_sound(planned: TrackPlan, media: MediaInfo, options: Options) -> Iterator[Dropped]:
    track = next(one for one in media.audio if one.index == planned.index)
    if planned.layout:
        yield _drop("layout", track, f"AAC has no place for {track.layout}; it is mixed into {planned.layout}.")
    if planned.codec == "aac" and track.sample_rate > max(AAC_RATES):
        yield _drop("sample_rate", track, f"AAC holds at most 96 kHz, not {track.sample_rate / 1000:g} kHz.")
    if planned.copied and options.container == "mkv" and _loses_layout(track):
        yield _drop("layout", track, f"Matroska does not tell players that {track.codec} is {track.layout}.")


def _loses_layout(track: AudioStream) -> bool:
    """Whether speakers are lost in Matroska, which has no place for them beside what a codec tells of itself."""
    return track.codec.startswith("pcm_") and is_named(track.layout) and track.layout not in USUAL_LAYOUTS


def _named(container: str) -> str:
    return {"mp4": "MP4", "mkv": "Matroska"}[container]
