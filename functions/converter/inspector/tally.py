"""Counting and timing the packets of one stream."""

import array
import hashlib
from contextlib import nullcontext, suppress
from fractions import Fraction
from itertools import pairwise
from typing import Any

from av.container import InputContainer

from functions.converter.inspector.opening import Refused, codec_name, packets

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


class Tally:
    """Times of one stream, in its own time base: shown packets, and the span from the first one to the last one's end.

    The last one by display time: with reordered frames MP4 gives a packet the distance to the next in decoding order.
    AVI stores no times but the order of its chunks, one for each tick, in decoding order: libav guesses the rest.
    ``payload`` is the digest of what the packets hold, if it is asked for.
    """

    def __init__(self, stream: Any, *, digest: bool = False) -> None:
        self.stream = stream
        self.chunks = stream.container.format.name == "avi"
        self.codec = codec_name(stream.codec_context) if stream.type == "video" else ""
        self.time_base: Fraction = stream.time_base or Fraction(1, 1000)
        self.times = array.array("q")
        self.all_packets = 0
        self.bytes = 0
        self.untimed = 0
        self.complete = True
        self.first: int | None = None
        self.last: int | None = None
        self.end: int | None = None
        self._digest = hashlib.blake2b(digest_size=16) if digest else None

    def add(self, packet: Any) -> None:
        self.all_packets += 1 if packet.size else 0
        if not shown(packet, self.codec):
            return
        self.bytes += packet.size
        if self._digest:
            self._digest.update(packet)
        time = packet.dts if self.chunks or packet.pts is None else packet.pts
        self.complete = self.complete and time is not None and (self.chunks or packet.pts is not None)
        if time is None:
            self.untimed += 1
        else:
            self.first = time if self.first is None else min(self.first, time)
            if self.last is None or time >= self.last:
                self.last, self.end = time, time + (packet.duration or 0)
        self.times.append(time if time is not None else 0)

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
    def end_s(self) -> float:
        return float((self.end or 0) * self.time_base)


def tally(container: InputContainer, *, digest: bool = False, lenient: bool = False) -> dict[int, Tally]:
    """Demux the whole file once; ``lenient``: as far as it can be read, for somebody else judges what is missing."""
    tallies = {stream.index: Tally(stream, digest=digest) for stream in container.streams}
    with suppress(Refused) if lenient else nullcontext():
        for packet in packets(container):
            tallies[packet.stream.index].add(packet)
    return tallies
