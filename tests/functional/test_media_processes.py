"""Media processes: what they are given, what holds them, and that they end, however they are harmed and harm."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from local.delivery import Context
from tests.support.attacks import key_flood
from tests.support.children import FFMPEG, INSPECTOR, Children, Harm
from tests.support.clips import Clips
from tests.support.mediaruns import PATIENCE_S, ROOMY, run
from tests.support.processes import running
from tests.support.waiting import wait_until
from tests.support.words import code_of
from tests.support.world import World, object_created


class Enough(Exception):
    """The child has done what it was started for."""


class Short(Context):
    """A caller that leaves an attempt little time."""

    def get_remaining_time_in_millis(self) -> int:
        return 1500


def send(number: signal.Signals) -> Harm:
    """Whoever does not end a child that stands still by itself shall not wait for ever."""

    def harm(child: "subprocess.Popen[bytes]") -> None:
        os.kill(child.pid, number)
        if number == signal.SIGSTOP:
            rescue = threading.Timer(PATIENCE_S, child.kill)
            rescue.daemon = True
            rescue.start()

    return harm


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
    assert (row["status"], code_of(row)) == ("Failed", "too_long_for_this_worker")
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
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if not child:
    os.closerange(0, 3)
pathlib.Path(f"pid.{os.getpid()}").touch()
while len(list(pathlib.Path().glob("pid.*"))) < 2:
    time.sleep(0.01)
if child and sys.argv[1] == "leaves":
    sys.exit()
time.sleep(40)
pathlib.Path("outlived").touch()
"""


@pytest.mark.parametrize("way", ["stays", "leaves"])
def test_what_a_child_forked_ends_with_it_even_if_it_ignores_to_be_told(tmp_path: Path, way: str) -> None:
    def family() -> list[psutil.Process]:
        pids = {int(path.suffix[1:]) for path in tmp_path.glob("pid.*")}
        return running([found for found in psutil.process_iter() if found.pid in pids])

    def until_both_run(_moved: bool) -> None:
        if way == "stays" and len(family()) == 2:
            raise Enough

    try:
        with suppress(Enough):
            run([sys.executable, "-I", "-c", STUBBORN, way], tmp_path, ROOMY, until_both_run)
        assert len(list(tmp_path.glob("pid.*"))) == 2
        wait_until(lambda: not family(), "their end", bound_s=10)
        assert not (tmp_path / "outlived").exists()
    finally:
        for process_left in family():
            process_left.kill()


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
