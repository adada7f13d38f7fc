"""What a packet holds, without the framing that its container wants: a copy into another container keeps just that.

MPEG-TS frames H.264 and H.265 with start codes where MP4 and Matroska write lengths, and AAC with a header on each
frame (ADTS) where they write one for all; AV1 streams mark times, which they leave out.
"""

from collections.abc import Callable, Iterator
from typing import Any

PARAMETER_SETS = {"h264": {7, 8, 9, 12, 13, 15}, "hevc": {32, 33, 34, 35, 38}}
"""Units that muxers move into the header or leave out (H.264 table 7-1, H.265 table 7-1): parameters, delimiters,
filler."""

TEMPORAL_DELIMITER = b"\x12\x00"
"""An AV1 unit that holds nothing (AV1 specification, 5.6)."""

START_CODE = b"\0\0\1"
ADTS_HEADER = 7
"""Bytes of the header on each AAC frame, without its checksum."""

Parts = Callable[[Any], Iterator[bytes | memoryview]]


def parts_of(stream: Any, codec: str) -> Parts:
    """How packets of this stream are taken apart into what any container keeps of them."""
    extradata = bytes(stream.codec_context.extradata or b"") if stream.codec_context else b""
    if codec in PARAMETER_SETS:
        lengths = _length_bytes(codec, extradata)
        return lambda packet: _pictures(codec, memoryview(packet), lengths)
    if codec == "aac" and not extradata:
        return lambda packet: _without_adts(memoryview(packet))
    if codec == "av1":
        return lambda packet: iter((bytes(packet).removeprefix(TEMPORAL_DELIMITER),))
    return lambda packet: iter((memoryview(packet),))


def sound_config(packet: memoryview) -> int | None:
    """Sampling rate and speakers as an ADTS header tells them for its own frame; None without such a header.

    Its profile, rate and channels (ISO/IEC 14496-3, table 1.A.6), without the private bit between them.
    """
    if len(packet) < ADTS_HEADER or packet[0] != 0xFF or packet[1] & 0xF6 != 0xF0:
        return None
    return packet[2] & 0xFD | (packet[3] & 0xC0) << 8


def is_utf8(packet: memoryview, codec: str) -> bool:
    """Whether a line of text subtitles can be read: ffmpeg takes no other encoding for granted."""
    text = bytes(packet)
    if codec == "mov_text":  # its length comes first (3GPP TS 26.245, 5.17)
        text = text[2 : 2 + int.from_bytes(text[:2])]
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _length_bytes(codec: str, extradata: bytes) -> int:
    """Of the lengths before units (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1); 0 where start codes separate them."""
    at = 4 if codec == "h264" else 21
    return (extradata[at] & 3) + 1 if extradata[:1] == b"\1" and len(extradata) > at else 0


def _pictures(codec: str, packet: memoryview, lengths: int) -> Iterator[bytes | memoryview]:
    left_out = PARAMETER_SETS[codec]
    for unit in _by_length(packet, lengths) if lengths else _by_start_code(bytes(packet)):
        kind = unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63
        if kind not in left_out:
            yield unit


def _by_length(packet: memoryview, lengths: int) -> Iterator[bytes | memoryview]:
    at = 0
    while at + lengths < len(packet):
        end = at + lengths + int.from_bytes(packet[at : at + lengths])
        unit: bytes | memoryview = packet[at + lengths : end]
        if unit and not unit[-1]:
            unit = bytes(unit).rstrip(b"\0")
        if unit:
            yield unit
        at = end


def _by_start_code(packet: bytes) -> Iterator[bytes]:
    """Zeros at a unit's end belong to the next start code (H.264, B.1.2)."""
    for unit in packet.split(START_CODE)[1:]:
        if unit := unit.rstrip(b"\0"):
            yield unit


def _without_adts(packet: memoryview) -> Iterator[memoryview]:
    """The header has 7 bytes, or 9 with a checksum (ISO/IEC 14496-3, 1.A.3.2)."""
    framed = len(packet) > 9 and packet[0] == 0xFF and packet[1] & 0xF6 == 0xF0
    yield packet[(7 if packet[1] & 1 else 9) if framed else 0 :]
