"""Looking at processes: who belongs to whom, and who is still there."""

import psutil


def tree(pid: int) -> list[psutil.Process]:
    """The process and all that descend from it."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run. One that has ended but that nobody has waited for does not."""
    return [process for process in processes if _runs(process)]


def program(process: psutil.Process) -> str:
    """Its program's file name, or for our own Python programs the module; nothing for one that has ended."""
    try:
        words = process.cmdline()
        return words[words.index("-m") + 1] if "-m" in words else process.name()
    except psutil.NoSuchProcess:
        return ""


def _runs(process: psutil.Process) -> bool:
    try:
        # is_running compares the time of creation, so that another process under the same number does not count.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
