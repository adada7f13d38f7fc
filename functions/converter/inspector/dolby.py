"""Which Dolby Vision a film is: by the configuration record of its container, and by the metadata of its frames.

libav reads both, but PyAV shows neither the record nor what the frames' metadata mean.
"""

import os
import struct
from collections.abc import Iterator
from typing import Any

RECORDS = (b"dvcC", b"dvvC")
"""Names of the record (Dolby Vision streams within the ISO base media file format, section 3.1)."""

PLACE = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
STSD_HEAD, VISUAL_ENTRY_HEAD = 8, 78
"""Bytes before the entries of ``stsd``, and before the boxes of a visual one (ISO/IEC 14496-12, 8.5.2 and 12.1.3)."""

MATROSKA_PLACE = (0x18538067, 0x1654AE6B, 0xAE, 0x41E4)
"""Segment, Tracks, TrackEntry, BlockAdditionMapping (RFC 9559, section 5.1)."""

MAPPING_TYPE, MAPPING_DATA = 0x41E7, 0x41ED
MOST_PARTS = 20_000
"""Boxes or elements that are looked at: a film has hundreds."""

BASE_OF_TRANSFER = {16: 1, 18: 4}
"""Transfer of the picture that others show (H.273) → compatibility ID: HDR10, HLG; anything else is SDR, 2."""

NONE_FOR_OTHERS = {"hevc": "5.0", "av1": "10.0"}


def dolby_vision(fd: int, demuxer: str, codec: str, metadata: bytes | None, transfer: int) -> str | None:
    """Profile and compatibility, such as ``8.1``; None if it is none. ``metadata``: of a frame, as libav decoded it."""
    recorded, told = _recorded(fd, demuxer), _told(codec, metadata, transfer)
    return told if told in NONE_FOR_OTHERS.values() else recorded or told


def _told(codec: str, metadata: bytes | None, transfer: int) -> str | None:
    """By libavutil's ``AVDOVIMetadata``, whose first number says where its ``AVDOVIRpuDataHeader`` begins."""
    if metadata is None:
        return None
    header = metadata[struct.unpack_from("@N", metadata)[0] :] if len(metadata) >= 8 else b""
    if len(header) < 17:
        return "unknown"
    rpu_profile, full_range, enhanced, plain = header[4], header[10], header[15], header[16]
    compatible = BASE_OF_TRANSFER.get(transfer, 2)
    if rpu_profile == 0:
        return NONE_FOR_OTHERS.get(codec, "unknown") if full_range else "unknown"
    if codec != "hevc":
        return f"{'10' if codec == 'av1' else '9'}.{compatible}"
    return "7.6" if enhanced and not plain else f"8.{compatible}"


def _recorded(fd: int, demuxer: str) -> str | None:
    size = os.fstat(fd).st_size
    budget = iter(range(MOST_PARTS))
    found = {"mov": _in_mp4, "matroska": _in_matroska}.get(demuxer)
    for data in found(fd, size, budget) if found else ():
        if len(data) >= 5:  # version, then profile (7 bits), level (6), three flags, compatibility (4)
            return f"{data[2] >> 1}.{data[4] >> 4}"
    return None


def _in_mp4(fd: int, size: int, budget: Iterator[int]) -> Iterator[bytes]:
    for at, end in _nested(_boxes, fd, PLACE, 0, size, budget):
        for _, entry, entry_end in _boxes(fd, at + STSD_HEAD, end, budget):
            for kind, start, stop in _boxes(fd, entry + VISUAL_ENTRY_HEAD, entry_end, budget):
                if kind in RECORDS:
                    yield os.pread(fd, min(stop - start, 24), start)


def _in_matroska(fd: int, size: int, budget: Iterator[int]) -> Iterator[bytes]:
    for at, end in _nested(_elements, fd, MATROSKA_PLACE, 0, size, budget):
        parts = {
            kind: os.pread(fd, min(stop - start, 24), start) for kind, start, stop in _elements(fd, at, end, budget)
        }
        if parts.get(MAPPING_TYPE, b"").lstrip(b"\0") in RECORDS:
            yield parts.get(MAPPING_DATA, b"")


def _nested(
    parts: Any, fd: int, place: tuple[Any, ...], start: int, end: int, budget: Iterator[int]
) -> Iterator[tuple[int, int]]:
    """Begin and end of the contents of each part that lies at this place."""
    for kind, at, stop in parts(fd, start, end, budget):
        if kind != place[0]:
            continue
        if len(place) == 1:
            yield at, stop
        else:
            yield from _nested(parts, fd, place[1:], at, stop, budget)


def _boxes(fd: int, at: int, end: int, budget: Iterator[int]) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of the contents of each box (ISO/IEC 14496-12, 4.2)."""
    while at + 8 <= end and next(budget, None) is not None:
        head = os.pread(fd, 16, at)
        size, start = int.from_bytes(head[:4]), at + 8
        if size == 1:
            size, start = int.from_bytes(head[8:16]), at + 16
        stop = at + size if size else end
        if len(head) < 8 or stop < start or stop > end:
            return
        yield head[4:8], start, stop
        at = stop


def _elements(fd: int, at: int, end: int, budget: Iterator[int]) -> Iterator[tuple[int, int, int]]:
    """ID, begin and end of the contents of each element (RFC 8794, section 4); an unknown size reaches to the end."""
    while at + 2 <= end and next(budget, None) is not None:
        head = os.pread(fd, 12, at)
        id_bytes = 9 - head[0].bit_length()
        size_bytes = 9 - head[id_bytes].bit_length() if id_bytes < len(head) else 9
        start = at + id_bytes + size_bytes
        if id_bytes > 4 or size_bytes > 8 or start > end:
            return
        value = int.from_bytes(head[id_bytes : id_bytes + size_bytes]) & ((1 << 7 * size_bytes) - 1)
        stop = end if value == (1 << 7 * size_bytes) - 1 else min(end, start + value)
        yield int.from_bytes(head[:id_bytes]), start, stop
        at = stop
