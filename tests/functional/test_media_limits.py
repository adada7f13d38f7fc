"""The limits of a media process hold: what goes past one ends as a clear error, and the worker goes on."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import psutil
import pytest

from functions.converter import decoders, ffmpeg, process
from functions.converter.bounds import BOUNDS, Bounds
from functions.converter.containers import MATROSKA, MOV, Container
from functions.converter.threads import processors_available
from functions.shared.errors import (
    CpuLimitExceeded,
    EncodeFailed,
    OutputTooLarge,
    TooManyStreams,
    UnreadableMedia,
    UnsupportedCodec,
)
from tests.support.attacks import index_bomb, key_flood
from tests.support.children import FFMPEG, Children
from tests.support.clips import Clips
from tests.support.mediaruns import ROOMY, NotHeld, ask, held, patience, run
from tests.support.processes import running
from tests.support.world import World

ENOUGH_S = 5.0
"""CPU time of which a child that is limited to one second must not come near; past it, it is not limited."""


def watcher(children: Children, limit: Callable[[psutil.Process], bool]) -> Callable[[bool], None]:
    """A watch that gives up once a child is past what it may."""
    bounded = patience()

    def watch(moved: bool) -> None:
        bounded(moved)
        for child in running([child for _, child in children.started]):
            if limit(child):
                raise NotHeld

    return watch


def too_busy(child: psutil.Process) -> bool:
    return child.cpu_times().user > ENOUGH_S


def picture(size: str, *more: str) -> list[str]:
    return [ffmpeg.binary(), "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size={size}", *more, "-f", "null", "-"]


def test_a_media_process_gets_no_more_memory_than_its_limit(tmp_path: Path) -> None:
    argv = [sys.executable, "-I", "-c", "bytearray(600 * 2**20)"]
    run(argv, tmp_path, ROOMY, patience())
    with pytest.raises(EncodeFailed):
        run(argv, tmp_path, held(memory_bytes=256 * 1024**2), patience())


def test_an_inspector_gets_no_more_memory_than_its_limit(children: Children, clips: Clips, tmp_path: Path) -> None:
    ask(clips("h264.mp4"), ROOMY, patience())
    with pytest.raises(UnreadableMedia):
        ask(clips("h264.mp4"), held(memory_bytes=64 * 1024**2), patience())
    bomb = tmp_path / "bomb.mp4"
    bomb.write_bytes(index_bomb(40_000_000))
    limit = 512 * 1024**2
    with pytest.raises(UnreadableMedia):
        ask(bomb, held(memory_bytes=limit), watcher(children, lambda child: child.memory_info().vms > limit * 1.1))


def test_a_child_gets_no_more_cpu_time_than_its_limit(children: Children, tmp_path: Path) -> None:
    watch = watcher(children, too_busy)
    with pytest.raises(CpuLimitExceeded):
        run(picture("320x240"), tmp_path, held(cpu_s=1), watch)
    flood = tmp_path / "flood.mp4"
    flood.write_bytes(key_flood(6000))
    with pytest.raises(UnreadableMedia):
        ask(flood, held(cpu_s=1), watch)


def test_the_encoder_of_a_job_has_every_limit(
    make_attacked: Callable[..., World], children: Children, clips: Clips
) -> None:
    def look(child: "subprocess.Popen[bytes]") -> None:
        names = ("AS", "FSIZE", "CPU", "NOFILE", "CORE")
        seen.update({name: resource.prlimit(child.pid, getattr(resource, f"RLIMIT_{name}"))[0] for name in names})

    seen: dict[str, int] = {}
    children.harm[FFMPEG] = look
    world = make_attacked(MAX_OUTPUT_BYTES="1000000", WORKER_CONCURRENCY="1")
    assert world.convert(clips("h264.mp4"))["status"] == "Completed"
    memory = process.picture_memory_bytes(160, 120, processors_available())
    assert 0 < seen.pop("CPU") < 24 * 3600 * processors_available()
    assert seen == {"AS": memory, "FSIZE": 1_000_000, "NOFILE": 64, "CORE": 0}


def test_a_media_process_writes_no_more_than_its_limit(tmp_path: Path) -> None:
    argv = picture("320x240", "-frames:v", "20", "-c:v", "rawvideo")[:-3]
    run([*argv, "-f", "avi", "film.avi"], tmp_path, held(file_bytes=8 * 1024**2), patience())
    with pytest.raises(OutputTooLarge):
        run([*argv, "-y", "-f", "avi", "film.avi"], tmp_path, held(file_bytes=1024**2), patience())


def test_a_media_process_opens_no_more_files_than_its_limit(tmp_path: Path) -> None:
    argv = [sys.executable, "-I", "-c", "files = [open('/dev/null') for _ in range(100)]"]
    child = process.spawn(argv, pass_fds=[], limits=None, folder=tmp_path)
    assert child.wait(timeout=60) == 0
    with pytest.raises(EncodeFailed):
        run(argv, tmp_path, ROOMY, patience())


def encode(source: Path, folder: Path, container: Container, most: Bounds) -> int:
    """Encode every stream with the input options of the product; the size of the result."""
    output = folder / "output.mkv"
    fd = os.open(source, os.O_RDONLY)
    try:
        inputs = ffmpeg.untrusted_input(container, fd, most)
        argv = ffmpeg.command(inputs, ["-y", "-map", "0", "-c:v", "mpeg4", "-c:a", "mp2", "-f", "matroska"], output)
        ffmpeg.run(argv, fd, folder, held(file_bytes=16 * 1024**2), patience(), lambda _report: None)
    finally:
        os.close(fd)
    return measured_streams(output)


def measured_streams(path: Path) -> int:
    with av.open(str(path)) as film:
        return len(film.streams)


def test_a_decoder_that_is_on_no_list_is_not_used(
    clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = clips("tiff.mov")
    with pytest.raises(EncodeFailed):
        encode(film, tmp_path, MOV, BOUNDS)
    with pytest.raises(UnsupportedCodec):
        ask(film, ROOMY, patience())
    monkeypatch.setattr(decoders, "WHITELIST", decoders.WHITELIST + ",tiff")
    assert encode(film, tmp_path, MOV, BOUNDS) == 1
    ask(film, ROOMY, patience())


def test_a_picture_past_its_bounds_is_not_decoded(clips: Clips, tmp_path: Path) -> None:
    with pytest.raises(EncodeFailed):
        encode(clips("h264.mp4"), tmp_path, MOV, Bounds(pixels=1000))
    assert encode(clips("h264.mp4"), tmp_path, MOV, BOUNDS) == 1


def test_no_more_tracks_are_opened_than_allowed(clips: Clips, tmp_path: Path) -> None:
    source = clips("many_tracks.mkv")
    with pytest.raises(EncodeFailed):
        encode(source, tmp_path, MATROSKA, BOUNDS)
    with pytest.raises(TooManyStreams):
        ask(source, ROOMY, patience(), MATROSKA)
    assert encode(source, tmp_path, MATROSKA, Bounds(streams=100)) == 33
    ask(source, ROOMY, patience(), MATROSKA, most=Bounds(streams=100))


def test_one_block_of_memory_is_no_larger_than_allowed(clips: Clips, tmp_path: Path) -> None:
    assert encode(clips("h264.mp4"), tmp_path, MOV, BOUNDS) == 1
    with pytest.raises(EncodeFailed):
        encode(clips("h264.mp4"), tmp_path, MOV, Bounds(allocation_bytes=10_000))


def test_every_decoder_of_the_list_is_known_to_one_of_our_libraries() -> None:
    said = subprocess.run([ffmpeg.binary(), "-v", "error", "-decoders"], capture_output=True, text=True, check=True)
    known = {line.split()[1] for line in said.stdout.splitlines() if len(line.split()) > 1} | av.codecs_available
    assert known >= decoders.ALLOWED
