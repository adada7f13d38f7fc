"""Scratch folders: private, removed whatever happens, and swept only when their worker is dead."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from functions.converter import workspace as workspaces
from functions.converter.workspace import require_room, require_within, sweep, workspace
from functions.shared.errors import ScratchFull, ScratchLimitExceeded
from tests.support.attempts import TRANSACTION, a_claim
from tests.support.waiting import wait_until

HOLD = """
import sys
from pathlib import Path
from functions.converter.workspace import workspace
from tests.support.attempts import a_claim
with workspace(Path(sys.argv[1]), a_claim()) as work:
    (work / "source").write_bytes(b"x" * 1000)
    print("held", flush=True)
    sys.stdin.read()
"""


def age(folder: Path) -> None:
    """Make a folder older than one that is still being made."""
    then = time.time() - 10 * workspaces.MAKING_S
    os.utime(folder, (then, then))


@pytest.mark.parametrize("fails", [False, True])
def test_the_folder_is_private_and_gone_afterwards(tmp_path: Path, fails: bool) -> None:
    scratch = tmp_path / "made" / "when needed"
    try:
        with workspace(scratch, a_claim(attempt=3)) as work:
            assert work == scratch / f"{TRANSACTION}.3"
            assert stat.S_IMODE(work.stat().st_mode) == 0o700
            (work / "source").write_bytes(b"x")
            if fails:
                raise RuntimeError
    except RuntimeError:
        assert fails
    assert list(scratch.iterdir()) == []


def test_a_place_where_nothing_can_be_made_is_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ScratchFull), workspace(tmp_path / "file", a_claim()):
        pass


def test_the_sweep_keeps_what_is_in_use(tmp_path: Path) -> None:
    with workspace(tmp_path, a_claim()) as work:
        (work / "source").write_bytes(b"x")
        age(work)
        assert sweep(tmp_path) == 0
        assert (work / "source").exists()


def test_the_sweep_removes_what_a_killed_worker_left(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        (folder,) = tmp_path.iterdir()
        age(folder)
        assert sweep(tmp_path) == 0
        holder.kill()
        holder.wait(30)
        wait_until(lambda: sweep(tmp_path) == 1, "the dead worker's lock to end", 10)
    finally:
        holder.kill()
        holder.wait(30)
        holder.stdin.close()
        holder.stdout.close()
    assert list(tmp_path.iterdir()) == []


def test_the_sweep_keeps_a_folder_that_is_just_being_made(tmp_path: Path) -> None:
    folder = tmp_path / f"{TRANSACTION}.1"
    folder.mkdir()
    assert sweep(tmp_path) == 0
    age(folder)
    assert sweep(tmp_path) == 1


def test_the_sweep_touches_nothing_else(tmp_path: Path) -> None:
    """SCRATCH_DIR may be a disk that holds other things."""
    folders = ["notes", "photos.2024", f"{TRANSACTION}.old", f"my {TRANSACTION}.1", str(TRANSACTION)]
    for name in folders:
        (tmp_path / name).mkdir()
        age(tmp_path / name)
    (tmp_path / "a.file").write_text("mine")
    age(tmp_path / "a.file")
    assert sweep(tmp_path) == 0
    assert sweep(tmp_path / "absent") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a.file", *folders])
    assert not any(list((tmp_path / name).iterdir()) for name in folders)


def test_room_is_what_is_free_beyond_the_reserve(tmp_path: Path) -> None:
    free = os.statvfs(tmp_path)
    free_bytes = free.f_bavail * free.f_frsize
    require_room(tmp_path, 0, 0)
    require_room(tmp_path, free_bytes // 4, free_bytes // 4)
    with pytest.raises(ScratchFull, match="MiB free"):
        require_room(tmp_path, free_bytes, free_bytes)


def test_an_attempt_keeps_no_more_than_its_share_of_the_disk(tmp_path: Path) -> None:
    for name in ("source", "output.mp4"):
        (tmp_path / name).write_bytes(bytes(1000))
    require_within(tmp_path, 2000)
    with pytest.raises(ScratchLimitExceeded):
        require_within(tmp_path, 1999)
