"""Which demuxer a file gets is decided by its first bytes, from a list that has no playlist on it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.converter.containers import (
    ANIMATED_WEBP,
    ASF,
    ASF_HEADER,
    AV1_STREAM,
    AVI,
    DV,
    FLV,
    GIF,
    H264,
    HEVC,
    IVF,
    MATROSKA,
    MOV,
    MPEG4_VIDEO,
    MPEG_PS,
    MPEG_TS,
    MPEG_VIDEO,
    MXF,
    MXF_HEADER,
    NUT,
    OGG,
    REAL_MEDIA,
    WTV,
    WTV_HEADER,
    Y4M,
    Container,
    declared_bytes,
    sniff,
)
from functions.shared.errors import NotAVideo

TS_PACKET = b"\x47" + bytes(187)
M2TS_PACKET = bytes(4) + TS_PACKET
EBML = b"\x1a\x45\xdf\xa3"
SEGMENT = b"\x18\x53\x80\x67"

VIDEOS = [
    (b"\0\0\0\x1cftypisom", MOV),
    (b"\0\0\0\x14ftypqt  ", MOV),
    (b"\0\0\x10\0moov\0\0\0\x6cmvhd", MOV),
    (b"\0\0\0\x08wide\0\0\0\0mdat", MOV),
    (b"\0\0\0\x01mdat\0\0\0\0", MOV),
    (b"\0\0\0\x08free", MOV),
    (b"\0\0\0\x08skip", MOV),
    (b"\0\0\0\x14pnot", MOV),
    (EBML + b"\xa3\x42\x86\x81\x01", MATROSKA),
    (b"RIFF\x24\0\0\0AVI LIST", AVI),
    (b"RIFF\x24\0\0\0AVIXLIST", AVI),
    (b"FLV\x01\x05\0\0\0\x09", FLV),
    (ASF_HEADER + bytes(8), ASF),
    (b"OggS\0\x02", OGG),
    (b"\0\0\x01\xba\x44\0", MPEG_PS),
    (TS_PACKET * 6, MPEG_TS),
    (M2TS_PACKET * 6, MPEG_TS),
    ((TS_PACKET + bytes(16)) * 6, MPEG_TS),
    (b"\x47junk" + TS_PACKET * 6, MPEG_TS),
    (bytes(500) + TS_PACKET * 6, MPEG_TS),
    (b"\0\0\0\x18stypmsdh", MOV),
    (b"RIFF\x24\0\0\0AVI\x19LIST", AVI),
    (b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x12\0\0\0", ANIMATED_WEBP),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (MXF_HEADER + b"\x02\x04", MXF),
    (b"nut/multimedia container\0", NUT),
    (b"DKIF\0\0\x20\0VP90", IVF),
    (b"\x1f\x07\0\xbf\xf8", DV),
    (b".RMF\0\0\0\x12", REAL_MEDIA),
    (WTV_HEADER, WTV),
    (b"YUV4MPEG2 W160 H120", Y4M),
    (b"\0\0\0\1\x67\x64", H264),
    (b"\0\0\1\x09\xf0", H264),
    (b"\0\0\0\1\x40\1\x0c", HEVC),
    (b"\0\0\1\xb3\x0a", MPEG_VIDEO),
    (b"\0\0\1\xb0\1\0\0\1\xb5", MPEG4_VIDEO),
    (b"\x12\0\x0a\x0b", AV1_STREAM),
]

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
DASH = '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period/></MPD>'
IMF = '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"/>'
NOT_VIDEOS = {
    "Chinese AVS, which begins like MPEG-4": b"\0\0\1\xb0\x20\x22\x80\xb1\x13",
    "HLS": HLS.encode(),
    "HLS with a byte order mark": b"\xef\xbb\xbf" + HLS.encode(),
    "DASH": DASH.encode(),
    "DASH with no declaration": b"<MPD></MPD>",
    "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "IMF": IMF.encode(),
    "SMIL": b"<smil><body/></smil>",
    "SDP": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
    "M3U": b"http://127.0.0.1/a.mp4\n",
    "ASX": b"<asx version='3.0'></asx>",
    "text": b"Dear Sir or Madam, please find attached my holiday.",
    "nothing": b"",
    "three bytes": b"abc",
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "WAV": b"RIFF\x24\0\0\0WAVEfmt ",
    "WebP": b"RIFF\x24\0\0\0WEBPVP8 ",
    "WebP with alpha that stands still": b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0",
    "SWF": b"FWS\x06",
    "a start code alone": b"\0\0\0\1",
    "a start code and text": b"\0\0\0\1#EXTM3U\n",
    "MP3": b"ID3\x04\0\0",
    "ZIP": b"PK\x03\x04",
    "PDF": b"%PDF-1.7",
    "ELF": b"\x7fELF",
    "script": b"#!/bin/sh\nrm -rf /\n",
    "zeros": bytes(4096),
    "four packets of MPEG-TS": TS_PACKET * 4,
    "sync bytes at a wrong distance": (b"\x47" + bytes(150)) * 8,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "holiday.mp4"


@pytest.fixture
def fd(path: Path) -> Iterator[int]:
    path.touch()
    opened = os.open(path, os.O_RDONLY)
    yield opened
    os.close(opened)


@pytest.mark.parametrize(("content", "container"), VIDEOS)
def test_every_accepted_container_is_known_by_its_first_bytes(
    path: Path, fd: int, content: bytes, container: Container
) -> None:
    path.write_bytes(content)
    assert sniff(fd) is container


@pytest.mark.parametrize("content", NOT_VIDEOS.values(), ids=NOT_VIDEOS.keys())
def test_what_is_dressed_up_as_a_video_gets_no_demuxer(path: Path, fd: int, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(NotAVideo):
        sniff(fd)


def test_no_container_lets_a_playlist_be_opened() -> None:
    playlists = {"hls", "dash", "concat", "imf", "sdp", "rtsp", "applehttp", "mpjpeg", "image2", "lavfi", "vapoursynth"}
    containers = [container for _, container in VIDEOS]
    assert all(not playlists & set(container.whitelist.split(",")) for container in containers)
    assert all(container.demuxer in container.whitelist.split(",") for container in containers)


@pytest.mark.parametrize(
    ("size", "declared"),
    [
        (b"\x85", 5),
        (b"\x40\x64", 100),
        (b"\x10\x00\x27\x10", 10_000),
        (b"\x01\0\0\0\0\x01\x00\x00", 65_536),
    ],
)
def test_a_matroska_file_says_how_long_it_is(path: Path, fd: int, size: bytes, declared: int) -> None:
    head = EBML + b"\x84" + b"head" + SEGMENT + size
    path.write_bytes(head)
    assert declared_bytes(fd, MATROSKA) == len(head) + declared


@pytest.mark.parametrize(
    "content",
    [
        EBML + b"\x84head" + SEGMENT + b"\x01\xff\xff\xff\xff\xff\xff\xff",
        EBML + b"\x84head" + SEGMENT + b"\xff",
        EBML + b"\x84head" + b"\xec\x81\0" + SEGMENT + b"\x85",
        EBML + b"\x84head",
        EBML + b"\x84head" + SEGMENT,
        EBML + b"\x84head" + SEGMENT + b"\0",
        EBML,
    ],
)
def test_a_matroska_file_without_a_length_is_not_called_short(path: Path, fd: int, content: bytes) -> None:
    path.write_bytes(content)
    assert declared_bytes(fd, MATROSKA) == 0


def test_other_containers_say_nothing(path: Path, fd: int) -> None:
    path.write_bytes(EBML + b"\x84head" + SEGMENT + b"\x85")
    assert declared_bytes(fd, MOV) == 0
