"""The sandbox of media processes: each attack gets through without the layer that it is meant for, and not with it.

The media library is taken to be conquered: it does what the attacker wants, by options that we would never give.
"""

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from functions.converter import ffmpeg, inspection, landlock, process, sandbox, seccomp
from functions.converter.sandbox import FULL, NONE, Sandbox
from functions.shared.errors import EncodeFailed
from tests.support.attacks import Tripwire
from tests.support.children import FFMPEG, INSPECTOR, Children, Harm
from tests.support.clips import Clips
from tests.support.loglines import captured, log_lines
from tests.support.mediaruns import ROOMY, ask, patience, run
from tests.support.processes import running
from tests.support.waiting import wait_until
from tests.support.world import World

LANDLOCK, SECCOMP = Sandbox(seccomp=False), Sandbox(landlock=False)
PR_GET_DUMPABLE = 3
PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=64x64:duration=0.2"]


@pytest.fixture
def secret(tmp_path: Path, clips: Clips) -> Path:
    """A film of somebody else's, beside the folder of the job."""
    path = tmp_path / "others" / "secret.mp4"
    path.parent.mkdir()
    path.write_bytes(clips("h264.mp4").read_bytes())
    return path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder of the job."""
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.fixture
def wire(secret: Path) -> Iterator[Tripwire]:
    with Tripwire(secret) as made:
        yield made


def succeeds(argv: list[str], folder: Path, layers: Sandbox) -> bool:
    try:
        run(argv, folder, ROOMY, patience(), layers)
    except EncodeFailed:
        return False
    return True


def encoder(*options: str) -> list[str]:
    return [ffmpeg.binary(), "-v", "error", "-nostdin", "-y", *options]


def python(program: str, *arguments: object) -> list[str]:
    return [sys.executable, "-I", "-c", program, *map(str, arguments)]


def test_all_layers_are_active_here() -> None:
    """What makes the tests of this file worth something."""
    assert set(sandbox.active().values()) == {True}


@pytest.mark.parametrize("way", ["input", "filter", "list"])
def test_landlock_keeps_ffmpeg_from_other_files(secret: Path, work: Path, way: str) -> None:
    (work / "list").write_text(f"file '{secret}'\n")
    inputs = {
        "input": ["-i", f"file:{secret}"],
        "filter": ["-f", "lavfi", "-i", f"movie={secret}"],
        "list": ["-f", "concat", "-safe", "0", "-i", "list"],
    }
    argv = encoder(*inputs[way], "-c:v", "mpeg4", "stolen.mp4")
    assert not succeeds(argv, work, LANDLOCK)
    assert succeeds(argv, work, SECCOMP)


def test_landlock_keeps_ffmpeg_from_writing_elsewhere(secret: Path, work: Path) -> None:
    before = secret.read_bytes()
    argv = encoder(*PICTURE, "-c:v", "mpeg4", f"file:{secret}")
    assert not succeeds(argv, work, LANDLOCK)
    assert secret.read_bytes() == before
    assert succeeds(encoder(*PICTURE, "-c:v", "mpeg4", "own.mp4"), work, FULL)
    assert succeeds(argv, work, SECCOMP)
    assert secret.read_bytes() != before


def test_landlock_keeps_other_programs_from_running(work: Path) -> None:
    argv = python("import os; os.execv('/bin/sh', ['sh', '-c', 'exit 0'])")
    assert not succeeds(argv, work, LANDLOCK)
    assert succeeds(argv, work, SECCOMP)


@pytest.mark.parametrize("layers", [LANDLOCK, SECCOMP], ids=["landlock", "seccomp"])
def test_landlock_and_seccomp_each_keep_ffmpeg_from_calling_a_host(work: Path, wire: Tripwire, layers: Sandbox) -> None:
    def watch(moved: bool) -> None:
        bounded(moved)
        if wire.touched:
            raise ConnectionError

    bounded = patience()
    argv = encoder("-i", f"http://127.0.0.1:{wire.port}/film.mp4", "stolen.mp4")
    with pytest.raises(EncodeFailed):
        run(argv, work, ROOMY, watch, layers)
    with pytest.raises(ConnectionError):
        run(argv, work, ROOMY, watch, NONE)


def test_seccomp_keeps_ffmpeg_from_sending_a_film_away(work: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        argv = encoder(*PICTURE, "-f", "mpegts", f"udp://127.0.0.1:{listener.getsockname()[1]}")
        assert not succeeds(argv, work, SECCOMP)
        with pytest.raises(BlockingIOError):
            listener.recv(1)
        assert succeeds(argv, work, LANDLOCK)
        assert listener.recv(2000)


ESCAPES = """
import os, pathlib, sys, time
if not os.fork():
    try:
        getattr(os, sys.argv[1])(*map(int, sys.argv[2:]))
        os.closerange(0, 3)
    finally:
        pathlib.Path(f"pid.{os.getpid()}").touch()
        time.sleep(40)
