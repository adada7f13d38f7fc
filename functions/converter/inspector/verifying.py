"""Measures a result beside its source. Whether the figures are good is judged by the parent."""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import av
from av.container import InputContainer
from av.video.reformatter import VideoReformatter

from functions.converter.inspector.chapters import chapter_facts
from functions.converter.inspector.damage import decodable
from functions.converter.inspector.opening import Refused, codec_name, open_media, packets
from functions.converter.inspector.pairs import compare_tracks
from functions.converter.inspector.picking import Keeper, Picker, plane_bytes
from functions.converter.inspector.picture import encoder_signature, first_frames, picture_facts
from functions.converter.inspector.tally import Tally, tally

JOIN_S = 0.05
"""Where a recording begins anew, frames come when ffmpeg thinks best: right behind the picture or the sound before."""

SAMPLES_AS_THEY_ARE = 2
"""Full range, given for both sides, keeps swscale from converting between ranges; limited range does not where a frame
has one of libav's old names for full range (``yuvj420p``)."""


def verify(fds: list[int], request: dict[str, Any]) -> dict[str, Any]:
    """Measure the result of the second descriptor and compare its frames' times with those of the source, the first.

    ``retimed``: the plan changes times on purpose (fields become frames), so they are told and not compared. Each
    frame is decoded, and written to the third descriptor as a tiny picture of ``thumb`` pixels a side. Frames that are
    named under ``picks`` also go to the fourth, as RGB of the size that is named; ``pick_times`` says when they are
    shown, or None if they could not be written. Those from one number to another one under ``chosen`` go to the fifth,
    as they are.
    """
    source = open_media(fds[0], request["source"])
    output = open_media(fds[1], request["output"])
    video = output.streams.video[0]
    _thread(video, request)
    got = {stream.index: Tally(stream, digest=True) for stream in output.streams}
    watch = _Watcher(fds, request) if request["decode"] else None
    with ThreadPoolExecutor(1) as beside:  # reading and hashing the source need no lock of the interpreter
        tallied = beside.submit(tally, source, digest=True, lenient=True)
        broken = _decode_all(output, video, got, watch)
        wanted = tallied.result()
    main = wanted[request["video_index"]]
    facts = {
        "faststart": _moov_first(fds[1]),
        "codec": codec_name(video.codec_context),
        "tag": video.codec_context.codec_tag,
        "profile": video.profile,
        "size": [video.codec_context.width, video.codec_context.height],
        "source_packets": len(main.times),
        "source_payload": main.payload,
        "packets": len(got[video.index].times),
        "payload": got[video.index].payload,
        "frames": watch.count if watch else None,
        "broken_frames": broken,
        "duration_s": got[video.index].seconds,
        "start_s": got[video.index].start_s,
        "misplaced": None if request["retimed"] else misplaced(main, got[video.index]),
        "times": got[video.index].seconds_of_all() if request["retimed"] else None,
        **_looked_at(fds[1], request),
        **compare_tracks(fds, request, (source, output), wanted, got),
        "chapters": [chapter_facts(chapter) for chapter in output.chapters()],
        "tags": dict(output.metadata),
    }
    if watch and watch.picker:
        facts |= {"pick_times": watch.picker.times, "picks_cpu_s": round(watch.picker.cpu_s, 3)}
    if request["examine"] or (request["decode"] and _is_unexpected(facts, retimed=request["retimed"])):
        facts["decodable"] = decodable(fds[0], request)
    return facts


def _is_unexpected(facts: dict[str, Any], *, retimed: bool) -> bool:
    """Whether the source's packets do not explain the number of frames: then its frames must be counted.

    Fields become two frames each, but where frames are whole among them, fewer; telecine's become fewer than were.
    """
    frames, packets = facts["frames"], facts["source_packets"]
    return packets <= frames < 2 * packets - 2 if retimed else bool(frames != packets)


def _thread(video: Any, request: dict[str, Any]) -> None:
    video.thread_type = "AUTO"
    video.codec_context.thread_count = request["threads"]


class _Watcher:
    """Sees each frame of the result once, in the order of display."""

    def __init__(self, fds: list[int], request: dict[str, Any]) -> None:
        self.count = 0
        self._side = request["thumb"]
        self._thumbs = os.fdopen(os.dup(fds[2]), "wb", 1 << 20)
        self.picker = Picker(fds[3]) if len(fds) > 3 else None
        self._keeper = Keeper(fds[4], request.get("chosen", [])) if len(fds) > 4 else None
        self._wanted = {pick["frame"]: pick for pick in request.get("picks", [])}
        self._tiny = VideoReformatter()

    def see(self, frame: Any) -> None:
        pick = self._wanted.get(self.count)
        if pick and self.picker:
            self.picker.take(frame, pick["width"], pick["height"])
        if self._keeper:
            self._keeper.see(self.count, frame)
        self._thumbs.write(_thumb(self._tiny, frame, self._side))
        self.count += 1

    def close(self) -> None:
        self._thumbs.close()
        for one in (self.picker, self._keeper):
            if one:
                one.close()


def _thumb(reformatter: Any, frame: Any, side: int) -> bytes:
    tiny = reformatter.reformat(
        frame,
        side,
        side,
        "yuv420p",
        interpolation="AREA",
        src_color_range=SAMPLES_AS_THEY_ARE,
        dst_color_range=SAMPLES_AS_THEY_ARE,
    )
    return plane_bytes(tiny, 1)


def _decode_all(output: InputContainer, video: Any, tallies: dict[int, Tally], watch: _Watcher | None) -> int:
    """Read all packets and decode the video's; how many frames are damaged."""
    broken = 0
    for packet in packets(output):
        tallies[packet.stream.index].add(packet)
        if packet.stream.index != video.index or watch is None:
            continue
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            broken += 1
            continue
        for frame in frames:
            broken += 1 if frame.is_corrupt else 0
            watch.see(frame)
    if watch:
        watch.close()
    return broken


def _looked_at(fd: int, request: dict[str, Any]) -> dict[str, Any]:
    """What the result's first frames say: of the picture, and who encoded it."""
    container = open_media(fd, request["output"])
    video = container.streams.video[0]
    frames = first_frames(container, video)
    if not frames:
        raise Refused("unreadable", "no frame of the result decodes")
    picture = picture_facts(video, frames, fd, request["output"]["demuxer"])
    return {"picture": picture, "encoder": encoder_signature(frames)}


def misplaced(wanted: Tally, got: Tally) -> dict[str, Any] | None:
    """The first frame of the result whose time differs from its source frame's by more than rounding allows."""
    if not wanted.complete or len(wanted.times) != len(got.times) or not len(got.times):
        return None
    # In whole numbers: fractions take a tenth of a copy's time.
    second = math.lcm(got.time_base.denominator, wanted.time_base.denominator)
    our_tick, their_tick = int(got.time_base * second), int(wanted.time_base * second)
    tolerance = JOIN_S * second if wanted.joined else max(our_tick, their_tick) * 1.01
    ours, theirs = sorted(got.times), sorted(wanted.times)
    vague, last = wanted.vague_frames, len(theirs) - 1
    for number, time in enumerate(ours):
        at = (time - ours[0]) * our_tick
        earliest = (theirs[max(0, number - vague)] - theirs[0]) * their_tick
        latest = (theirs[min(last, number + vague)] - theirs[0]) * their_tick
        shift = min(at - earliest, 0) or max(at - latest, 0)
        if abs(shift) > tolerance:
            return {"frame": number, "shift_s": round(shift / second, 6)}
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
