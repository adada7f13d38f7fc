"""A seccomp filter from Python: system calls that no decoder and no encoder needs, refused to a process for good.

A list of what is refused and not of what is allowed: Python and libav use hundreds of calls, and which of them
changes with the C library. Numbers are those of asm/unistd_64.h and asm-generic/unistd.h; the program is classic BPF
(linux/filter.h) over ``struct seccomp_data``.
"""

import ctypes
import errno
import os
import platform
import socket

PR_SET_PDEATHSIG, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 1, 22, 2
LOAD_WORD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERRNO, KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
CALL_NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
"""Offsets in ``struct seccomp_data``; arguments have 8 bytes, the low half first."""

X32_CALLS = 0x40000000
NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of linux/sched.h."""

AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_REFUSED = {
    # Network. The inspector's one channel is made before it starts.
    "socket": (41, 198), "socketpair": (53, 199), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
    "connect": (42, 203), "accept4": (288, 242),
    # Other processes: their memory, descriptors and lives; and out of the group that is killed.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "setsid": (112, 157),
    "setpgid": (109, 154),
    # Limits that root could lift again.
    "setrlimit": (160, 164),
    # Programs from elsewhere than a path.
    "execveat": (322, 281), "memfd_create": (319, 279),
    # Namespaces and mounts.
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "mknodat": (259, 33), "mknod": (133, None),
    # Parts of the kernel in which holes are found often.
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "fanotify_init": (300, 262), "personality": (135, 92),
    # The machine itself.
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "quotactl": (179, 60), "acct": (163, 89), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "syslog": (103, 116), "sethostname": (170, 161), "setdomainname": (171, 162),
    "iopl": (172, None), "ioperm": (173, None),
}  # fmt: skip
"""Numbers on x86-64 and aarch64."""

_CLONE, _CLONE3, _PRLIMIT64, _PRCTL = (56, 220), (435, 435), (302, 261), (157, 167)
_KILL, _TGKILL = (62, 129), (234, 131)
_libc = ctypes.CDLL(None, use_errno=True)


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_so", ctypes.c_uint8),
        ("if_not", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


class Filter:
    """Made before a fork, applied after it. ``KeyError`` on an architecture whose numbers are not known."""

    def __init__(self) -> None:
        machine = platform.machine()
        architecture = AUDIT_ARCHITECTURES[machine]
        column = list(AUDIT_ARCHITECTURES).index(machine)
        lines, self._own_pid_at = _program(architecture, column)
        self._instructions = (_Instruction * len(lines))(*(_Instruction(*line) for line in lines))
        self._whole = _Program(len(lines), ctypes.cast(self._instructions, ctypes.POINTER(_Instruction)))

    def apply(self) -> bool:
        """Filter the calling process, for good. Needs no_new_privs. Whether the kernel did so."""
        for at in self._own_pid_at:
            self._instructions[at].k = os.getpid()
        return not _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(self._whole), 0, 0)


def holds() -> bool:
    """Whether the calling process, which is filtered, is refused what the filter refuses."""
    try:
        socket.socket(socket.AF_UNIX).close()
    except PermissionError:
        return True
    return False


def _program(architecture: int, column: int) -> tuple[list[tuple[int, int, int, int]], list[int]]:
    """The filter, and the indexes of the instructions that hold the process's own number."""
    refuse = (RETURN, 0, 0, ERRNO | errno.EPERM)
    allow = (RETURN, 0, 0, ALLOW)
    lines = [
        (LOAD_WORD, 0, 0, ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD_WORD, 0, 0, CALL_NUMBER),
        (JUMP_AT_LEAST, 0, 1, X32_CALLS),
        refuse,
    ]
    for numbers in _REFUSED.values():
        number = numbers[column]
        if number is not None:
            lines += [(JUMP_EQUAL, 0, 1, number), refuse]
    # Its flags are in memory, which a filter does not see: the C library then takes clone, which is judged below.
    lines += [(JUMP_EQUAL, 0, 1, _CLONE3[column]), (RETURN, 0, 0, ERRNO | errno.ENOSYS)]
    lines += [(JUMP_EQUAL, 0, 4, _CLONE[column]), (LOAD_WORD, 0, 0, ARGUMENTS)]
    lines += [(JUMP_ANY_BIT, 0, 1, NEW_NAMESPACES), refuse, allow]
    # Limits may be read: then no new ones are given.
    lines += [(JUMP_EQUAL, 0, 6, _PRLIMIT64[column]), (LOAD_WORD, 0, 0, ARGUMENTS + 2 * 8), (JUMP_EQUAL, 0, 2, 0)]
    lines += [(LOAD_WORD, 0, 0, ARGUMENTS + 2 * 8 + 4), (JUMP_EQUAL, 1, 0, 0), refuse, allow]
    # The parent's death shall stay the child's.
    lines += [(JUMP_EQUAL, 0, 4, _PRCTL[column]), (LOAD_WORD, 0, 0, ARGUMENTS)]
    lines += [(JUMP_EQUAL, 0, 1, PR_SET_PDEATHSIG), refuse, allow]
    # A process may end itself.
    own_pid_at = []
    for numbers in (_KILL, _TGKILL):
        lines += [(JUMP_EQUAL, 0, 4, numbers[column]), (LOAD_WORD, 0, 0, ARGUMENTS)]
        own_pid_at.append(len(lines))
        lines += [(JUMP_EQUAL, 1, 0, 0), refuse, allow]
    return [*lines, allow], own_pid_at