time.sleep(40)
"""


class Enough(Exception):
    """The child has done what it was started for."""


@pytest.mark.parametrize("way", [["setsid"], ["setpgid", 0, 0]], ids=["setsid", "setpgid"])
def test_seccomp_keeps_a_child_in_the_group_that_is_killed(work: Path, way: list[object]) -> None:
    assert not survivors(work / "held", way, SECCOMP)
    assert survivors(work / "free", way, LANDLOCK)


def survivors(folder: Path, way: list[object], layers: Sandbox) -> int:
    """How many processes that were forked outlive the kill of their parent's group; they are ended."""

    def until_forked(_moved: bool) -> None:
        if any(folder.glob("pid.*")):
            raise Enough

    folder.mkdir()
    with suppress(Enough):
        run(python(ESCAPES, *way), folder, ROOMY, until_forked, layers)
    pids = {int(path.suffix[1:]) for path in folder.glob("pid.*")}
    assert pids
    found = [one for one in psutil.process_iter() if one.pid in pids]
    if layers.seccomp:
        wait_until(lambda: not running(found), "their end", bound_s=10)
    left = running(found)
    for one in left:
        one.kill()
    return len(left)


def test_an_empty_environment_keeps_the_workers_secrets(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    argv = python("import os; os.environ['NATS_PASSWORD']")
    monkeypatch.setenv("NATS_PASSWORD", "hunter2")
    assert not succeeds(argv, work, NONE)
    monkeypatch.setattr(process, "ENVIRONMENT", dict(os.environ))
    assert succeeds(argv, work, NONE)


def test_seccomp_keeps_a_process_from_changing_its_limits(work: Path) -> None:
    argv = python("import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))")
    assert not succeeds(argv, work, SECCOMP)
    assert succeeds(argv, work, LANDLOCK)


@pytest.mark.parametrize("layers", [LANDLOCK, SECCOMP], ids=["landlock", "seccomp"])
def test_landlock_and_seccomp_each_keep_signals_from_the_worker(work: Path, layers: Sandbox) -> None:
    argv = python("import os, sys; os.kill(int(sys.argv[1]), 0)", os.getpid())
    assert not succeeds(argv, work, layers)
    assert succeeds(argv, work, NONE)


def test_landlock_keeps_the_workers_environment_secret(work: Path) -> None:
    argv = python("import sys; open(f'/proc/{sys.argv[1]}/environ').read()", os.getpid())
    assert not succeeds(argv, work, LANDLOCK)
    assert succeeds(argv, work, SECCOMP)


@pytest.mark.parametrize(
    "call",
    [
        "socket.socketpair()",
        "os.memfd_create('a')",
        "libc.unshare(0)",
        "libc.prctl(1, 0)",
        "libc.setns(-1, 0, wrong=9)",
    ],
)
def test_seccomp_refuses_calls_that_no_film_needs(work: Path, call: str) -> None:
    """``libc`` calls: an error other than EPERM counts as let through."""
    program = f"""
import ctypes, os, socket
class Libc:
    def __getattr__(self, name):
        def call(*arguments, wrong=0):
            if getattr(loaded, name)(*arguments) and ctypes.get_errno() != wrong:
                raise OSError(ctypes.get_errno(), name)
        return call
loaded, libc = ctypes.CDLL(None, use_errno=True), Libc()
{call}
"""
    assert not succeeds(python(program), work, SECCOMP)
    assert succeeds(python(program), work, LANDLOCK)


def test_what_a_media_process_needs_is_not_refused(work: Path) -> None:
    program = """
import os, resource, threading
thread = threading.Thread(target=lambda: resource.getrlimit(resource.RLIMIT_AS))
thread.start(); thread.join()
os.urandom(8); open('/dev/null', 'w').write('x'); open('made', 'w').write('x'); os.rename('made', 'again')
os.remove('again'); os.cpu_count(); os.kill(os.getpid(), 0)
"""
    assert succeeds(python(program), work, FULL)


STEALS = "import av, sys; print(av.open(sys.argv[1], sys.argv[2]))"


@pytest.mark.parametrize("mode", ["r", "w"])
def test_the_inspectors_library_reaches_no_file_and_writes_none(secret: Path, work: Path, mode: str) -> None:
    def steal(layers: Sandbox) -> int:
        target = secret if mode == "r" else work / "written.mp4"
        program = STEALS if mode == "r" else "import sys; open(sys.argv[1], sys.argv[2])"
        child = process.spawn(
            python(program, target, mode), pass_fds=[], limits=ROOMY, reach=inspection.REACH, layers=layers
        )
        return child.wait(timeout=60)

    assert steal(FULL) != 0
    assert steal(NONE) == 0


def test_the_inspector_itself_is_confined(children: Children, clips: Clips) -> None:
    states: list[str] = []
    children.harm["inspector"] = lambda child: states.append(Path(f"/proc/{child.pid}/status").read_text())
    ask(clips("h264.mp4"), ROOMY, patience())
    ask(clips("h264.mp4"), ROOMY, patience(), layers=NONE)
    confined = [("Seccomp:\t2" in state, "NoNewPrivs:\t1" in state) for state in states]
    assert confined == [(True, True), (False, True)]


def test_both_media_processes_of_a_job_are_confined_and_the_worker_is_hidden(
    attacked: World, children: Children, clips: Clips
) -> None:
    states: dict[str, str] = {}

    def look(kind: str) -> Harm:
        return lambda child: states.update({kind: Path(f"/proc/{child.pid}/status").read_text()})

    children.harm = {kind: look(kind) for kind in (FFMPEG, INSPECTOR)}
    assert attacked.convert(clips("h264.mp4"))["status"] == "Completed"
    assert all("Seccomp:\t2" in states[kind] and "NoNewPrivs:\t1" in states[kind] for kind in (FFMPEG, INSPECTOR))
    assert ctypes.CDLL(None).prctl(PR_GET_DUMPABLE) == 0


def test_where_the_place_allows_no_layer_films_are_encoded_and_the_log_says_so_once(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    monkeypatch.setattr(seccomp.Filter, "apply", lambda _self: False)
    sandbox.possible.cache_clear()
    try:
        with captured() as log:
            argv = encoder(*PICTURE, "-c:v", "mpeg4", "own.mp4")
            assert succeeds(argv, work, FULL)
            assert succeeds(argv, work, FULL)
            missing = [name for name, is_active in sandbox.active().items() if not is_active]
    finally:
        sandbox.possible.cache_clear()
    assert missing == ["landlock", "landlock_network", "seccomp"]
    (line,) = log_lines(log.getvalue(), "sandbox.degraded")
    assert line["missing"] == "landlock,seccomp"


WORKER = """
import os, subprocess, sys
from functions.converter import sandbox
from functions.converter.process import io_bytes
if not os.getuid():
    os.setgid(65534), os.setuid(65534)
sandbox._libc.prctl(sandbox.PR_SET_DUMPABLE, 1)
if sys.argv[1] == "hidden":
    sandbox.hide_environment()
child = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
spied = subprocess.run(["/bin/cat", f"/proc/{os.getpid()}/environ"], capture_output=True)
print(b"hunter2" in spied.stdout, io_bytes(child.pid) > 0)
"""


@pytest.mark.parametrize(("way", "is_read"), [("hidden", "False"), ("plain", "True")])
def test_a_hidden_worker_is_read_by_no_process_of_its_user_and_still_sees_its_childs_progress(
    way: str, is_read: str
) -> None:
    """As an ordinary user, who may read each process of his own; root may read all."""
    environment = {"NATS_PASSWORD": "hunter2", "PATH": os.defpath}
    argv = [sys.executable, "-c", WORKER, way]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == [is_read, "True"]
