"""Media processes: what they are given, what holds them, and that they end, however they are harmed and harm."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from functions.converter import ffmpeg, process
from functions.converter.containers import MOV
from functions.converter.inspection import Inspector
from functions.shared.errors import EncodeFailed, UnreadableMedia
from local.delivery import Context
from tests.support.attacks import index_bomb, key_flood
from tests.support.children import FFMPEG, INSPECTOR, Children, Harm
from tests.support.clips import Clips
from tests.support.processes import running
from tests.support.waiting import wait_until
from tests.support.words import code_of
from tests.support.world import World, object_created

ROOMY = process.Limits(memory_bytes=2 * 1024**3, file_bytes=1024**2, cpu_s=60)
ENOUGH_S = 5.0
"""CPU time of which a child that is limited to one second must not come near; past it, it is not limited."""


class NotHeld(Exception):
    """A limit did not hold."""


class Short(Context):
    """A caller that leaves an attempt little time."""

    def get_remaining_time_in_millis(self) -> int:
        return 1500


def send(number: signal.Signals) -> Harm:
    return lambda child: os.kill(child.pid, number)


def watcher(children: Children, limit: Callable[[psutil.Process], bool]) -> Callable[[bool], None]:
    """A watch that gives up once a child is past what it may."""

    def watch(_moved: bool) -> None:
        for child in running([child for _, child in children.started]):
            if limit(child):
                raise NotHeld

    return watch


def too_busy(child: psutil.Process) -> bool:
    return child.cpu_times().user > ENOUGH_S


def run(argv: list[str], folder: Path, limits: process.Limits, watch: Callable[[bool], None]) -> str:
    """Run a program as ffmpeg is run, by the product's one way to do so."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        return ffmpeg.run(argv, nothing, folder, limits, watch, lambda _report: None)
    finally:
        os.close(nothing)


def picture(size: str, *more: str) -> list[str]:
    return [ffmpeg.binary(), "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size={size}", *more, "-f", "null", "-"]


def ask(source: Path, limits: process.Limits, watch: Callable[[bool], None]) -> None:
    inspector = Inspector()
    fd = os.open(source, os.O_RDONLY)
    request = {"command": "probe", "demuxer": MOV.demuxer, "whitelist": MOV.whitelist}
    try:
        inspector.ask(request, [fd], limits, watch)
    finally:
        inspector.close()
        os.close(fd)


def held(**changes: int) -> process.Limits:
    return process.Limits(**{**vars(ROOMY), **changes})


def test_an_encode_gets_no_more_memory_than_its_limit(tmp_path: Path) -> None:
    argv = picture("1920x1080", "-frames:v", "3", "-c:v", "libx265", "-preset", "ultrafast")
    run(argv, tmp_path, ROOMY, lambda _moved: None)
    with pytest.raises(EncodeFailed):
        run(argv, tmp_path, held(memory_bytes=256 * 1024**2), lambda _moved: None)


def test_an_inspector_gets_no_more_memory_than_its_limit(children: Children, clips: Clips, tmp_path: Path) -> None:
    ask(clips("h264.mp4"), ROOMY, lambda _moved: None)
    with pytest.raises(UnreadableMedia):
        ask(clips("h264.mp4"), held(memory_bytes=64 * 1024**2), lambda _moved: None)
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


@pytest.mark.parametrize("kind", [FFMPEG, INSPECTOR])
def test_a_child_that_stands_still_is_ended_and_the_job_tried_again(
    make_attacked: Callable[..., World], children: Children, clips: Clips, kind: str
) -> None:
    world = make_attacked(STALL_S="3")
    children.harm[kind] = send(signal.SIGSTOP)
    row = world.convert(clips("h264.mp4"))
    assert (row["status"], code_of(row)) == ("Retrying", "stage_stalled")
    stopped = [child for started, child in children.started if started == kind]
    assert not running(stopped[:1])


def test_a_conversion_past_its_time_is_ended(attacked: World, children: Children, clips: Clips) -> None:
    children.harm[FFMPEG] = send(signal.SIGSTOP)
    upload = attacked.upload(clips("h264.mp4"))
    attacked.handle(object_created(upload), Short())
    row = attacked.row(upload)
    assert (row["status"], code_of(row)) == ("Failed", "time_budget_exceeded")
    assert FFMPEG not in children.left


