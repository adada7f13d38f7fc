"""Files that attack a media library, and wires that tell when an attack got through."""

import ctypes
import os
import socket
import struct
from pathlib import Path
from types import TracebackType

IN_OPEN = 0x20
_libc = ctypes.CDLL(None, use_errno=True)


class Tripwire:
    """Tells whether anybody opened one of ``files``, or connected to ``port`` of this machine."""

    def __init__(self, *files: Path) -> None:
        self._notes = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for file in files:
            assert _libc.inotify_add_watch(self._notes, os.fsencode(file), IN_OPEN) >= 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> "Tripwire":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._listener.close()
        os.close(self._notes)

    @property
    def touched(self) -> bool:
        """Whether it happened since the last look."""
        return self._opened() or self._connected()

    def _opened(self) -> bool:
        try:
            return bool(os.read(self._notes, 4096))
        except BlockingIOError:
            return False

    def _connected(self) -> bool:
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


def hls(url: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n".encode()


def dash(url: str) -> bytes:
    representation = '<Representation id="v" bandwidth="1000" codecs="avc1.42c00c" width="160" height="120">'
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">'
        f'<Period duration="PT1S"><AdaptationSet mimeType="video/mp4" contentType="video">{representation}'
        f'<BaseURL>{url}</BaseURL><SegmentBase indexRange="0-100"/>'
        "</Representation></AdaptationSet></Period></MPD>"
    ).encode()


def ffconcat(url: str) -> bytes:
    return f"ffconcat version 1.0\nfile '{url}'\n".encode()


def imf(_url: str) -> bytes:
    """A composition playlist: ffmpeg looks for ``ASSETMAP.xml`` beside it."""
    return (
        b'<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016">'
        b"<Id>urn:uuid:8713c020-2489-45f5-a9f7-87be539e20b5</Id><ContentTitle>a</ContentTitle><EditRate>25 1</EditRate>"
        b"<SegmentList><Segment><SequenceList></SequenceList></Segment></SegmentList></CompositionPlaylist>"
    )


PLAYLISTS = {"hls": hls, "dash": dash, "concat": ffconcat, "imf": imf}
"""By the name of the demuxer that falls for it: a playlist that names a URL."""


def box(kind: bytes, *content: bytes) -> bytes:
    """One box of an MP4 file (ISO/IEC 14496-12, 4.2)."""
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def external_data(film: bytes, path: Path) -> bytes:
    """The index of ``film`` alone: it says that the data are in the file at ``path`` (a Macintosh alias record)."""
    target = os.fsencode(path).replace(b"/", b":")
    tags = struct.pack(">HH", 2, len(target)) + target + b"\0" * (len(target) % 2) + struct.pack(">HH", 0xFFFF, 0)
    # From the record's own size on: volume name, file name, and how many folders up and down; none of them counts.
    alias = bytes(10) + bytes(28) + bytes(12) + bytes(64) + bytes(16) + struct.pack(">HH", 0xFFFF, 0xFFFF) + bytes(16)
    reference = box(b"dref", bytes(4), struct.pack(">I", 1), box(b"alis", bytes(4), alias, tags))
    return box(b"ftyp", b"qt  ", bytes(4), b"qt  ") + _with_reference(_outermost(film, b"moov"), reference)


def _outermost(content: bytes, wanted: bytes) -> bytes:
    at = 0
    while content[at + 4 : at + 8] != wanted:
        at += int.from_bytes(content[at : at + 4])
    return content[at : at + int.from_bytes(content[at : at + 4])]


def _with_reference(content: bytes, reference: bytes) -> bytes:
    """The boxes of ``content`` with each ``dref`` replaced, and the sizes of what it is in."""
    made, at = b"", 0
    while at < len(content):
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + size]
        if kind == b"dref":
            made += reference
        else:
            inside = kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf")
            made += box(kind, _with_reference(body, reference) if inside else body)
        at += size
    return made


def _film_index(entry: bytes, samples: int, sample_bytes: int, *more: bytes) -> bytes:
    """An MP4 index of one video track that claims ``samples`` frames."""
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    movie = box(b"mvhd", bytes(12), struct.pack(">II", 25, 25), bytes(16), matrix, bytes(24), struct.pack(">I", 2))
    track = box(b"tkhd", struct.pack(">IIIII", 3, 0, 0, 1, 0), bytes(60))
    media = box(b"mdhd", bytes(12), struct.pack(">IIHH", 25, 25, 0x55C4, 0))
    handler = box(b"hdlr", bytes(8), b"vide", bytes(13))
    table = box(
        b"stbl",
        box(b"stsd", bytes(4), struct.pack(">I", 1), entry),
        box(b"stts", bytes(4), struct.pack(">III", 1, samples, 1)),
        box(b"stsc", bytes(4), struct.pack(">IIII", 1, 1, samples, 1)),
        box(b"stsz", bytes(4), struct.pack(">II", sample_bytes, samples)),
        box(b"stco", bytes(4), struct.pack(">II", 1, 0)),
    )
    return box(b"moov", movie, box(b"trak", track, box(b"mdia", media, handler, box(b"minf", table))), *more)


def _picture_entry() -> bytes:
    fields = struct.pack(">HH12xHHIIIH32xHh", 0, 0, 160, 120, 0x480000, 0x480000, 0, 1, 24, -1)
    return box(b"jpeg", bytes(6), struct.pack(">H", 1), fields)


def index_bomb(samples: int) -> bytes:
    """Under 2 KB; reading its index takes 24 bytes of memory a sample."""
    return box(b"ftyp", b"isom", bytes(4)) + _film_index(_picture_entry(), samples, 1)


def key_flood(boxes: int) -> bytes:
    """A protection header that is repeated: reading them takes time that grows with the square of their number."""
    keys = b"".join(box(b"pssh", bytes(4), number.to_bytes(16, "big"), struct.pack(">I", 0)) for number in range(boxes))
    return box(b"ftyp", b"isom", bytes(4)) + _film_index(_picture_entry(), 1, 1, keys)
