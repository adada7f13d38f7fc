"""``python -m local demo``: from nothing to a checked result, and nothing left behind, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from functions.shared.errors import NotAVideo, UnreadableMedia
from local.filmfacts import film_facts
from tests.support.media import BIG_BUCK_BUNNY, small_bunny
from tests.support.processes import running, tree
from tests.support.servers import clean_environment
from tests.support.stack import ROOT
from tests.support.waiting import wait_until

CLIP_FRAMES = 132
BOUND_S = 240


def command(data_dir: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    argv = [sys.executable, "-m", "local", "demo", *arguments]
    return argv, clean_environment() | {"DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}


def demo(data_dir: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    argv, env = command(data_dir, *arguments)
    return subprocess.run(argv, env=env, cwd=data_dir.parent, capture_output=True, text=True, timeout=BOUND_S)


def left_in(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "demo").iterdir())


def test_the_last_line_is_the_path_of_a_checked_result(tmp_path: Path) -> None:
    done = demo(tmp_path / "data")
    assert done.returncode == 0, done.stderr
    *table, last = done.stdout.splitlines()
    assert last == str(tmp_path / "data" / "demo" / "bigbuckbunny.mp4")
    facts = film_facts(Path(last))
    assert (facts.codec, facts.tag, facts.frames) == ("hevc", "hvc1", CLIP_FRAMES)
    assert [row for row in ("codec", "size", "duration", "time") if not any(row in line for line in table)] == []
    assert "upload" in done.stderr
    assert "convert" in done.stderr
    assert left_in(tmp_path / "data") == ["bigbuckbunny.mp4"]


def test_any_name_comes_back_as_one_line(tmp_path: Path) -> None:
    film = tmp_path / "my 'héro\nique' \"film\".mov"
    small_bunny(film)
    done = demo(tmp_path / "data", film.name)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.splitlines()[-1]).is_file()
    assert done.stdout.splitlines()[-1].endswith("/my 'héro_ique' \"film\".mp4")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("gone.mov", None, "error: gone.mov: there is no such file."),
        ("notes.txt", b"hello", "error: Invalid file type. Only videos are allowed."),
        ("fake.mov", b"hello", f"error: {NotAVideo.words()}"),
        ("cut.mp4", BIG_BUCK_BUNNY.read_bytes()[:300_000], f"error: {UnreadableMedia.words()}"),
    ],
)
def test_what_cannot_be_converted_is_told_in_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = demo(tmp_path / "data", name)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith(sentence), done.stderr
    assert "Traceback" not in done.stderr
    if (tmp_path / "data").exists():
        assert left_in(tmp_path / "data") == []


@contextmanager
def converting(data_dir: Path) -> Iterator[psutil.Process]:
    """A demo in the middle of its conversion."""
    argv, env = command(data_dir)
    log = data_dir.with_name("demo.log")
    with log.open("wb") as output:
        process = subprocess.Popen(argv, env=env, stdout=output, stderr=output)
    try:
        wait_until(lambda: b"convert" in log.read_bytes() or process.poll() is not None, "the conversion", BOUND_S)
        assert process.poll() is None, log.read_text()
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_everything_it_started(tmp_path: Path, number: signal.Signals) -> None:
    with converting(tmp_path / "data") as process:
        everything = tree(process.pid)
        process.send_signal(number)
        wait_until(lambda: not running(everything), "the end of all processes")
        assert process.wait(10) == 130
    assert left_in(tmp_path / "data") == []


def test_what_a_killed_demo_left_is_removed_by_the_next(tmp_path: Path) -> None:
    with converting(tmp_path / "data") as process:
        everything = tree(process.pid)
        process.kill()
        wait_until(lambda: not running(everything), "the end of all processes")
    (abandoned,) = (tmp_path / "data" / "demo").iterdir()
    os.utime(abandoned, (0, 0))
    assert demo(tmp_path / "data", "gone.mov").returncode == 1
    assert abandoned.exists()
    (tmp_path / "notes.txt").write_text("hello")
    assert demo(tmp_path / "data", "notes.txt").returncode == 1
    assert left_in(tmp_path / "data") == []


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "precious").touch()
    done = demo(tmp_path / "data")
    assert done.returncode == 1
    assert "holds something else" in done.stderr
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["precious"]
