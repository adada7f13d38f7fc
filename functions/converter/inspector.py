"""The program of the inspector child: PyAV opens one untrusted file and tells what is in it.

Run by path in an isolated interpreter (``python -I``) with an empty environment, so it imports nothing of ours. It
gets descriptors, never paths, over the socket that its argument names, answers one request with one JSON object and
ends. Its parent sets its limits and kills it when it stalls.
"""

import array
import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.container import InputContainer

MAX_STREAMS = 32

REORDERED_FRAMES = 16
"""At most so many frames lie between the decoding and the showing of one (H.264 A.3.1: MaxDpbFrames)."""


class Refused(Exception):
    """The file cannot be used; the argument is the reason's code, the second a detail without file content."""


def open_media(fd: int, demuxer: str, whitelist: str) -> InputContainer:
    """Open a descriptor with a forced demuxer and no protocol but ``fd``."""
    options = {
        "fd": str(fd),
        "protocol_whitelist": "fd",
        "format_whitelist": whitelist,
        "max_streams": str(MAX_STREAMS),
    }
    if demuxer == "mov":
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    os.lseek(fd, 0, os.SEEK_SET)  # a second look at the same descriptor starts where the first one ended
    try:
        return av.open("fd:", format=demuxer, options=options, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError, OverflowError) as exc:
        raise Refused("unreadable", type(exc).__name__) from exc


def main_video(container: InputContainer) -> Any:
    """The first video stream that is not a still attached to the file (cover art)."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    raise Refused("no_video", "")


def codec_name(context: Any) -> str:
    """The codec's own name, where ``context.name`` may be one decoder's (``mp3float``, ``libdav1d``)."""
    return str(context.codec.canonical_name) if context else "unknown"


def plain_pixel_format(name: Any) -> str:
    """libav's old names for full-range video (``yuvj420p``) → the format of the samples; range is another fact."""
    return str(name).replace("yuvj", "yuv", 1)


def shown(packet: Any, codec: str) -> bool:
    """Whether a video packet makes a frame that is shown.

    Edit lists flag packets to discard; a VP8 packet says in bit 4 of its first byte whether it is shown (RFC 6386,
    9.1): alternate reference frames are not.
    """
    if not packet.size or packet.is_discard:
        return False
    return codec != "vp8" or bool(memoryview(packet)[0] >> 4 & 1)


class Tally:
    """Times of one stream, in its own time base: shown packets, and the span from the first one to the last one's end.

    The last one by display time: with reordered frames MP4 gives a packet the distance to the next in decoding order.
    AVI stores no times but the order of its chunks, one for each tick, in decoding order: libav guesses the rest.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.chunks = stream.container.format.name == "avi"
        self.codec = codec_name(stream.codec_context) if stream.type == "video" else ""
        self.time_base: Fraction = stream.time_base or Fraction(1, 1000)
        self.times = array.array("q")
        self.all_packets = 0
        self.untimed = 0
        self.complete = True
        self.first: int | None = None
        self.last: int | None = None
        self.end: int | None = None

    def add(self, packet: Any) -> None:
        self.all_packets += 1 if packet.size else 0
        if not shown(packet, self.codec):
            return
        time = packet.dts if self.chunks or packet.pts is None else packet.pts
        self.complete = self.complete and time is not None and (self.chunks or packet.pts is not None)
        if time is None:
            self.untimed += 1
        else:
            self.first = time if self.first is None else min(self.first, time)
            if self.last is None or time >= self.last:
                self.last, self.end = time, time + (packet.duration or 0)
        if self.codec:
            self.times.append(time if time is not None else 0)

    @property
    def vague_frames(self) -> int:
        """How many places a frame's time may be off: AVI does not say which of two reordered frames a gap follows."""
        if not self.chunks or not self.stream.codec_context.has_b_frames:
            return 0
        steps = {after - before for before, after in pairwise(self.times)}
        return REORDERED_FRAMES if len(steps) > 1 else 0

    @property
    def seconds(self) -> float:
        if self.first is None or self.end is None:
            return 0.0
        return float((self.end - self.first) * self.time_base)

    @property
    def last_s(self) -> float:
        """How long the last frame is shown, as far as the container tells."""
        return 0.0 if self.last is None or self.end is None else float((self.end - self.last) * self.time_base)

    @property
    def end_s(self) -> float:
        return float((self.end or 0) * self.time_base)


