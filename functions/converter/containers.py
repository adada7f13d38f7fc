"""Which demuxer a file gets: decided by its first bytes, never by its name, and from this list alone.

A playlist (HLS, DASH, ffconcat, IMF) that is dressed up as a video would make ffmpeg read other files; it has no
entry here, and the chosen demuxer is forced, so it is never opened.
"""

import os
from dataclasses import dataclass

from functions.shared.errors import NotAVideo


@dataclass(frozen=True)
class Container:
    """``demuxer`` as ffmpeg names it for ``-f``; ``whitelist`` the names that it answers to.

    ``unpacked``: our measuring library does not read it.
    """

    demuxer: str
    whitelist: str
    extension: str
    unpacked: bool = False


MOV = Container("mov", "mov,mp4,m4a,3gp,3g2,mj2", "mp4")
MATROSKA = Container("matroska", "matroska,webm", "mkv")
AVI = Container("avi", "avi", "avi")
FLV = Container("flv", "flv", "flv")
ASF = Container("asf", "asf", "wmv")
OGG = Container("ogg", "ogg", "ogv")
MPEG_TS = Container("mpegts", "mpegts", "ts")
MPEG_PS = Container("mpeg", "mpeg", "mpg")
GIF = Container("gif", "gif", "gif")
MXF = Container("mxf", "mxf", "mxf")
NUT = Container("nut", "nut", "nut")
IVF = Container("ivf", "ivf", "ivf")
DV = Container("dv", "dv", "dv")
REAL_MEDIA = Container("rm", "rm", "rm")
WTV = Container("wtv", "wtv", "wtv")
Y4M = Container("yuv4mpegpipe", "yuv4mpegpipe", "y4m")
H264 = Container("h264", "h264", "h264")
HEVC = Container("hevc", "hevc", "hevc")
MPEG_VIDEO = Container("mpegvideo", "mpegvideo", "m2v")
MPEG4_VIDEO = Container("m4v", "m4v", "m4v")
AV1_STREAM = Container("obu", "obu", "obu")
ANIMATED_WEBP = Container("webp_anim", "webp_anim", "webp", unpacked=True)

ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
UNTIMED = frozenset(one.demuxer for one in (H264, HEVC, MPEG_VIDEO, MPEG4_VIDEO, AV1_STREAM))
"""Raw streams: their frames follow one another at an even pace, and packets without times cannot be taken over."""

WTV_HEADER = bytes.fromhex("b7d800203749da11a64e0007e95ead8d")
MXF_HEADER = bytes.fromhex("060e2b34020501010d01020101")
MOV_ATOMS = {
    b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"sidx", b"uuid", b"udta", b"junk", b"prfl"
}  # fmt: skip
SNIFF_BYTES = 4096
TS_JUNK_BYTES = 1024
"""A recording may begin in the middle of a packet, or with a few broken ones."""

_STARTS = (
    (b"\x1a\x45\xdf\xa3", MATROSKA),
    (b"FLV\x01", FLV),
    (ASF_HEADER, ASF),
    (b"OggS", OGG),
    (b"\x00\x00\x01\xba", MPEG_PS),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (MXF_HEADER, MXF),
    (b"nut/multimedia container\0", NUT),
    (b"DKIF\0\0", IVF),
    (b"\x1f\x07\x00\x3f", DV),
    (b"\x1f\x07\x00\xbf", DV),
    (b".RMF\0\0\0", REAL_MEDIA),
    (WTV_HEADER, WTV),
    (b"YUV4MPEG2 ", Y4M),
    (b"\x00\x00\x01\xb3", MPEG_VIDEO),
    (b"\x12\x00\x0a", AV1_STREAM),
)
"""What the first bytes of a file are."""

_H264_STARTS = {0x09, 0x67, 0x27, 0x47}
"""First bytes of the units that a raw stream may begin with: a delimiter or a sequence's parameters (H.264, 7.3.1)."""

_HEVC_STARTS = {b"\x40\x01", b"\x46\x01"}
"""The same of H.265 (7.3.1.2): parameters of the video, or a delimiter."""


def sniff(fd: int) -> Container:
    """The container of an open file; raises ``NotAVideo`` if its first bytes belong to none that we accept."""
    head = os.pread(fd, SNIFF_BYTES, 0)
    if head[4:8] in MOV_ATOMS:
        return MOV
    if head.startswith(b"RIFF") and head[8:12] in (b"AVI ", b"AVIX", b"AVI\x19"):
        return AVI
    if _is_animated_webp(head):
        return ANIMATED_WEBP
    for start, container in _STARTS:
        if head.startswith(start):
            return container
    if _is_mpeg4(head):
        return MPEG4_VIDEO
    raw = _raw_stream(head)
    if raw:
        return raw
    if _is_transport_stream(head):
        return MPEG_TS
    raise NotAVideo


def _is_animated_webp(head: bytes) -> bool:
    """An extended header whose flags say animation (RFC 9649, 2.7)."""
    return head.startswith(b"RIFF") and head[8:16] == b"WEBPVP8X" and bool(head[20:21] and head[20] & 0x02)


def _is_mpeg4(head: bytes) -> bool:
    """One byte of profile, and the next start code (ISO/IEC 14496-2, 6.2.2): Chinese AVS begins alike and goes on."""
    return head.startswith(b"\0\0\1\xb0") and head[5:8] == b"\0\0\1"


def _raw_stream(head: bytes) -> Container | None:
    """H.264 or H.265 without a container: a start code of three bytes, or of four (H.264, Annex B)."""
    at = head.find(b"\x01") + 1
    if head[:at] not in (b"\0\0\1", b"\0\0\0\1"):
        return None
    if head[at : at + 2] in _HEVC_STARTS:
        return HEVC
    return H264 if head[at : at + 1] and head[at] in _H264_STARTS else None


def usual_extension(fd: int, container: Container) -> str:
    """How such a file is usually named: QuickTime, WebM and 3GPP share their demuxers with others."""
    head = os.pread(fd, SNIFF_BYTES, 0)
    if container is MOV:
        brand = head[8:12] if head[4:8] == b"ftyp" else b"qt  "
        return {b"qt  ": "mov", b"3gp4": "3gp", b"3gp5": "3gp", b"3gp6": "3gp"}.get(brand, container.extension)
    if container is MATROSKA and b"\x42\x82\x84webm" in head[:64]:
        return "webm"
    return container.extension


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
    """Sync bytes 0x47 every 188 bytes, every 192 with a time code (M2TS), or every 204 with check bytes."""
    return any(
        head[start] == 0x47 and len(head) > start + 4 * step and all(head[start + i * step] == 0x47 for i in range(5))
        for start in range(min(TS_JUNK_BYTES, len(head)))
        for step in (188, 192, 204)
    )
