"""What encoders at hand do not write, put into films by hand: Dolby Vision, closed captions, soft telecine."""

from pathlib import Path

HEVC_DELIMITER, H264_DELIMITER = b"\0\0\0\1\x46\x01", b"\0\0\0\1\x09"
"""Access unit delimiters in Annex B; x264 and x265 write them with ``aud=1``."""

RPU_UNIT = b"\x7c\x01"
"""Header of a NAL unit of type 62, which holds Dolby Vision's metadata."""

VISUAL_ENTRIES = (b"hvc1", b"hev1", b"dvh1", b"dvhe", b"avc1", b"av01")


class _Bits:
    """Numbers as bits, the first one first."""

    def __init__(self) -> None:
        self._bits = ""

    def u(self, *fields: tuple[int, int]) -> None:
        """Pairs of a number of bits and a value."""
        self._bits += "".join(format(value, f"0{count}b") for count, value in fields)

    def ue(self, *values: int) -> None:
        """Exponential Golomb codes."""
        for value in values:
            code = format(value + 1, "b")
            self._bits += "0" * (len(code) - 1) + code

    def bytes(self) -> bytes:
        whole = self._bits + "0" * (-len(self._bits) % 8)
        return int(whole, 2).to_bytes(len(whole) // 8)


def dolby_metadata(profile: int) -> bytes:
    """A NAL unit with the least metadata of profile 5, 7 or 8 (ETSI TS 103 572): the picture mapped to itself."""
    bits = _Bits()
    alone, dual = int(profile == 5), int(profile == 7)
    bits.u((6, 2), (11, 18), (4, 1 - alone), (4, 0), (1, 1), (1, 0), (2, 0))
    bits.ue(23)
    bits.u((2, 1), (1, alone))
    bits.ue(2, 2, 4)
    bits.u((1, 0), (3, 0), (1, dual), (1, 1 - dual), (1, 0), (1, 0))
    bits.ue(0, 0, 0)
    for _ in range(3):
        bits.ue(0)
        bits.u((10, 0), (10, 1023))
    if dual:
        bits.u((3, 0), (10, 0), (10, 1023))
    bits.ue(0, 0)
    for _ in range(3):
        bits.ue(0, 0)
        bits.u((1, 0))
        for coefficient in (0, 1):  # the line through zero with a slope of one; se(v) of 1 is ue(v) of 1
            bits.ue(coefficient)
            bits.u((23, 0))
    if dual:
        for _ in range(3):
            bits.u((10, 0))
            for _ in range(3):
                bits.ue(0)
                bits.u((23, 0))
    body = bits.bytes()
    return RPU_UNIT + _escaped(b"\x19" + body + _crc32(body).to_bytes(4) + b"\x80")


def _crc32(data: bytes) -> int:
    """The one of MPEG-2 systems (ISO/IEC 13818-1, annex A)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def _escaped(data: bytes) -> bytes:
    """With the bytes that keep start codes out of a NAL unit (H.265, 7.4.2)."""
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def with_dolby_vision(hevc: bytes, profile: int) -> bytes:
    """A raw stream with metadata at the end of each picture."""
    head, *pictures = hevc.split(HEVC_DELIMITER)
    unit = b"\0\0\0\1" + dolby_metadata(profile)
    return head + b"".join(HEVC_DELIMITER + picture + unit for picture in pictures)


def with_captions(h264: bytes) -> bytes:
    """A raw stream with two bytes of EIA-608 text in each picture (ATSC A/53 part 4, 6.2.3)."""
    head, *pictures = h264.split(H264_DELIMITER)
    message = b"\xb5\x00\x31GA94\x03\xc1\xff\xfc\xc8\xe9\xff"
    unit = b"\0\0\0\1\x06\x04" + bytes([len(message)]) + message + b"\x80"
    out = head
    for picture in pictures:
        end = picture.index(b"\0\0", 1)
        out += H264_DELIMITER + picture[:end] + unit + picture[end:]
    return out


def with_pulldown_flags(mpeg2: bytes) -> bytes:
    """A raw stream of 24 pictures a second that asks for 3:2 pulldown (ISO/IEC 13818-2, 6.3.10)."""
    data = bytearray(mpeg2)
    at = count = 0
    while (at := data.find(b"\0\0\1\xb5", at)) >= 0:
        if data[at + 4] >> 4 == 1:  # sequence extension: not progressive
            data[at + 5] &= ~0x08
        if data[at + 4] >> 4 == 8:  # picture coding extension: top field first, repeat first field, progressive frame
            top, repeat = ((1, 1), (0, 0), (0, 1), (1, 0))[count % 4]
            data[at + 7] = data[at + 7] & ~0x82 | top << 7 | repeat << 1
            data[at + 8] |= 0x80
            count += 1
        at += 4
    at = 0
    while (at := data.find(b"\0\0\1\xb3", at)) >= 0:
        data[at + 7] = data[at + 7] & 0xF0 | 4  # 30000/1001 frames a second
        at += 4
    return bytes(data)


def put_record(mp4: Path, profile: int, compatibility: int) -> None:
    """Add a configuration record of Dolby Vision to the sample entry of a file whose index comes last."""
    bits = profile << 9 | 1 << 3 | 1 << 2 | int(profile == 7) << 1 | 1
    body = b"\x01\x00" + bits.to_bytes(2) + bytes([compatibility << 4]) + bytes(19)
    box = (8 + len(body)).to_bytes(4) + (b"dvcC" if profile <= 7 else b"dvvC") + body
    data = bytearray(mp4.read_bytes())
    at, end, around = 0, len(data), []
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b""):
        at, end, start = _box(data, at, end, name)
        around.append(start)
        at += {b"stsd": 8, b"": 78}.get(name, 0)
    assert data.index(b"mdat") < around[0], "offsets into the data would be wrong"
    data[end:end] = box
    for start in around:
        data[start : start + 4] = (int.from_bytes(data[start : start + 4]) + len(box)).to_bytes(4)
    mp4.write_bytes(data)


def _box(data: bytearray, at: int, end: int, name: bytes) -> tuple[int, int, int]:
    """Where the contents of the first box of that name, or of the first video, begin and end, and where it begins."""
    while at < end:
        size, kind = int.from_bytes(data[at : at + 4]), bytes(data[at + 4 : at + 8])
        if kind == name or (not name and kind in VISUAL_ENTRIES):
            return at + 8, at + size, at
        at += size
    raise LookupError(name)