def packets(container: InputContainer) -> Iterator[Any]:
    try:
        yield from container.demux()
    except av.error.FFmpegError as exc:
        raise Refused("truncated", type(exc).__name__) from exc


def tally(container: InputContainer) -> dict[int, Tally]:
    """Demux the whole file once."""
    tallies = {stream.index: Tally(stream) for stream in container.streams}
    for packet in packets(container):
        tallies[packet.stream.index].add(packet)
    return tallies


def probe(fds: list[int], request: dict[str, Any]) -> dict[str, Any]:
    """Facts of a source: its streams, and frames and durations counted by demuxing all of it."""
    container = open_media(fds[0], request["demuxer"], request["whitelist"])
    video = main_video(container)
    context = video.codec_context
    if context is None or not context.width or not context.height or not context.pix_fmt:
        raise Refused("unreadable", "no picture could be decoded")
    claimed_s = (container.duration or 0) / av.time_base
    tallies = tally(container)
    _refuse_truncated(container, video, tallies, claimed_s, request["demuxer"])
    main = tallies[video.index]
    if not main.times:
        raise Refused("no_video", "the video stream has no frame")
    rate = float(video.guessed_rate or video.average_rate or 0)
    # Frames without a time (before zero in Matroska) span what their rate says.
    span_s = len(main.times) / rate if main.untimed and rate else main.seconds
    facts = {
        "index": video.index,
        "codec": codec_name(context),
        "width": context.width,
        "height": context.height,
        "pixel_format": plain_pixel_format(context.pix_fmt),
        "bit_depth": max(component.bits for component in av.VideoFormat(context.pix_fmt).components),
        "time_base": [main.time_base.numerator, main.time_base.denominator],
        "frame_rate": rate,
        "frames": len(main.times),
        "duration_s": max(span_s, 1 / rate if rate else 0.0),
        "last_frame_s": main.last_s,
    }
    return {
        "video": facts,
        "audio": [_audio_facts(stream, tallies[stream.index]) for stream in container.streams.audio],
        "other": [
            {"index": s.index, "type": s.type, "codec": codec_name(s.codec_context)}
            for s in container.streams
            if s.type not in ("video", "audio") or (s.type == "video" and s.index != video.index)
        ],
    }


def _audio_facts(stream: Any, times: Tally) -> dict[str, Any]:
    context = stream.codec_context
    return {
        "index": stream.index,
        "codec": codec_name(context),
        "channels": context.channels if context else 0,
        "sample_rate": context.sample_rate if context else 0,
        "duration_s": times.seconds,
    }


def _refuse_truncated(
    container: InputContainer, video: Any, tallies: dict[int, Tally], claimed_s: float, demuxer: str
) -> None:
    """MP4 has an index of every sample; other containers at most claim a duration."""
    got = tallies[video.index].all_packets
    if demuxer == "mov":
        if len(video.index_entries) > got:
            raise Refused("truncated", f"{got} of {len(video.index_entries)} frames are there")
        return
    start_s = (container.start_time or 0) / av.time_base
    end_s = max((t.end_s for t in tallies.values() if t.end is not None), default=0.0) - start_s
    if claimed_s - end_s > max(1.0, 0.02 * claimed_s):
        raise Refused("truncated", f"{end_s:.1f} of {claimed_s:.1f} s are there")


