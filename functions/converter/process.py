"""The one place that starts a media process: descriptors, none of our environment, limits, a sandbox, a group.

Its input is untrusted, so nothing of ours reaches it but the descriptors it needs, and SIGKILL to its process group
ends it whatever it does.
"""

import ctypes
import os
import resource
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from functions.converter import sandbox

PR_SET_PDEATHSIG = 1
OPEN_FILES = 64
CPU_GRACE_S = 5
ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}
"""All that a media process gets: without it glibc reserves 64 MiB of address space for each thread, which is no memory
but would count against the limit. Speed is the same."""

COVERED_THREADS = 2
BASE_MEMORY = 1024**3
MEMORY_PER_MEGAPIXEL = 256 * 1024**2
MEMORY_PER_THREAD = 32 * 1024**2
"""Stacks of 8 MiB: one more thread of an encoder goes with one that decodes and one that filters."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Limits:
    """Hard limits of one media process: address space and written bytes per file in bytes, CPU time in seconds."""

    memory_bytes: int
    file_bytes: int
    cpu_s: int

    def triples(self) -> list[tuple[int, int, int]]:
        """Which, soft, hard. The soft CPU limit shows as SIGXCPU, the hard one as SIGKILL, like a kill from outside."""
        return [
            (resource.RLIMIT_AS, self.memory_bytes, self.memory_bytes),
            (resource.RLIMIT_FSIZE, self.file_bytes, self.file_bytes),
            (resource.RLIMIT_CPU, self.cpu_s, self.cpu_s + CPU_GRACE_S),
            (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
            (resource.RLIMIT_CORE, 0, 0),
        ]


def picture_memory_bytes(width: int, height: int, threads: int) -> int:
    """Address space that decoding and encoding such a picture needs.

    1 GiB and 256 MiB a megapixel hold for two threads (1080p medium was seen to need 1.3 GB, 4K 2.6 GB); frame
    threads hold pictures of their own, so more of them need more.
    """
    per_picture = BASE_MEMORY + MEMORY_PER_MEGAPIXEL * width * height // 1_000_000
    return per_picture * max(COVERED_THREADS, threads) // COVERED_THREADS


def thread_memory_bytes(width: int, height: int) -> int:
    """Address space of one thread more that has no frame of its own to encode: its stacks, a picture to decode into."""
    return MEMORY_PER_THREAD + MEMORY_PER_MEGAPIXEL * width * height // 1_000_000 // 2


def spawn(
    argv: list[str],
    *,
    pass_fds: list[int],
    limits: Limits | None,
    folder: Path | None = None,
    reach: sandbox.Reach | None = None,
    layers: sandbox.Sandbox = sandbox.FULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    dies_with_thread: bool = True,
) -> "subprocess.Popen[bytes]":
    """Start a media process as leader of its own group. It may write in ``folder``, or as ``reach`` says.

    With ``dies_with_thread`` the kernel kills it when the calling **thread** ends: that thread must outlive it.
    """
    reach = reach or sandbox.Reach(written=(folder,) if folder else ())
    with sandbox.prepared(layers, argv[0], reach, pass_fds) as confine:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=folder or "/",
            env=ENVIRONMENT,
            pass_fds=pass_fds,
            start_new_session=True,
            preexec_fn=_before_exec(limits, dies_with_thread, confine),
        )


def _before_exec(limits: Limits | None, dies_with_thread: bool, confine: Callable[[], None]) -> Callable[[], None]:
    """What the child does between fork and exec: system calls only, so no lock of another thread can hold it up."""
    triples = limits.triples() if limits else []
    parent = os.getpid()

    def prepare() -> None:
        for which, soft, hard in triples:
            resource.setrlimit(which, _within(resource.getrlimit(which)[1], soft, hard))
        if dies_with_thread:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
        confine()

    return prepare


def limit_running(pid: int, limits: Limits) -> None:
    """Put limits on a child that was started ahead of its job."""
    for which, soft, hard in limits.triples():
        resource.prlimit(pid, which, _within(resource.prlimit(pid, which)[1], soft, hard))


def _within(allowed: int, soft: int, hard: int) -> tuple[int, int]:
    """Limits that do not exceed the hard limit in force."""
    return (soft, hard) if allowed == resource.RLIM_INFINITY else (min(soft, allowed), min(hard, allowed))


def has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Whether a child has exited. It is not reaped: as long as it is not, its group is still its own to kill."""
    if process.returncode is not None:
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL a child's process group, whether or not the child itself has ended, and reap it. Safe to call twice."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def io_bytes(pid: int) -> int:
    """Bytes that a child has read and written so far: its progress where it reports none (the faststart rewrite)."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("rchar", "wchar")))


def cpu_s(pid: int) -> float:
    """CPU seconds that a child has used so far, also after its end while it is not reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
