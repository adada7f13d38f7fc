"""The scratch folder of an attempt. It is locked while its worker lives, so that what a dead one left can be told."""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from functions.shared import logs
from functions.shared.errors import ScratchFull, ScratchLimitExceeded
from functions.shared.transactions import Claim

LOCK = "lock"
NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]+")
"""Transaction and attempt. Nothing else is swept: ``SCRATCH_DIR`` may be a disk that others use as well."""

MAKING_S = 5.0
"""A folder younger than this may not be locked yet."""


@contextmanager
def workspace(scratch: Path, claim: Claim) -> Iterator[Path]:
    """A private folder for one attempt, removed at the end whatever happens."""
    folder = scratch / f"{claim.transaction_id}.{claim.attempt}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as exc:
        raise ScratchFull("no scratch folder can be made") from exc
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def free_bytes(folder: Path) -> int:
    """Room that is left on the disk of a folder."""
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


def used_bytes(folder: Path) -> int:
    """What a folder holds."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def require_room(folder: Path, needed_bytes: int, reserve_bytes: int) -> None:
    """Raise ``ScratchFull`` unless ``needed_bytes`` fit and the reserve stays free."""
    free = free_bytes(folder)
    if free - needed_bytes < reserve_bytes:
        raise ScratchFull(f"{free // 2**20} MiB free, {(needed_bytes + reserve_bytes) // 2**20} MiB needed")


def require_within(folder: Path, most_bytes: int) -> None:
    """Raise ``ScratchLimitExceeded`` when an attempt's folder holds more than it may."""
    if used_bytes(folder) > most_bytes:
        raise ScratchLimitExceeded(f"more than {most_bytes / 2**20:.1f} MiB")


def making_folder(source: Path) -> Path:
    """Where media processes write, made on first use: beside the source, so that none can change what it reads."""
    folder = source.with_name("made")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def sweep(scratch: Path) -> int:
    """Remove the folders of attempts whose worker is gone; their number."""
    removed = 0
    for folder in scratch.iterdir() if scratch.is_dir() else ():
        if NAME.fullmatch(folder.name) and _abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
            logs.event("workspace.swept", folder=folder.name)
            removed += 1
    return removed


def _abandoned(folder: Path) -> bool:
    try:
        if time.time() - folder.stat().st_mtime < MAKING_S:
            return False
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True
