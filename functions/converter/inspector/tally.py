"""Counting and timing the packets of one stream."""

import array
import hashlib
from contextlib import nullcontext, suppress
from fractions import Fraction
from itertools import pairwise
from typing import Any

from av.container import InputContainer

from functions.converter.inspector.continuity import Continuity
from functions.converter.inspector.limits import TEXT_SUBTITLES
from functions.converter.inspector.opening import Refused, codec_name, packets
from functions.converter.inspector.payload import is_utf8, parts_of, sound_config

NO_TIME = -(2**63)
NO_TEXT_BYTES = 2
"""A sample of timed text (3GPP TS 26.245, 5.17) that is only its length clears the screen."""

REORDERED_FRAMES = 16
"""At most so many frames lie between the decoding and the showing of one (H.264 A.3.1: MaxDpbFrames)."""


def shown(packet: Any, codec: str) -> bool:
    """Whether a video packet makes a frame that is shown.

    Edit lists flag packets to discard; a VP8 packet says in bit 4 of its first byte whether it is shown (RFC 6386,
    9.1): alternate reference frames are not.
    """
    if not packet.size or packet.is_discard:
        return False
    return codec != "vp8" or bool(memoryview(packet)[0] >> 4 & 1)


UNTIMED = frozenset({"h264", "hevc", "mpegvideo", "m4v", "obu"})
"""Raw streams: what libav says of their times is its guess from the order of packets."""


class Tally:
    """Times of one stream, in its own time base: shown packets, and the span from the first one to the last one's end.

    The last one by display time: with reordered frames MP4 gives a packet the distance to the next in decoding order.
    AVI stores no times but the order of its chunks, one for each tick, in decoding order: libav guesses the rest.
    ``payload`` is the digest of what the packets hold, if it is asked for: of all of them, as a copy takes over what
    an edit list hides too; ``packet_times`` are theirs, ``NO_TIME`` where the container does not tell. ``joined``: the
    file's clock began anew in the middle, and what follows was put behind what came before. ``configs``: what the
    headers on frames of AAC say of them, of which MP4 and Matroska keep one for the whole track. ``unreadable``: lines
    of text that are not UTF-8.
    """

    def __init__(self, stream: Any, *, digest: bool = False) -> None:
        self.stream = stream
        self.chunks = stream.container.format.name == "avi"
        self.codec = codec_name(stream.codec_context)
        self.time_base: Fraction = stream.time_base or Fraction(1, 1000)
        self.times = array.array("q")
        self.all_packets = 0
        self.bytes = 0
        self.untimed = 0
        self.joined = False
        self.hidden = 0
        self.configs: set[int] = set()
        self.unreadable = 0
        self._is_text = self.codec in TEXT_SUBTITLES
        self.complete = stream.container.format.name not in UNTIMED
        self.first: int | None = None
        self.last: int | None = None
        self.end: int | None = None
        self.packet_times = array.array("q")
        self._last_ends: int | None = None
        self._digest = hashlib.sha256() if digest else None
        self._parts = parts_of(stream, self.codec)

    def add(self, packet: Any) -> None:
        if not packet.size or (self.codec == "mov_text" and packet.size <= NO_TEXT_BYTES):
            return
        self.all_packets += 1
        self.hidden += bool(packet.is_discard)
        if self._digest:
            self._note_time(packet)
            for part in self._parts(packet):
                self._digest.update(part)
        if not shown(packet, self.codec):
            return
        self.bytes += packet.size
        if self.codec == "aac" and (config := sound_config(memoryview(packet))) is not None:
            self.configs.add(config)
        if self._is_text:
            self.unreadable += not is_utf8(memoryview(packet), self.codec)
        time = packet.dts if self.chunks or packet.pts is None else packet.pts
        self.complete = self.complete and time is not None and (self.chunks or packet.pts is not None)
        if time is None:
            self.untimed += 1
        else:
            self.first = time if self.first is None else min(self.first, time)
            if self.last is None or time >= self.last:
                self.last, self.end = time, time + (packet.duration or 0)
        self.times.append(time if time is not None else 0)

    def _note_time(self, packet: Any) -> None:
        self.packet_times.append(NO_TIME if packet.pts is None else packet.pts)
        if packet.pts is not None:
            self._last_ends = max(self._last_ends or packet.pts, packet.pts + (packet.duration or 0))

    def span_of_all(self) -> tuple[float, float]:
        """When the first of all packets is due, hidden ones too, and seconds from there to the end of the last."""
        times = [time for time in self.packet_times if time != NO_TIME]
        if not times or self._last_ends is None:
            return self.start_s, self.seconds
        first = min(times)
        return float(first * self.time_base), float((self._last_ends - first) * self.time_base)

    @property
    def payload(self) -> str:
        return self._digest.hexdigest() if self._digest else ""

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

    def seconds_of_all(self) -> list[float]:
        """When each frame is shown, from the first one on."""
        ordered = sorted(self.times)
        return [round(float((time - ordered[0]) * self.time_base), 6) for time in ordered]

    @property
    def start_s(self) -> float:
        return float((self.first or 0) * self.time_base)

    @property
    def rate(self) -> float:
        """Frames a second of a picture, as far as its container tells; 0 if it does not."""
        return float(self.stream.guessed_rate or self.stream.average_rate or 0)

    @property
    def picture_s(self) -> float:
        """``seconds`` of a picture; frames without a time (before zero in Matroska) span what their rate says."""
        return len(self.times) / self.rate if self.untimed and self.rate else self.seconds

    @property
    def picture_start_s(self) -> float:
        """``start_s`` of a picture; frames without a time come before all others."""
        return self.start_s - (self.picture_s - self.seconds if self.first is not None else 0.0)

    @property
    def end_s(self) -> float:
        return float((self.end or 0) * self.time_base)


def tally(container: InputContainer, *, digest: bool = False, lenient: bool = False) -> dict[int, Tally]:
    """Demux the whole file once; ``lenient``: as far as it can be read, for somebody else judges what is missing."""
    tallies = {stream.index: Tally(stream, digest=digest) for stream in container.streams}
    continuity = Continuity(container)
    with suppress(Refused) if lenient else nullcontext():
        for packet in packets(container, continuity):
            tallies[packet.stream.index].add(packet)
    for one in tallies.values():
        one.joined = continuity.joins > 0
    return tallies
