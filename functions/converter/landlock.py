"""Landlock from Python: which files a process and all that it starts may reach, and that it reaches no network.

Numbers are those of linux/landlock.h; the system calls have the same on every architecture.
"""

import ctypes
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG = 1
RULE_PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
REMOVE_FILE, MAKE_REG, TRUNCATE = 1 << 5, 1 << 8, 1 << 14
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
"""All that a rule about a file may name; others are about what is in a folder."""

READ = READ_FILE | READ_DIR
RUN = READ_FILE | EXECUTE
WRITE = READ | WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE
HANDLED_FS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
"""By ABI: every right on files that the kernel knows. What is handled and not granted is refused."""

NETWORK_ABI = 4
TCP_BIND_AND_CONNECT = 0b11
SCOPES_ABI = 6
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
_libc = ctypes.CDLL(None, use_errno=True)


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


@cache
def abi() -> int:
    """The kernel's version of Landlock; 0 where there is none or it is switched off."""
    return max(0, _syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG))


def ruleset(grants: Iterable[tuple[Path, int]]) -> int:
    """A descriptor of rules that allow these paths these rights, nothing else, no TCP, and no signal to others.

    What does not exist is left out. Raises ``OSError`` where the kernel refuses.
    """
    level = abi()
    handled = HANDLED_FS[min(level, max(HANDLED_FS))]
    attributes = _RulesetAttributes(
        handled,
        TCP_BIND_AND_CONNECT if level >= NETWORK_ABI else 0,
        ABSTRACT_SOCKETS_AND_SIGNALS if level >= SCOPES_ABI else 0,
    )
    # An older kernel knows fewer of the fields.
    size = 24 if level >= SCOPES_ABI else 16 if level >= NETWORK_ABI else 8
    rules = _syscall(CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    if rules < 0:
        raise OSError(ctypes.get_errno(), "no Landlock ruleset")
    for path, rights in grants:
        allow(rules, path, rights & handled)
    return rules


def restrict_self(rules: int) -> bool:
    """Put the calling thread under the rules, for good. Needs no_new_privs. Whether the kernel did so."""
    return _syscall(RESTRICT_SELF, rules, 0) == 0


def allow(rules: int, path: Path, rights: int) -> None:
    """Add a rule; none for what does not exist."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if path.is_dir() else rights & FILE_RIGHTS
        rule = _PathBeneath(allowed, place)
        if _syscall(ADD_RULE, rules, RULE_PATH_BENEATH, ctypes.byref(rule), 0) < 0:
            raise OSError(ctypes.get_errno(), "no Landlock rule")
    finally:
        os.close(place)


def _syscall(number: int, *arguments: object) -> int:
    return int(_libc.syscall(ctypes.c_long(number), *arguments))
