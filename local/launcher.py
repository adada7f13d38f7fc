"""Start a child that cannot outlive its parent.

``start`` runs this file as a small program that prepares itself and then becomes the child: it asks the kernel for a
signal at its parent's death, and steps down from root where the child refuses root (PostgreSQL does). Doing this in a
fresh process, not between fork and exec of ours, keeps it safe beside our threads.

The child gets a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone, which stops
everything in order. The kernel ties the child to the **thread** that started it: call ``start`` from the main thread.
"""

import ctypes
import os
import pwd
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

UNPRIVILEGED = 65534
"""User and group id (``nobody`` everywhere) of a child that steps down from root."""
NAMES_INSIDE = (1000, 1, 2, UNPRIVILEGED)
"""Who we may be inside a user namespace: the first that the user database knows, as initdb looks itself up there."""

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


class Identity(StrEnum):
    """Whom a child runs as."""

    SAME = "same"
    NAMESPACE = "namespace"
    """As our user, which inside a user namespace is not root: files stay ours, root's rights are gone."""
    STEP_DOWN = "step-down"
    """As ``UNPRIVILEGED``; keeps only the right to pass folders that are closed to others."""


def start(
    argv: Sequence[str | Path],
    env: Mapping[str, str],
    log: Path,
    identity: Identity = Identity.SAME,
    death_signal: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a child whose output is appended to ``log``; it receives ``death_signal`` when this process ends."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children die with the thread that started them: start them from the main thread")
    words = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(death_signal)), identity, *map(str, argv)]
    with log.open("ab") as output:
        return subprocess.Popen(
            words, env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


@cache
def non_root() -> Identity:
    """How this machine lets a child be a user who is not root and whom the user database knows."""
    root = os.geteuid() == 0
    if not root and _is_known(os.geteuid()):
        return Identity.SAME
    probe = [sys.executable, "-I", "-S", __file__, str(os.getpid()), "0", Identity.NAMESPACE, sys.executable, "-V"]
    done = subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        return Identity.NAMESPACE
    return Identity.STEP_DOWN if root else Identity.SAME


def owner_of_files(identity: Identity) -> int:
    """The user id, as seen from here, that the child's files must belong to."""
    return UNPRIVILEGED if identity is Identity.STEP_DOWN else os.geteuid()


def _become(parent: int, death_signal: int, identity: Identity, argv: list[str]) -> None:
    """Prepare this process and replace it by the child. Never returns."""
    libc = ctypes.CDLL(None, use_errno=True)
    if identity is Identity.NAMESPACE:
        _enter_namespace(libc)
    elif identity is Identity.STEP_DOWN:
        _step_down(libc)
    # After the change of identity, which clears the death signal; and the parent may have died before it was set.
    _call(libc, "prctl", PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    os.execv(argv[0], argv)  # noqa: S606


def _enter_namespace(libc: ctypes.CDLL) -> None:
    uid, gid = os.geteuid(), os.getegid()
    _call(libc, "unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    inside = next(filter(_is_known, NAMES_INSIDE), UNPRIVILEGED)
    Path("/proc/self/uid_map").write_text(f"{inside} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{inside} {gid} 1")


def _is_known(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _step_down(libc: ctypes.CDLL) -> None:
    """Change the user and keep CAP_DAC_OVERRIDE alone, across the exec as well.

    Without the secure bit the kernel would drop it for ``access()``, by which PostgreSQL looks for its own files.
    """
    _call(libc, "prctl", PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
    os.setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
    mask = 1 << CAP_DAC_OVERRIDE
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    _call(libc, "capset", header, struct.pack("6I", mask, mask, mask, 0, 0, 0))
    _call(libc, "prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def _call(libc: ctypes.CDLL, function: str, *arguments: int | bytes) -> None:
    passed = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    if libc[function](*passed) != 0:
        code = ctypes.get_errno()
        sys.exit(f"{function}: {os.strerror(code)}")


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), Identity(sys.argv[3]), sys.argv[4:])
