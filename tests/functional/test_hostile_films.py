"""Films that are bombs, broken or carry poisoned names end in a clear state, and the next one is converted at once."""

import random
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from functions.converter import process
from functions.converter.threads import processors_available
from functions.shared.transactions import output_key
from tests.support.attacks import index_bomb, key_flood
from tests.support.clips import Clips, run_ffmpeg
from tests.support.http import Api
from tests.support.words import code_of, refused
from tests.support.world import World, object_created

TITLE = "TITLE \x1b[31m\x07 <script>alert(1)</script> ../../etc/passwd \u202e4pm. %d %s -y concat:a|b '; DROP TABLE"
POISON = b"T\x00\xff\r\n"
NAMES = [
    "../../etc/passwd.mp4",
    "..\\..\\windows\\system32.mov",
    "a\r\nSet-Cookie: session=1\r\n.mp4",
    "holiday\u202e4pm.exe",
    "<img src=x onerror=alert(1)>.mp4",
    '";filename="evil.exe',
    "-y.mp4",
    "concat:a|b.mp4",
    "%d%s%n.mp4",
    "\x01\x1b[2J\x7f.mkv",
]
MUTANTS = ["h264_aac.mp4", "fragmented.mp4", "vp8_vorbis.webm", "h264_mp2.ts", "mpeg4_mp3.avi", "wmv2_wma.wmv"]


def garbage(head: bytes) -> bytes:
    return head + random.Random(265).randbytes(20_000)


HOSTILE = {
    "an index of 4 GB in 1 KB": (index_bomb(170_000_000), "unreadable_media"),
    "a flood of protection headers": (key_flood(500), "unreadable_media"),
    "text behind a film's first bytes": (b"\0\0\0\x18ftypisom" + b"Dear Sir, " * 500, "unreadable_media"),
    "noise in MP4": (garbage(b"\0\0\0\x08free"), "unreadable_media"),
    "noise in Matroska": (garbage(b"\x1a\x45\xdf\xa3"), "unreadable_media"),
    "noise in AVI": (garbage(b"RIFF\xff\xff\xff\x7fAVI LIST"), "not_a_video"),
    "an endless row of empty indexes": (b"\0\0\0\x08moov" * 5000, "not_a_video"),
    "a box of no size": (b"\0\0\0\x01free" + bytes(5000), "unreadable_media"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_once_in_our_words(attacked: World, name: str) -> None:
    content, code = HOSTILE[name]
    assert refused(attacked.convert(content)) == code
    assert attacked.ffmpeg_runs == 0


@pytest.mark.parametrize("name", MUTANTS)
def test_a_damaged_film_is_converted_or_refused_and_never_tried_again(attacked: World, clips: Clips, name: str) -> None:
    dice = random.Random(name)
    film = clips(name).read_bytes()
    for _ in range(4):
        mutant = bytearray(film)
        for _ in range(20):
            mutant[dice.randrange(40, len(mutant))] = dice.choice([0, 1, 0x7F, 0x80, 0xFF])
        row = attacked.convert(bytes(mutant))
        assert row["status"] == "Completed" or refused(row)


def test_a_picture_that_needs_more_memory_than_the_worker_has_is_not_encoded(
    make_attacked: Callable[..., World], clips: Clips
) -> None:
    memory = process.picture_memory_bytes(100, 100, processors_available())
    world = make_attacked(WORKER_MEMORY_BYTES=str(memory), WORKER_CONCURRENCY="1")
    row = world.convert(clips("h264.mp4"))
    assert (refused(row), world.ffmpeg_runs) == ("picture_too_large_for_this_worker", 0)


def test_an_output_past_its_size_ends(make_attacked: Callable[..., World], clips: Clips) -> None:
    world = make_attacked(MAX_OUTPUT_BYTES="20000")
    assert refused(world.convert(clips("twenty_seconds.mp4"))) == "output_too_large"


@pytest.mark.parametrize("name", ["h264.mp4", "vp8_vorbis.webm", "mpeg4_mp3.avi", "h264_mp2.ts"])
def test_a_film_with_poisoned_metadata_is_converted(attacked: World, clips: Clips, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    words = ["-metadata", f"title={TITLE}", "-metadata:s:v:0", f"title={TITLE}", "-metadata", f"service_name={TITLE}"]
    run_ffmpeg(["-i", str(clips(name)), "-c", "copy", *words, str(path)])
    poisoned = path.read_bytes().replace(b"TITLE", POISON)
    assert POISON in poisoned
    row = attacked.convert(poisoned)
    assert row["status"] == "Completed", code_of(row)
    assert "script" not in str(row["media"])


@pytest.mark.parametrize("api", ["lambda"], indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_a_poisoned_file_name_reaches_neither_a_path_nor_a_header(
    attacked: World, clips: Clips, api: Api, name: str
) -> None:
    upload = attacked.upload(clips("smallest.mp4"), filename=name)
    attacked.handle(object_created(upload))
    row = attacked.row(upload)
    assert row["status"] == "Completed"
    assert row["stored_path_converted"] == output_key(upload.transaction_id, 1, "mp4")
    assert attacked.commands
    assert all(name not in word for command in attacked.commands for word in command)
    params = {"user_id": str(upload.user_id), "transaction_id": str(upload.transaction_id)}
    link = api.request("GET", "/download", params=params).headers["location"]
    header = httpx.get(link).headers
    assert "set-cookie" not in header
    shown = unquote(header["content-disposition"].split("filename*=UTF-8''")[1])
    assert shown.endswith(".mp4")
    assert not set(shown) & set('/\\\r\n\x01\x1b\x7f\u202e<>"|:')
