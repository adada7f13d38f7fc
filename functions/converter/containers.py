"""Which demuxer a file gets: decided by its first bytes, never by its name, and from this list alone.

A playlist (HLS, DASH, ffconcat, IMF) that is dressed up as a video would make ffmpeg read other files; it has no
entry here, and the chosen demuxer is forced, so it is never opened.
"""

import os
from dataclasses import dataclass

from functions.shared.errors import NotAVideo


@dataclass(frozen=True)
class Container:
    """``demuxer`` as ffmpeg names it for ``-f``; ``whitelist`` the names that it answers to."""

    demuxer: str
    whitelist: str
    extension: str


MOV = Container("mov", "mov,mp4,m4a,3gp,3g2,mj2", "mp4")
MATROSKA = Container("matroska", "matroska,webm", "mkv")
AVI = Container("avi", "avi", "avi")
FLV = Container("flv", "flv", "flv")
ASF = Container("asf", "asf", "wmv")
OGG = Container("ogg", "ogg", "ogv")
MPEG_TS = Container("mpegts", "mpegts", "ts")
MPEG_PS = Container("mpeg", "mpeg", "mpg")

ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
MOV_ATOMS = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
SNIFF_BYTES = 2048


def sniff(fd: int) -> Container:
    """The container of an open file; raises ``NotAVideo`` if its first bytes belong to none that we accept."""
    head = os.pread(fd, SNIFF_BYTES, 0)
    for fits, container in (
        (head[4:8] in MOV_ATOMS, MOV),
        (head.startswith(b"\x1a\x45\xdf\xa3"), MATROSKA),
        (head.startswith(b"RIFF") and head[8:12] in (b"AVI ", b"AVIX"), AVI),
        (head.startswith(b"FLV\x01"), FLV),
        (head.startswith(ASF_HEADER), ASF),
        (head.startswith(b"OggS"), OGG),
        (head.startswith(b"\x00\x00\x01\xba"), MPEG_PS),
        (_is_transport_stream(head), MPEG_TS),
    ):
        if fits:
            return container
    raise NotAVideo


def declared_bytes(fd: int, container: Container) -> int:
    """How long a Matroska file says that it is; 0 where it does not (a live recording) and for other containers."""
    if container is not MATROSKA:
        return 0
    head = os.pread(fd, SNIFF_BYTES, 0)
    header_size, start = _vint(head, 4)
    segment = start + (header_size or 0)
    if head[segment : segment + 4] != b"\x18\x53\x80\x67":
        return 0
    size, start = _vint(head, segment + 4)
    return 0 if size is None else start + size


def _vint(data: bytes, at: int) -> tuple[int | None, int]:
    """An EBML size (RFC 8794, section 4) and where it ends; None if it is unknown."""
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    if not first or at + length > len(data):
        return None, at
    value = int.from_bytes(data[at : at + length]) & ((1 << 7 * length) - 1)
    return (None if value == (1 << 7 * length) - 1 else value), at + length


def _is_transport_stream(head: bytes) -> bool:
    """Sync bytes 0x47 every 188 bytes, or every 192 after a 4-byte time code (M2TS)."""
    return any(
        len(head) > start + 4 * step and all(head[start + i * step] == 0x47 for i in range(5))
        for start, step in ((0, 188), (4, 192))
    )
