"""Facts of a source: its streams, and frames and durations counted by demuxing all of it."""

import re
from itertools import islice
from typing import Any

import av
import av.logging
from av.container import InputContainer

from functions.converter.inspector.chapters import source_chapters
from functions.converter.inspector.damage import claimed_s, missing_frames
from functions.converter.inspector.fields import field_facts
from functions.converter.inspector.opening import Refused, codec_name, main_video, open_media, refuse_undecodable
from functions.converter.inspector.picture import first_frames, picture_facts
from functions.converter.inspector.tally import Tally, tally

TEXT_LIMIT = 1000
"""Characters of a tag that are read."""

MOST_TAGS = 100
"""Films have a few dozen; the hundred thousand of an attacker would all be in the row, the status and the receipt."""

NO_TITLE = re.compile("handler|media|gpac|l-smash|^(soun|vide|sbtl|text|subt)$", re.IGNORECASE)
"""Names of handlers that cameras and programs give to every track."""

SHOWN_FLAGS = (
    "default", "dub", "original", "comment", "forced", "hearing_impaired", "visual_impaired", "captions",
    "descriptions",
)  # fmt: skip


def probe(fds: list[int], request: dict[str, Any]) -> dict[str, Any]:
    """Measure the file of the first descriptor."""
    container = open_media(fds[0], request)
    video = main_video(container)
    refuse_undecodable(video, request)
    context = video.codec_context
    if not context.width or not context.height or not context.pix_fmt:
        raise Refused("unreadable", "no picture could be decoded")
    tallies, errors = _tallied(container, lenient=request["demuxer"] == "mov")
    missing = missing_frames(container, video, tallies, claimed_s(fds[0], container, video), errors)
    main = tallies[video.index]
    if not main.times:
        raise Refused("no_video", "the video stream has no frame")
    return {
        "video": _video_facts(video, main, missing) | _looked_at(fds[0], request, video),
        "audio": [_audio_facts(stream, tallies[stream.index]) for stream in container.streams.audio],
        "subtitles": [
            track_facts(stream)
            | {"packets": len(tallies[stream.index].times), "unreadable": tallies[stream.index].unreadable}
            for stream in container.streams.subtitles
        ],
        "other": [_other_facts(s) for s in container.streams if _is_other(s, video)],
        **source_chapters(container),
        "tags": _tags(container.metadata, request["tags"]),
    }


def _tags(metadata: dict[str, str], wanted: list[str]) -> dict[str, str]:
    """The tags that are asked for, by their names in lower case, and the first of the others."""
    asked = [name for name in metadata if name.lower() in wanted]
    return {name[:100]: metadata[name][:TEXT_LIMIT] for name in (*asked[:MOST_TAGS], *islice(metadata, MOST_TAGS))}


def _tallied(container: InputContainer, *, lenient: bool) -> tuple[dict[int, Tally], int]:
    """All packets, and how many errors the reader of the container met on its way: it skips what it can't read."""
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture(local=False) as said:
            tallies = tally(container, lenient=lenient)
    finally:
        av.logging.set_level(None)
    reader = container.format.name
    return tallies, sum(1 for level, name, _ in said if level <= av.logging.ERROR and reader in name.split(","))


def _video_facts(video: Any, main: Tally, missing: int) -> dict[str, Any]:
    context = video.codec_context
    rate = main.rate
    return {
        "index": video.index,
        "codec": codec_name(context),
        "profile": video.profile,
        "tag": _printable(context.codec_tag),
        "width": context.width,
        "height": context.height,
        "time_base": [main.time_base.numerator, main.time_base.denominator],
        "frame_rate": rate,
        "frames": len(main.times),
        "hidden_frames": main.hidden,
        "frames_missing": missing,
        "payload_bytes": main.bytes,
        "start_s": main.picture_start_s,
        "duration_s": max(main.picture_s, 1 / rate if rate else 0.0),
        "last_frame_s": main.last_s,
    }


def _looked_at(fd: int, request: dict[str, Any], video: Any) -> dict[str, Any]:
    """What only decoded frames tell; from a container of its own, as decoding needs the beginning once more."""
    container = open_media(fd, request)
    stream = container.streams[video.index]
    frames = first_frames(container, stream)
    flagged = stream.codec_context.field_order > 1 or any(frame.interlaced_frame for frame in frames)
    facts = picture_facts(stream, frames, fd, request["demuxer"]) | {"flagged_interlaced": flagged}
    if flagged:
        again = open_media(fd, request)
        facts |= field_facts(again, again.streams[video.index])
    return facts


def track_facts(stream: Any) -> dict[str, Any]:
    language = stream.language
    title = stream.metadata.get("title") or stream.metadata.get("name") or _handler(stream)
    return {
        "index": stream.index,
        "codec": codec_name(stream.codec_context),
        "language": None if language in (None, "", "und") else language[:20],
        "title": title[:TEXT_LIMIT] if title else None,
        "flags": [name for name in SHOWN_FLAGS if stream.disposition & av.stream.Disposition[name]],
    }


def _handler(stream: Any) -> str | None:
    """The name of an MP4 track's handler, which players show, where it is not what a program calls all its own."""
    name = str(stream.metadata.get("handler_name", "")).strip()
    return None if not name or NO_TITLE.search(name) else name


def _audio_facts(stream: Any, times: Tally) -> dict[str, Any]:
    context = stream.codec_context
    return track_facts(stream) | {
        "channels": context.channels if context else 0,
        "layout": context.layout.name if context else "",
        "sample_rate": context.sample_rate if context else 0,
        "duration_s": times.seconds,
        "start_s": times.start_s,
        "packets": len(times.times),
        "payload_bytes": times.bytes,
        "changes": len(times.configs) > 1,
    }


def _is_other(stream: Any, video: Any) -> bool:
    return stream.type not in ("audio", "subtitle") and stream.index != video.index


def _other_facts(stream: Any) -> dict[str, Any]:
    attached = bool(stream.disposition & av.stream.Disposition.attached_pic)
    tag = _printable(stream.codec_context.codec_tag) if stream.codec_context else ""
    if stream.type == "data" and "timecode" in stream.metadata:  # libav tells no tag of them
        tag = "tmcd"
    return {
        "index": stream.index,
        "type": "cover" if stream.type == "video" and attached else stream.type,
        "codec": codec_name(stream.codec_context),
        "tag": "text" if _is_titles_of_chapters(stream) else tag,
        "opens": bool(stream.type != "video" or (stream.codec_context and stream.codec_context.width)),
    }


def _is_titles_of_chapters(stream: Any) -> bool:
    """MP4 keeps the chapters' titles in a track of texts, of which libav tells neither tag nor codec."""
    chapters = len(stream.container.chapters())
    return bool(stream.type == "data" and stream.name == "bin_data" and stream.frames == chapters)


def _printable(tag: str) -> str:
    return tag if tag.isprintable() and tag.isascii() else ""
