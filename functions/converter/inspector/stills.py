"""Single pictures of a film, for little: decoding begins at keyframes and goes no further than it may."""

import os
import time
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

    Times that are wanted ascend, and count from the picture's first frame. For each, the keyframe before it and at
    most ``further`` packets more are decoded.
    """
    container = open_media(fds[0], request["source"])
    video = container.streams[request["video_index"]]
    video.thread_type = "SLICE"
    video.codec_context.thread_count = request["threads"]
    start_s = float((video.start_time or 0) * video.time_base)
    picker = Picker(fds[1])
    last_s = float("-inf")
    for wanted_s in request["wanted"]:
        frame = _near(container, video, start_s + wanted_s, request["further"])
        if frame is not None and frame.time > last_s:
            picker.take(frame, request["width"], request["height"])
            last_s = frame.time
    picker.close()
    offset_s = (container.start_time or 0) / av.time_base
    times = None if picker.times is None else [round(at - offset_s, 6) for at in picker.times]
    os.close(fds[1])
    return {"times": times, "cpu_s": time.process_time()}


def _near(container: Any, video: Any, at_s: float, further: int) -> Any:
    """The frame that is shown then, or the last one before that is cheap enough; None if there is none."""
    half_tick_s = float(video.time_base) / 2
    with suppress(av.error.FFmpegError):  # what cannot be sought in is read on
        container.seek(round(at_s / video.time_base), stream=video)
    best = None
    for packet in _from_keyframe(container, video, further):
        for frame in decoded(video, packet):
            if frame.time is None:
                continue
            if best is None or best.time < frame.time <= at_s + half_tick_s:
                best = frame
            if frame.time >= at_s - half_tick_s:
                return best
    return best


def _from_keyframe(container: Any, video: Any, further: int) -> Any:
    """The next keyframe's packet, so many after it, and an empty one that empties the decoder."""
    taken = skipped = 0
    with suppress(av.error.FFmpegError):
        for packet in container.demux(video):
            if not packet.size or taken > further or skipped > MOST_SKIPPED:
                break
            if not taken and not packet.is_keyframe:
                skipped += 1
                continue
            taken += 1
            yield packet
    yield _flush(video)


def _flush(video: Any) -> Any:
    packet = av.Packet(0)
    packet.stream = video
    return packet