@pytest.mark.parametrize(
    ("kind", "number", "status", "code"),
    [
        (FFMPEG, signal.SIGSEGV, "Failed", "encode_failed"),
        (FFMPEG, signal.SIGKILL, "Retrying", "media_process_killed"),
        (INSPECTOR, signal.SIGSEGV, "Failed", "unreadable_media"),
        (INSPECTOR, signal.SIGKILL, "Retrying", "media_process_killed"),
    ],
)
def test_a_crash_is_the_files_fault_and_a_kill_from_outside_is_not(
    attacked: World, children: Children, clips: Clips, kind: str, number: signal.Signals, status: str, code: str
) -> None:
    children.harm[kind] = send(number)
    row = attacked.convert(clips("h264.mp4"))
    assert (row["status"], code_of(row)) == (status, code)


STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if not child and sys.argv[1] == "leaves":
    os.closerange(0, 3)
with open(f"{sys.argv[1]}.{os.getpid()}", "w"):
    pass
if child and sys.argv[1] == "leaves":
    sys.exit()
time.sleep(600)
"""


@pytest.mark.parametrize("way", ["stays", "leaves"])
def test_what_a_child_forked_ends_with_it_even_if_it_ignores_to_be_told(tmp_path: Path, way: str) -> None:
    def pids() -> list[int]:
        return [int(path.suffix[1:]) for path in tmp_path.glob(f"{way}.*")]

    def give_up(_moved: bool) -> None:
        if len(pids()) == 2 and way == "stays":
            seen.extend(psutil.Process(pid) for pid in pids())
            raise NotHeld

    seen: list[psutil.Process] = []
    argv = [sys.executable, "-I", "-c", STUBBORN, way]
    if way == "stays":
        with pytest.raises(NotHeld):
            run(argv, tmp_path, ROOMY, give_up)
    else:
        run(argv, tmp_path, ROOMY, give_up)
    assert wait_until(lambda: len(pids()) == 2, "both to have run", bound_s=5)
    wait_until(
        lambda: not any(psutil.pid_exists(pid) and running([psutil.Process(pid)]) for pid in pids()), "their end"
    )


def test_children_get_none_of_the_workers_environment_and_descriptors(
    attacked: World, children: Children, clips: Clips, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def look(child: "subprocess.Popen[bytes]") -> None:
        environments.append(Path(f"/proc/{child.pid}/environ").read_bytes())
        both = descriptors(child.pid) & descriptors(os.getpid())
        shared.append({link for link in both if not link.startswith("pipe:")} - channel(child))

    environments: list[bytes] = []
    shared: list[set[str]] = []
    monkeypatch.setenv("NATS_PASSWORD", "hunter2")
    children.harm = {FFMPEG: look, INSPECTOR: look}
    secret = tmp_path / "secret"
    with secret.open("w") as file:
        os.set_inheritable(file.fileno(), True)
        row = attacked.convert(clips("h264.mp4"))
    assert row["status"] == "Completed"
    assert {kind for kind, _ in children.started} == {FFMPEG, INSPECTOR}
    assert set(environments) == {b"MALLOC_ARENA_MAX=2\0"}
    source = str(attacked.scratch / f"{row['transaction_id']}.1" / "source")
    assert set.union(*shared) == {os.devnull, source}


def channel(child: "subprocess.Popen[bytes]") -> set[str]:
    """The socket over which an inspector is asked; an encoder has none."""
    assert isinstance(child.args, list)
    number = str(child.args[-1])
    return {os.readlink(f"/proc/{child.pid}/fd/{number}")} if number.isdigit() else set()


def descriptors(pid: int) -> set[str]:
    """What the descriptors of a process are. Both ends of a pipe have one name, two ends of a socket pair two."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(os.readlink(link))
    return found


def test_media_processes_die_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    flood = tmp_path / "flood.mp4"
    flood.write_bytes(key_flood(8000))
    worker = subprocess.Popen([sys.executable, "-m", "tests.support.sacrifice", str(flood)])
    children: list[psutil.Process] = []
    try:
        parent = psutil.Process(worker.pid)
        wait_until(lambda: len(parent.children()) == 3, "all three children")
        children = parent.children()
        wait_until(lambda: any(child.cpu_times().user > 1 for child in children), "the hostile file to be read")
    finally:
        worker.kill()
        worker.wait()
    try:
        wait_until(lambda: not running(children), "their end", bound_s=10)
    finally:
        for child in running(children):
            child.kill()
