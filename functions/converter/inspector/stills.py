"""Single pictures of a film, for little: of a large one nothing is decoded but keyframes."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import av

from functions.converter.inspector.opening import decoded, open_media
from functions.converter.inspector.picking import Picker

MOST_SKIPPED = 2000
"""Packets that are read in search of a keyframe."""


def stills(fds: list[int], request: dict[str, Any]) -> dict[str, Any]:
    """Write pictures of ``width`` by ``height`` near the ``wanted`` times of the film of the first descriptor to the
    second; tell the times of those that were found, in seconds from the file's start.

    Times that are wanted ascend, and count from the picture's first frame. If ``whole``, the film is decoded for them;
    else the keyframes before them are.
    """
    container = open_media(fds[0], request["source"])
    video = container.streams[request["video_index"]]
    video.thread_type = "AUTO" if request["whole"] else "SLICE"
    video.codec_context.thread_count = request["threads"]
    start_s = float((video.start_time or 0) * video.time_base)
    wanted = [start_s + wanted_s for wanted_s in request["wanted"]]
    picker = Picker(fds[1])
    last_s = float("-inf")
    for frame in _whole(container, video, wanted) if request["whole"] else _keyframes(container, video, wanted):
        if frame.time > last_s:
            picker.take(frame, request["width"], request["height"])
            last_s = frame.time
    picker.close()
    offset_s = (container.start_time or 0) / av.time_base
    times = None if picker.times is None else [round(at - offset_s, 6) for at in picker.times]
    return {"times": times, "cpu_s": round(time.process_time(), 3)}


def _whole(container: Any, video: Any, wanted: list[float]) -> Iterator[Any]:
    """The first frame at or after each time."""
    pending = [at_s - float(video.time_base) / 2 for at_s in reversed(wanted)]
    with suppress(av.error.FFmpegError):
        for packet in container.demux(video):
            for frame in decoded(video, packet):
                if frame.pts is None or not pending or frame.time < pending[-1]:
                    continue
                yield frame
                while pending and pending[-1] <= frame.time:
                    pending.pop()


def _keyframes(container: Any, video: Any, wanted: list[float]) -> Iterator[Any]:
    """The keyframe before each time, or the one after where a container finds it only so."""
    for number, at_s in enumerate(wanted):
        if number:  # the first is where a file begins; seeking there may lead past it
            with suppress(av.error.FFmpegError):  # what cannot be sought in is read on
                container.seek(round(at_s / video.time_base), stream=video)
            video.codec_context.flush_buffers()
        yield from _next_keyframe(container, video)


def _next_keyframe(container: Any, video: Any) -> Iterator[Any]:
    with suppress(av.error.FFmpegError):
        for skipped, packet in enumerate(container.demux(video)):
            if skipped > MOST_SKIPPED or not packet.size:
                return
            if packet.is_keyframe:
                for frame in (*packet.decode(), *video.decode(None)):
                    frame.time_base = video.time_base  # which the packet that ends a stream does not bring
                    if frame.pts is not None:
                        yield frame
                return
