"""What Linux tells of a process from outside: its memory, its files, its first media process."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from functions.converter import ffmpeg

LOOK_S = 0.02


def memory_peak_bytes(pid: int) -> int:
    """The most memory that a process has had resident since its start."""
    return _kib(pid, "VmHWM")


def memory_now_bytes(pid: int) -> int:
    return _kib(pid, "VmRSS")


def _kib(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/{pid}/status has no {name}")


def io_counters(pid: int) -> dict[str, int]:
    """``rchar``: bytes read, from sockets too; ``write_bytes``: bytes written to disks; since the start."""
    pairs = (line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return {name: int(value) for name, value in pairs}


@dataclass
class Spool:
    """The most bytes seen in regular files that a process held open, and in a folder."""

    open_files: int = 0
    folder: int = 0


@contextmanager
def spool_watched(pid: int, folder: Path, but: Path) -> Iterator[Spool]:
    """Watch which files a process fills while the block runs, deleted ones too; ``but`` is its log."""
    spool = Spool()
    log = but.stat()
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK_S):
            spool.open_files = max(spool.open_files, _bytes_in_open_files(pid, log))
            spool.folder = max(spool.folder, folder_bytes(folder))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield spool
    finally:
        done.set()
        watcher.join()


def _bytes_in_open_files(pid: int, log: os.stat_result) -> int:
    """Bytes on disk of the regular files that a process holds open for writing."""
    total = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            facts = link.stat()
            writable = link.lstat().st_mode & 0o200
            if writable and os.path.isfile(link) and (facts.st_dev, facts.st_ino) != (log.st_dev, log.st_ino):
                total += facts.st_blocks * 512
    return total


def folder_bytes(folder: Path) -> int:
    """Bytes on disk of all files in a folder."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # removed meanwhile
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512
    return total


@dataclass
class FirstMediaProcess:
    """The first encode under a worker: ``started`` in seconds of the machine's clock, within 10 ms; its ``argv``."""

    started: float = 0.0
    argv: list[str] = field(default_factory=list)


@contextmanager
def first_media_process(worker: int) -> Iterator[FirstMediaProcess]:
    """Watch for the next encode that a worker starts while the block runs."""
    found = FirstMediaProcess()
    before = _encodes(worker)
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK_S) and not found.argv:
            for pid, argv in _encodes(worker).items():
                if pid not in before:
                    with suppress(OSError):
                        found.started, found.argv = _start_time(pid), argv

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()


def _encodes(worker: int) -> dict[int, list[str]]:
    """Arguments of each ffmpeg under a worker that has an input; one that is asked for its version has none."""
    found = {}
    for thread in Path(f"/proc/{worker}/task").iterdir():
        with suppress(OSError):  # the thread has ended
            for pid in map(int, (thread / "children").read_text().split()):
                argv = _argv(pid)
                if argv[:1] == [ffmpeg.binary()] and "-i" in argv:
                    found[pid] = argv
    return found


def _argv(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
    except OSError:
        return []


def _start_time(pid: int) -> float:
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted + ticks / os.sysconf("SC_CLK_TCK")