def verify(fds: list[int], request: dict[str, Any]) -> dict[str, Any]:
    """Measure an output (second descriptor) and compare its frames with those of its source (first descriptor)."""
    source = open_media(fds[0], request["demuxer"], request["whitelist"])
    wanted = tally(source)[request["video_index"]]
    output = open_media(fds[1], "mov", "mov,mp4,m4a,3gp,3g2,mj2")
    video = output.streams.video[0]
    video.thread_type = "AUTO"
    video.codec_context.thread_count = request["threads"]
    got = {stream.index: Tally(stream) for stream in output.streams}
    decoded, broken = _decode_all(output, video, got)
    frames = len(wanted.times)
    if frames != len(got[video.index].times):
        frames = _decoded_frames(fds[0], request)
    return {
        "faststart": _moov_first(fds[1]),
        "codec": codec_name(video.codec_context),
        "tag": video.codec_context.codec_tag,
        "pixel_format": plain_pixel_format(video.codec_context.pix_fmt),
        "size": [video.codec_context.width, video.codec_context.height],
        "source_frames": frames,
        "output_packets": len(got[video.index].times),
        "output_frames": decoded,
        "broken_frames": broken,
        "duration_s": got[video.index].seconds,
        "misplaced": _misplaced(wanted, got[video.index]),
        "audio_s": [got[stream.index].seconds for stream in output.streams.audio],
    }


def _decode_all(output: InputContainer, video: Any, tallies: dict[int, Tally]) -> tuple[int, int]:
    decoded = broken = 0
    for packet in packets(output):
        tallies[packet.stream.index].add(packet)
        if packet.stream.index != video.index:
            continue
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            broken += 1
            continue
        decoded += len(frames)
        broken += sum(1 for frame in frames if frame.is_corrupt)
    return decoded, broken


def _decoded_frames(fd: int, request: dict[str, Any]) -> int:
    """Frames of a source by decoding all of it: the judge where packets are not frames (fields, hidden frames)."""
    container = open_media(fd, request["demuxer"], request["whitelist"])
    video = container.streams[request["video_index"]]
    video.thread_type = "AUTO"
    video.codec_context.thread_count = request["threads"]
    count = 0
    for packet in container.demux(video):
        try:
            count += len(packet.decode())
        except av.error.FFmpegError:
            continue
    return count


def _misplaced(wanted: Tally, got: Tally) -> dict[str, Any] | None:
    """The first output frame whose time differs from its source frame's by more than rounding allows."""
    if not wanted.complete or len(wanted.times) != len(got.times) or not len(got.times):
        return None
    tolerance = float(max(wanted.time_base, got.time_base)) * 1.01
    ours, theirs = sorted(got.times), sorted(wanted.times)
    vague, last = wanted.vague_frames, len(theirs) - 1
    for number, time in enumerate(ours):
        at = (time - ours[0]) * got.time_base
        earliest = (theirs[max(0, number - vague)] - theirs[0]) * wanted.time_base
        latest = (theirs[min(last, number + vague)] - theirs[0]) * wanted.time_base
        shift = float(min(at - earliest, Fraction(0)) or max(at - latest, Fraction(0)))
        if abs(shift) > tolerance:
            return {"frame": number, "shift_s": round(shift, 6)}
    return None


def _moov_first(fd: int) -> bool:
    """Whether an MP4's index comes before its data, by walking the top-level boxes (ISO/IEC 14496-12, 4.2)."""
    position, end = 0, os.fstat(fd).st_size
    while position + 16 <= end:
        head = os.pread(fd, 16, position)
        size, kind = int.from_bytes(head[:4]), head[4:8]
        if kind in (b"moov", b"mdat"):
            return kind == b"moov"
        size = int.from_bytes(head[8:16]) if size == 1 else size
        if size < 8:
            return False
        position += size
    return False


COMMANDS = {"probe": probe, "verify": verify}


def answer(message: bytes, fds: list[int]) -> dict[str, Any]:
    request = json.loads(message)
    try:
        return {"facts": COMMANDS[request["command"]](fds, request)}
    except Refused as exc:
        return {"refused": exc.args[0], "detail": exc.args[1]}
    except MemoryError:
        return {"refused": "memory", "detail": ""}


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    message, fds, _, _ = socket.recv_fds(channel, 65536, 4)
    if not message:
        return
    threading.Thread(target=_end_with_parent, args=(channel,), daemon=True).start()
    reply = json.dumps(answer(message, fds)).encode()
    channel.sendall(reply)
    channel.shutdown(socket.SHUT_WR)
    os._exit(0)


def _end_with_parent(channel: socket.socket) -> None:
    """The parent never sends a second message: the channel becomes readable when it is gone."""
    channel.recv(1)
    os._exit(1)


if __name__ == "__main__":
    main()
