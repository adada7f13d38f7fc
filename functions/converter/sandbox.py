"""What a media process may do at all: no new privileges, no files but its own, no network, no odd system calls.

Prepared before the fork; between fork and exec there are system calls only. Where a place does not allow a layer (an
older kernel, a container, Lambda) the other layers stay, and the log says once what is missing.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from functions.converter import landlock, seccomp
from functions.shared import logs

PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
CLOSE_RANGE, CLOSE_RANGE_CLOEXEC, LAST_DESCRIPTOR = 436, 4, 0xFFFFFFFF
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
DEVICES = ("/dev/urandom", "/sys/devices/system/cpu")
"""Chance, and how many processors there are: encoders start as many threads."""

OWN_FILES = Path("/proc/self")
"""What the kernel tells a process of itself. Looked up after the fork, or it would be the parent's."""

NO_NEW_PRIVILEGES, LANDLOCK, SECCOMP = 1, 2, 4
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Sandbox:
    """The layers that a media process gets, as far as the place allows; tests take single ones away."""

    landlock: bool = True
    seccomp: bool = True


FULL = Sandbox()
NONE = Sandbox(landlock=False, seccomp=False)


@dataclass(frozen=True)
class Reach:
    """Files and folders of one media process, beside its program, the libraries and its descriptors.

    ``listed``: folders of which it may see the names of all files, to the bottom, but not what is in them.
    """

    written: tuple[Path, ...] = ()
    read: tuple[Path, ...] = ()
    listed: tuple[Path, ...] = ()


@contextmanager
def prepared(layers: Sandbox, program: str, reach: Reach, kept: list[int]) -> Iterator[Callable[[], None]]:
    """What a child shall call before it becomes ``program``. Of the descriptors, those in ``kept`` go on."""
    here = possible()
    rules = _rules(program, reach) if layers.landlock and here & LANDLOCK else None
    refusals = seccomp.Filter() if layers.seccomp and here & SECCOMP else None
    gaps = _gaps(kept)

    def apply() -> None:
        for first, last in gaps:
            _libc.syscall(ctypes.c_long(CLOSE_RANGE), first, last, CLOSE_RANGE_CLOEXEC)
        _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if rules is not None:
            landlock.allow(rules, OWN_FILES, landlock.READ)
            landlock.restrict_self(rules)
        if refusals is not None:
            refusals.apply()

    try:
        yield apply
    finally:
        if rules is not None:
            os.close(rules)


def active() -> dict[str, bool]:
    """The layers of this place by name, for the log, the doctor and receipts."""
    here = possible()
    has_landlock = bool(here & LANDLOCK)
    return {
        "no_new_privileges": bool(here & NO_NEW_PRIVILEGES),
        "landlock": has_landlock,
        "landlock_network": has_landlock and landlock.abi() >= landlock.NETWORK_ABI,
        "seccomp": bool(here & SECCOMP),
        "rlimits": True,
        "empty_environment": True,
        "process_group": True,
        "fd_input": True,
    }


def hide_environment() -> None:
    """Make this process's memory and environment unreadable for other processes of the same user.

    A child that becomes another program is readable again.
    """
    _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


@cache
def possible() -> int:
    """Which layers this place allows, tried in a child."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(_try_all())
        finally:
            os._exit(0)
    here = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    names = {NO_NEW_PRIVILEGES: "no_new_privileges", LANDLOCK: "landlock", SECCOMP: "seccomp"}
    missing = [name for bit, name in names.items() if not here & bit]
    if missing:
        logs.event("sandbox.degraded", level=30, missing=",".join(missing), landlock_abi=landlock.abi())
    return here


def _try_all() -> int:
    """Put the calling process under every layer; which ones it got."""
    got = 0
    if _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        got |= NO_NEW_PRIVILEGES
    if landlock.abi() and landlock.restrict_self(landlock.ruleset(())):
        got |= LANDLOCK
    try:
        if seccomp.Filter().apply() and seccomp.holds():
            got |= SECCOMP
    except KeyError:  # an architecture whose system calls we do not know
        return got
    return got


def _rules(program: str, reach: Reach) -> int:
    beside = Path(program).resolve().parent.parent / "lib"
    own = (sys.prefix, sys.base_prefix) if program == sys.executable else (beside,)
    return landlock.ruleset(
        [
            *((Path(path), landlock.READ) for path in (*LIBRARIES, *DEVICES, *own, *reach.read)),
            *((path, landlock.RUN) for path in (Path(program), *_interpreter(program))),
            *((path, landlock.WRITE) for path in (Path(os.devnull), *reach.written)),
            *((path, landlock.READ_DIR) for path in reach.listed),
        ]
    )


@cache
def _interpreter(program: str) -> tuple[Path, ...]:
    """The program that the kernel starts to load this one (ELF-64, PT_INTERP); none for what is linked statically."""
    try:
        with Path(program).open("rb") as file:
            head = file.read(4096)
    except OSError:
        return ()
    table, size, count = (int.from_bytes(head[at:end], "little") for at, end in ((32, 40), (54, 56), (56, 58)))
    for at in range(table, table + size * count, max(1, size)):
        if head[:4] == b"\x7fELF" and int.from_bytes(head[at : at + 4], "little") == 3:
            start, length = (int.from_bytes(head[at + i : at + i + 8], "little") for i in (8, 32))
            return (Path(os.fsdecode(head[start : start + length].rstrip(b"\0"))),)
    return ()


def _gaps(kept: list[int]) -> list[tuple[int, int]]:
    """Ranges of descriptors, from 3 on, without those in ``kept``."""
    edges = [2, *sorted(fd for fd in kept if fd > 2), LAST_DESCRIPTOR + 1]
    pairs = pairwise(edges)
    return [(before + 1, after - 1) for before, after in pairs if after - before > 1]
