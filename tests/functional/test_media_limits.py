"""The limits of a media process hold: what goes past one ends as a clear error, and the worker goes on."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from functions.converter import ffmpeg, process
from functions.shared.errors import EncodeFailed, UnreadableMedia
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
    with pytest.raises(EncodeFailed):
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
    world = make_attacked(MAX_OUTPUT_BYTES="1000000")
    assert world.convert(clips("h264.mp4"))["status"] == "Completed"
    memory = process.picture_memory_bytes(160, 120, process.threads_available())
    assert 0 < seen.pop("CPU") < 24 * 3600 * process.threads_available()
    assert seen == {"AS": memory, "FSIZE": 1_000_000, "NOFILE": 64, "CORE": 0}
