"""One untrusted file, opened with a forced demuxer from a descriptor."""

import os
from collections.abc import Iterator
from typing import Any

import av
from av.container import InputContainer

from functions.converter.inspector.continuity import Continuity

STREAMS_OPENED = 1000
"""Past its limit libav leaves streams out without a word: a file has so many at most, and is refused for fewer."""


class Refused(Exception):
    """The file cannot be used; the argument is the reason's code, the second a detail without file content."""


def open_media(fd: int, request: dict[str, Any]) -> InputContainer:
    """Open a descriptor with the demuxer that the request names and no protocol but ``fd``."""
    demuxer = request["demuxer"]
    options = {
        "fd": str(fd),
        "protocol_whitelist": "fd",
        "format_whitelist": request["whitelist"],
        "max_streams": str(STREAMS_OPENED),
        **_of_decoders(request),
    }
    if demuxer == "mov":
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    os.lseek(fd, 0, os.SEEK_SET)  # a second look at the same descriptor starts where the first one ended
    try:
        container = av.open("fd:", format=demuxer, options=options, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError, OverflowError) as exc:
        raise Refused("unreadable", type(exc).__name__) from exc
    if len(container.streams) > request["max_streams"]:
        raise Refused("streams", f"{len(container.streams)}, at most {request['max_streams']}")
    for stream in container.streams:
        if stream.codec_context:  # opened when it is first used, with these options and not with the container's
            stream.codec_context.options = _of_decoders(request)
    return container


def _of_decoders(request: dict[str, Any]) -> dict[str, str]:
    return {"codec_whitelist": request["decoders"], "max_pixels": str(request["max_pixels"])}


def refuse_undecodable(stream: Any, request: dict[str, Any]) -> None:
    """Raise ``Refused`` for a stream without a decoder that the request allows."""
    context = stream.codec_context
    if context is None or context.codec.name not in request["decoders"].split(","):
        raise Refused("codec", codec_name(context))


def main_video(container: InputContainer) -> Any:
    """The video that a player shows: of those that are no still attached to the file (cover art), the one that is
    flagged as default, else the first one. A broadcast may name videos of which it sends nothing."""
    films = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not films:
        raise Refused("no_video", "")
    films = [s for s in films if not s.codec_context or s.codec_context.width] or films
    flagged = [stream for stream in films if stream.disposition & av.stream.Disposition.default]
    return (flagged or films)[0]


def codec_name(context: Any) -> str:
    """The codec's own name, where ``context.name`` may be one decoder's (``mp3float``, ``libdav1d``)."""
    return str(context.codec.canonical_name) if context else "unknown"


def packets(container: InputContainer, continuity: Continuity | None = None) -> Iterator[Any]:
    """All packets of a file, in its order, with times that go on."""
    continuity = continuity or Continuity(container)
    try:
        for packet in container.demux():
            continuity.mend(packet)
            yield packet
    except av.error.FFmpegError as exc:
        raise Refused("truncated", type(exc).__name__) from exc


def decoded(video: Any, packet: Any) -> list[Any]:
    """The frames that a packet brings; none where it is damaged."""
    try:
        return list(packet.decode())
    except av.error.FFmpegError:
        return []
