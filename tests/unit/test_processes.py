"""Media processes: what they get, what they may use, what counts as their progress, and that none is left."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from functions.converter import ffmpeg, process
from functions.converter.process import CPU_GRACE_S, Limits
from functions.shared.errors import (
    EncodeFailed,
    MediaProcessKilled,
    OutputTooLarge,
    StageStalled,
    TimeBudgetExceeded,
)
from tests.support.attempts import a_lease
from tests.support.waiting import wait_until

ROOMY = Limits(memory_bytes=4 * 1024**3, file_bytes=1024**3, cpu_s=60)
REPORT = "print('frame=7', 'out_time_us=280000', 'progress=continue', sep='\\n', flush=True)"
IGNORE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"


def ignore(_anything: object) -> None:
    """Neither a movement nor a report ends anything."""


def run_python(
    program: str, folder: Path, limits: Limits = ROOMY, watch: Callable[[bool], None] = ignore
) -> list[ffmpeg.Report]:
    """Run a Python program as if it were ffmpeg; its reports."""
    reports: list[ffmpeg.Report] = []
    fd = os.open(os.devnull, os.O_RDONLY)
    try:
        ffmpeg.run([sys.executable, "-I", "-c", program], fd, folder, limits, watch, reports.append)
    finally:
        os.close(fd)
    return reports


def told(folder: Path, name: str = "told") -> str:
    return (folder / name).read_text()


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_nothing_of_our_environment_reaches_a_media_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_SECRET_ACCESS_KEY", "secret")
    run_python("open('told', 'w').write(open('/proc/self/environ').read())", tmp_path)
    assert [pair.partition("=")[0] for pair in told(tmp_path).split("\0") if pair] == ["MALLOC_ARENA_MAX"]


def test_it_gets_its_folder_its_pipes_and_one_file(tmp_path: Path) -> None:
    ours = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(ours, True)
    open_files = "[n for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')]"
    program = f"import os; names = [os.readlink(f'/proc/self/fd/{{n}}') for n in {open_files}]"
    try:
        run_python(f"{program}; open('told', 'w').write(' '.join(names))", tmp_path)
    finally:
        os.close(ours)
    assert sorted(name.split(":")[0] for name in told(tmp_path).split()) == ["/dev/null", "/dev/null", "pipe", "pipe"]


def test_its_limits_are_in_force(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=3 * 1024**3, file_bytes=5_000_000, cpu_s=7)
    run_python("open('told', 'w').write(open('/proc/self/limits').read())", tmp_path, limits)
    rows = {line[:26].strip(): line[26:].split()[:2] for line in told(tmp_path).splitlines()[1:]}
    assert rows["Max address space"] == ["3221225472", "3221225472"]
    assert rows["Max file size"] == ["5000000", "5000000"]
    assert rows["Max cpu time"] == ["7", str(7 + CPU_GRACE_S)]
    assert rows["Max open files"] == ["64", "64"]
    assert rows["Max core file size"] == ["0", "0"]


def test_more_memory_than_allowed_ends_it(tmp_path: Path) -> None:
    with pytest.raises(EncodeFailed):
        run_python("bytearray(10**9)", tmp_path, Limits(500 * 1024**2, 10**9, 60))
    run_python("bytearray(10**9)", tmp_path)


def test_a_larger_file_than_allowed_ends_it(tmp_path: Path) -> None:
    write = "file = open('output', 'wb')\nfor _ in range(100): file.write(bytes(10_000)); file.flush()"
    default = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
    with pytest.raises(OutputTooLarge):
        run_python(default + write, tmp_path, Limits(4 * 1024**3, 100_000, 60))
    assert (tmp_path / "output").stat().st_size == 100_000


def test_a_cpu_bomb_is_the_files_fault_and_no_kill_from_outside(tmp_path: Path) -> None:
    with pytest.raises(EncodeFailed):
        run_python("while True: pass", tmp_path, Limits(4 * 1024**3, 10**9, 1))


def test_a_kill_from_outside_is_told_from_a_failure(tmp_path: Path) -> None:
    with pytest.raises(MediaProcessKilled):
        run_python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", tmp_path)
    with pytest.raises(EncodeFailed):
        run_python("raise SystemExit(3)", tmp_path)


def test_what_it_said_is_kept_for_the_log_and_not_in_the_sentence(tmp_path: Path) -> None:
    with pytest.raises(EncodeFailed) as caught:
        run_python("import sys; sys.stderr.write('x' * 10**6 + '/etc/passwd: invalid'); sys.exit(1)", tmp_path)
    (note,) = caught.value.__notes__
    assert note.endswith("/etc/passwd: invalid")
    assert len(note) < 5000
    assert "passwd" not in caught.value.sentence()


def test_reports_that_do_not_move_are_no_progress(tmp_path: Path) -> None:
    """A stuck ffmpeg reports for ever."""
    lease = a_lease(stall_s=2, seconds=30)
    program = f"import time\nwhile True: {REPORT}; time.sleep(0.05)"
    with pytest.raises(StageStalled):
        run_python(program, tmp_path, watch=lease.watch)


def test_complaints_are_no_progress(tmp_path: Path) -> None:
    lease = a_lease(stall_s=2, seconds=30)
    program = "import sys, time\nwhile True: sys.stderr.write('invalid data\\n'); sys.stderr.flush(); time.sleep(0.05)"
    with pytest.raises(StageStalled):
        run_python(program, tmp_path, watch=lease.watch)


def test_a_stopped_process_is_stuck(tmp_path: Path) -> None:
    lease = a_lease(stall_s=1, seconds=30)
    with pytest.raises(StageStalled):
        run_python("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", tmp_path, watch=lease.watch)


def test_reading_and_writing_is_progress(tmp_path: Path) -> None:
    """The rewrite that moves an index to the front reports nothing."""
    moves: list[bool] = []
    program = "import time\nfor _ in range(15): open('output', 'ab').write(bytes(10_000)); time.sleep(0.1)"
    run_python(program, tmp_path, watch=moves.append)
    assert moves.count(True) >= 3


def test_a_process_that_closes_its_pipes_and_stays_is_ended(tmp_path: Path) -> None:
    lease = a_lease(stall_s=1, seconds=30)
    with pytest.raises(StageStalled):
        run_python("import os, time; os.close(1); os.close(2); time.sleep(60)", tmp_path, watch=lease.watch)


def test_a_busy_loop_ends_with_the_budget(tmp_path: Path) -> None:
    lease = a_lease(seconds=1)
    program = "while True: open('output', 'wb').write(bytes(1000))"
    with pytest.raises(TimeBudgetExceeded):
        run_python(program, tmp_path, watch=lease.watch)


@pytest.mark.parametrize(
    "program",
    [
        "open('told', 'w').write(str(os.getpid())); time.sleep(60)",
        "child = os.fork(); open('told', 'w').write(str(os.getpid())) if child == 0 else None; time.sleep(60)",
    ],
    ids=["itself", "a child of it"],
)
def test_the_whole_group_is_killed_even_if_it_ignores_sigterm(tmp_path: Path, program: str) -> None:
    lease = a_lease(stall_s=2, seconds=60)
    with pytest.raises(StageStalled):
        run_python(f"import os, time; {IGNORE} {program}", tmp_path, watch=lease.watch)
    wait_until(lambda: not is_alive(int(told(tmp_path))), "the end of the group", 10)


@pytest.mark.parametrize("code", [0, 1])
def test_nothing_of_a_group_outlives_its_leader(tmp_path: Path, code: int) -> None:
    program = f"""
