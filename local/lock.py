"""One stack per ``DATA_DIR``: a lock that its process holds while it lives, and by which it is found."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from local.desk import DeskError

GLANCE_S = 1.0
"""Longer than a look at who holds the lock, which holds it too for a moment."""


class StackRuns(DeskError):
    """Another stack runs on this ``DATA_DIR``; the message says which process."""


class NotOurs(DeskError):
    """``DATA_DIR`` is a folder of something else."""


class StackLock:
    """The kernel frees the lock at its holder's death, however it comes; the file tells the holder's process id."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._path = data_dir / "stack.lock"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock, or raise ``StackRuns`` where a stack holds it, ``NotOurs`` where other things lie.

        ``clean`` empties the folder, so it must never have been anything else.
        """
        if self._data_dir.exists() and any(self._data_dir.iterdir()) and not self.is_ours():
            raise NotOurs(f"{self._data_dir} holds something else: let DATA_DIR name a new or empty folder")
        try:
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self._path.open("a+")
        except OSError as exc:
            raise NotOurs(f"DATA_DIR {self._data_dir} cannot be used: {exc.strerror}; name another folder") from exc
        give_up = time.monotonic() + GLANCE_S
        while not _lock(file, fcntl.LOCK_EX):
            if time.monotonic() > give_up:
                file.close()
                raise StackRuns(
                    f"a stack runs on {self._data_dir} (process {self._written_pid()}): stop it with make down"
                )
            time.sleep(0.05)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def is_ours(self) -> bool:
        """Whether the folder is that of a stack."""
        return self._path.exists() or (self._data_dir / "secrets.json").exists()

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def holder(self) -> int | None:
        """The process that holds the lock now, or None."""
        with suppress(FileNotFoundError), self._path.open("r+") as file:
            if not _lock(file, fcntl.LOCK_SH):
                return self._written_pid()
        return None

    def _written_pid(self) -> int | None:
        with suppress(FileNotFoundError, ValueError):
            return int(self._path.read_text())
        return None


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
