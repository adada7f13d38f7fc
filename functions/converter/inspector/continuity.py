"""Times of recordings that begin anew in the middle, such as transport streams that were joined: made to go on.

ffmpeg's program does so before it decodes (``ts_discontinuity_detect`` in ffmpeg_demux.c); the result can be compared
with the source only if both are timed alike, so this follows it step by step.
"""

from fractions import Fraction
from typing import Any

from av.format import Flags

JUMP_US = 10_000_000
"""ffmpeg's ``-dts_delta_threshold``: from so far off on, a time is taken for another clock's."""

BACK_US = 100_000
MICRO = Fraction(1, 1_000_000)


class Continuity:
    """Of one file, whose packets are given in its order. ``joins``: how often its clock jumped."""

    def __init__(self, container: Any) -> None:
        self._jumps = bool(container.format.flags & Flags.ts_discont.value)
        self.joins = 0
        self._offset_us = 0
        self._latest_us: int | None = None
        self._seen: dict[int, tuple[int, int]] = {}
        """Of each stream: the time of its last packet, and when the next one is due."""

    def mend(self, packet: Any) -> None:
        """Change the packet's times to those of the file's first clock."""
        if not self._jumps or packet.stream is None:
            return
        _shift(packet, self._offset_us)
        if packet.dts is None or packet.stream.type not in ("video", "audio"):
            return
        jump_us = self._jump_us(packet)
        self.joins += bool(jump_us)
        self._offset_us -= jump_us
        _shift(packet, -jump_us)
        self._latest_us = _rescaled(packet.dts, packet.time_base, MICRO)
        self._seen[packet.stream.index] = (self._latest_us, self._latest_us + _lasts_us(packet))

    def _jump_us(self, packet: Any) -> int:
        at = _rescaled(packet.dts, packet.time_base, MICRO)
        seen = self._seen.get(packet.stream.index)
        if seen:
            last, due = seen
            return at - due if abs(at - due) > JUMP_US or at + BACK_US < last else 0
        if self._latest_us is None or abs(at - self._latest_us) <= JUMP_US:
            return 0
        return at - self._latest_us


def _lasts_us(packet: Any) -> int:
    context = packet.stream.codec_context
    if packet.stream.type == "audio" and context and context.sample_rate:
        return int(1_000_000 * context.frame_size // context.sample_rate)
    if packet.duration:
        return _rescaled(packet.duration, packet.time_base, MICRO)
    rate = packet.stream.guessed_rate or packet.stream.average_rate if packet.stream.type == "video" else None
    return int(1_000_000 / rate) if rate else 0


def _shift(packet: Any, by_us: int) -> None:
    if not by_us:
        return
    ticks = _rescaled(by_us, MICRO, packet.time_base)
    packet.dts = None if packet.dts is None else packet.dts + ticks
    packet.pts = None if packet.pts is None else packet.pts + ticks


def _rescaled(value: int, base: Fraction, wanted: Fraction) -> int:
    """To the nearest, and away from zero between two (``av_rescale_q``)."""
    exact = abs(value) * base / wanted
    return (1 if value >= 0 else -1) * int(exact + Fraction(1, 2))
