"""How much of a film is not there, or cannot be decoded."""

import os
from itertools import pairwise
from statistics import median
from typing import Any

import av
from av.container import InputContainer

from functions.converter.inspector.limits import SMALL_LOSS
from functions.converter.inspector.opening import Refused, open_media
from functions.converter.inspector.tally import Tally

VAGUE_S = 0.5
"""By so much the claimed duration of a whole file may be off: writers round, and count the last frame or do not."""

TOLD_FRAMES = 3
"""A claimed duration that is off by fewer frames than this is no sign of anything."""

GAP = 1.5
"""A frame that comes after so many times the usual distance has lost those before it."""


UNKNOWN_RIFF = 0xFFFFFF00
"""Sizes from here on mean that the writer did not know."""


def claimed_s(fd: int, container: InputContainer, video: Any) -> float:
    """How long a film says that it is.

    MPEG's streams do not: libav guesses, from the first time and the last. It takes the part of an AVI that is there
    for all of it: where the file is shorter than its own first chunk (RIFF) says, the film is as long as its stream's
    header says.
    """
    seconds = (container.duration or 0) / av.time_base
    if container.format.name in ("mpegts", "mpeg"):
        return 0.0
    if container.format.name != "avi":
        return seconds
    riff = int.from_bytes(os.pread(fd, 4, 4), "little")
    if riff + 8 <= os.fstat(fd).st_size or riff >= UNKNOWN_RIFF:
        return seconds
    return max(seconds, float(video.frames * video.time_base))


def missing_frames(
    container: InputContainer, video: Any, tallies: dict[int, Tally], whole_s: float, errors: int
) -> int:
    """How many frames of the main video are not there; refuses a film that lacks more than a few.

    MP4 has an index of every sample; other containers at most claim a duration, and where their reader met ``errors``,
    a gap in time is a loss.
    """
    main = tallies[video.index]
    if container.format.name.startswith("mov"):
        named, got = len(video.index_entries), main.all_packets
        if named - got > SMALL_LOSS * named:
            raise Refused("truncated", f"{got} of {named} frames are there")
        return max(0, named - got)
    start_s = (container.start_time or 0) / av.time_base
    if container.format.name.startswith("matroska"):  # its duration counts from zero on
        start_s = min(0.0, start_s)
    last_s = max((t.end_s for t in tallies.values() if t.end is not None), default=0.0)
    # Writers of ASF count from zero on, or from the first frame.
    missing_s = min(whole_s - (last_s - start_s), abs(whole_s - last_s))
    rate = float(video.guessed_rate or video.average_rate or 0)
    vague_s = max(VAGUE_S, TOLD_FRAMES / rate if rate else 0.0, SMALL_LOSS * whole_s)
    if missing_s > vague_s:
        raise Refused("truncated", f"{whole_s - missing_s:.1f} of {whole_s:.1f} s are there")
    cut = round(missing_s * rate) if missing_s * rate > TOLD_FRAMES else 0
    lost = cut + (gaps(main) if errors else 0)
    if lost > max(SMALL_LOSS * (len(main.times) + lost), missing_s * rate):
        raise Refused("damaged", f"{lost} of {len(main.times) + lost} frames are missing")
    return lost


def gaps(times: Tally) -> int:
    """Frames that would fill the gaps between those that are there."""
    steps = [after - before for before, after in pairwise(sorted(times.times)) if after > before]
    if not steps:
        return 0
    usual = median(steps)
    return sum(round(step / usual) - 1 for step in steps if step > GAP * usual)


def decodable(fd: int, request: dict[str, Any]) -> dict[str, Any]:
    """A source, wholly decoded: the judge where packets are not frames (fields, hidden frames, damage).

    ``frames`` come out of it, ``interlaced`` of them say that they are of two moments; ``failed`` packets could not be
    decoded, although a frame had been before; ``corrupt`` frames are shown with what the decoder made up; ``start_s``
    is when the first frame is shown.
    """
    container = open_media(fd, request["source"])
    video: Any = container.streams[request["video_index"]]
    video.thread_type = "AUTO"
    video.codec_context.thread_count = request["threads"]
    counts: dict[str, Any] = {"frames": 0, "interlaced": 0, "failed": 0, "corrupt": 0, "start_s": None}
    try:
        for packet in container.demux(video):
            _count(packet, counts)
    except av.error.FFmpegError:
        pass
    return counts


def _count(packet: Any, counts: dict[str, Any]) -> None:
    try:
        frames = packet.decode()
    except av.error.FFmpegError:
        # A recording that begins between two keyframes: no player shows anything before the second one.
        counts["failed"] += 1 if counts["frames"] else 0
        return
    counts["frames"] += len(frames)
    counts["interlaced"] += sum(1 for frame in frames if frame.interlaced_frame)
    if counts["start_s"] is None and frames and frames[0].time is not None:
        counts["start_s"] = frames[0].time
    counts["corrupt"] += sum(1 for frame in frames if frame.is_corrupt)