import os, time
{IGNORE}
if os.fork() == 0:
    os.close(1); os.close(2)
    open('draft', 'w').write(str(os.getpid()))
    os.rename('draft', 'told')
    time.sleep(60)
while not os.path.exists('told'): time.sleep(0.01)
os._exit({code})
"""
    try:
        run_python(program, tmp_path)
    except EncodeFailed:
        assert code == 1
    wait_until(lambda: not is_alive(int(told(tmp_path))), "the child's end", 10)


def test_a_media_process_dies_with_the_thread_that_started_it() -> None:
    started: list[subprocess.Popen[bytes]] = []
    argv = [sys.executable, "-I", "-c", f"import time; {IGNORE} time.sleep(60)"]
    thread = threading.Thread(target=lambda: started.append(process.spawn(argv, pass_fds=[], limits=ROOMY)))
    thread.start()
    thread.join(30)
    try:
        assert started[0].wait(30) == -signal.SIGKILL
    finally:
        process.kill_group(started[0])


def test_killing_a_group_twice_is_fine() -> None:
    child = process.spawn([sys.executable, "-I", "-c", "import time; time.sleep(60)"], pass_fds=[], limits=ROOMY)
    assert not process.has_ended(child)
    for _ in range(2):
        process.kill_group(child)
    assert process.has_ended(child)
    assert child.returncode == -signal.SIGKILL


def test_a_child_that_waits_for_its_job_can_be_limited_then() -> None:
    child = process.spawn([sys.executable, "-I", "-c", "import time; time.sleep(60)"], pass_fds=[], limits=None)
    try:
        time.sleep(0.2)
        process.limit_running(child.pid, Limits(memory_bytes=2 * 1024**3, file_bytes=0, cpu_s=9))
        limits = Path(f"/proc/{child.pid}/limits").read_text()
    finally:
        process.kill_group(child)
    assert "2147483648           2147483648" in limits
