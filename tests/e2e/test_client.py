"""The commands of the terminal on a real stack: convert, status, download, redrive."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from functions.shared.errors import NotAVideo
from functions.shared.speeds import SPEEDS
from local.client import ApiClient
from local.filmfacts import film_facts
from local.localfile import measure
from local.problems import ClientError
from tests.support.media import BIG_BUCK_BUNNY, small_bunny
from tests.support.ports import free_ports
from tests.support.stack import ROOT, RunningStack
from tests.support.waiting import wait_until

CLIP_FRAMES = 132
BOUND_S = 240
Done = subprocess.CompletedProcess[str]
Terminal = Callable[..., Done]


@pytest.fixture
def terminal(running_stack: RunningStack, tmp_path: Path) -> Terminal:
    """Runs a command in ``tmp_path``, as one user; ``env`` changes some variables."""

    def run(*arguments: str, **env: str) -> Done:
        kept = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-m", "local", *arguments],
            env=running_stack.env | kept | env, cwd=tmp_path, capture_output=True, text=True, timeout=BOUND_S,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_bunny(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture
def film(tmp_path: Path, clip: Path) -> Path:
    path = tmp_path / "holiday.mp4"
    path.write_bytes(clip.read_bytes())
    return path


def transactions(done: Done) -> dict[str, str]:
    """File name → transaction id, as the command told them."""
    return dict(re.findall(r"^(.+): transaction (\S+)$", done.stderr, re.MULTILINE))


def assert_converted(path: Path) -> None:
    facts = film_facts(path)
    assert (facts.codec, facts.tag, facts.frames) == ("hevc", "hvc1", CLIP_FRAMES)


def test_convert_puts_the_result_beside_the_source(terminal: Terminal, film: Path, clip: Path, tmp_path: Path) -> None:
    done = terminal("convert", "holiday.mp4")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["holiday.h265.mp4"]
    assert_converted(tmp_path / "holiday.h265.mp4")
    assert film.read_bytes() == clip.read_bytes()
    again = terminal("convert", "holiday.mp4")
    assert again.returncode == 1
    assert again.stdout == ""
    assert "holiday.h265.mp4 exists already; --force replaces it." in again.stderr
    assert transactions(again) == {}


def test_options_of_the_command_line_are_those_of_the_row(terminal: Terminal, film: Path) -> None:
    options = ("--quality", "small", "--speed", "fastest", "--max-height", "8000", "--require", "hdr10plus,alpha")
    refused = terminal("convert", "holiday.mp4", "--max-height", "9000")
    assert refused.returncode == 1
    assert "options.max_height must be a whole number from 64 to 8192, not 9000." in refused.stderr
    assert terminal("convert", "holiday.mp4", "--crf", "20", "--quality", "high").returncode == 2
    assert terminal("convert", "holiday.mp4", "--vmaf", "93", "--quality", "high").returncode == 2
    assert terminal("convert", "holiday.mp4", "--keep", "colour").returncode == 2
    transaction = transactions(terminal("convert", "holiday.mp4", "--previews", "off", *options))["holiday.mp4"]
    assert json.loads(terminal("status", transaction, "--json").stdout)["options"] == {
        "preset": "ultrafast", "parameters": SPEEDS["fastest"].parameters, "speed": "fastest",
        "crf": None, "quality": "small", "vmaf": 86.0, "floor": 74.0, "max_height": 8000,
        "container": "mp4", "audio": "auto", "keep": [], "require": ["alpha", "hdr10plus"], "previews": "off",
    }  # fmt: skip


def test_several_files_at_once_and_each_failure_has_its_reason(terminal: Terminal, film: Path, tmp_path: Path) -> None:
    (tmp_path / "second one.mov").write_bytes(film.read_bytes())
    (tmp_path / "fake.mov").write_text("hello")
    (tmp_path / "notes.txt").write_text("hello")
    names = ["holiday.mp4", "second one.mov", "fake.mov", "notes.txt", "gone.mov"]
    done = terminal("convert", *names, "-o", "out")
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["out/holiday.mp4", "out/second one.mp4"]
    for result in done.stdout.splitlines():
        assert_converted(tmp_path / result)
    reasons = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert reasons == [
        f"error: fake.mov: {NotAVideo.words()}",
        "error: notes.txt: Invalid file type. Only videos are allowed.",
        "error: gone.mov: there is no such file.",
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["holiday.mp4", "second one.mp4"]


def test_status_and_download_of_a_transaction(terminal: Terminal, film: Path, clip: Path, tmp_path: Path) -> None:
    transaction = transactions(terminal("convert", "holiday.mp4", "-o", "first.mp4"))["holiday.mp4"]
    words = terminal("status", transaction)
    assert words.returncode == 0
    assert re.search(r"^status +Completed$", words.stdout, re.MULTILINE)
    assert json.loads(terminal("status", transaction, "--json").stdout)["converted"]["size"] > 0

    (tmp_path / "folder").mkdir()
    done = terminal("download", transaction, "-o", "folder")
    assert done.stdout.splitlines() == ["folder/holiday.mp4"]
    assert (tmp_path / "folder" / "holiday.mp4").read_bytes() == (tmp_path / "first.mp4").read_bytes()
    refused = terminal("download", transaction)
    assert refused.returncode == 1
    assert "holiday.mp4 exists already" in refused.stderr
    assert film.read_bytes() == clip.read_bytes()


def test_another_users_transaction_and_an_unknown_one_are_told_apart(terminal: Terminal, film: Path) -> None:
    transaction = transactions(terminal("convert", "holiday.mp4"))["holiday.mp4"]
    other = terminal("status", transaction, "--user", str(uuid4()))
    assert (other.returncode, other.stdout) == (1, "")
    assert "Forbidden: this belongs to another user; name its owner with --user" in other.stderr
    assert "Transaction not found" in terminal("download", str(uuid4())).stderr
    assert terminal("status", "7").returncode == 2


def test_where_no_stack_runs_the_remedy_is_named(terminal: Terminal, film: Path) -> None:
    done = terminal("convert", "holiday.mp4", "--api", f"http://127.0.0.1:{free_ports(1)[0]}")
    assert done.returncode == 1
    assert "is the stack up? Start it with `make up`." in done.stderr


def test_a_lost_answer_and_a_cut_download_are_made_good(
    running_stack: RunningStack, film: Path, tmp_path: Path
) -> None:
    client = ApiClient(running_stack.api_url, uuid4())
    file = measure(film)
    declared = client.declare(file)
    assert client.put(declared, file)
    assert not client.put(declared, file)
    client.wait(declared.transaction_id, expect=file)
    whole, resumed = tmp_path / "whole.mp4", tmp_path / "resumed.mp4"
    client.fetch(declared.transaction_id, whole)
    half = whole.stat().st_size // 2
    resumed.with_name("resumed.mp4.part").write_bytes(whole.read_bytes()[:half])
    received: list[int] = []
    client.fetch(declared.transaction_id, resumed, received.append)
    assert resumed.read_bytes() == whole.read_bytes()
    assert min(received) > half


def test_ctrl_c_leaves_the_conversion_to_the_stack(
    running_stack: RunningStack, terminal: Terminal, tmp_path: Path
) -> None:
    film = tmp_path / "holiday.mp4"
    film.write_bytes(BIG_BUCK_BUNNY.read_bytes())  # as large as it is, for it must not be done too soon
    log = tmp_path / "log"
    env = running_stack.env | {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PYTHONPATH": str(ROOT)}
    with log.open("wb") as output:
        argv = [sys.executable, "-m", "local", "convert", str(film)]
        process = subprocess.Popen(argv, env=env, stdout=output, stderr=output)
    wait_until(lambda: b": convert" in log.read_bytes() or process.poll() is not None, "the conversion")
    process.send_signal(signal.SIGINT)
    assert process.wait(BOUND_S) == 130, log.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config", "holiday.mp4", "log"]
    (transaction,) = re.findall(r"transaction (\S+)", log.read_text())
    wait_until(lambda: terminal("download", transaction, "-o", "late.mp4").returncode == 0, "the result")
    assert_converted(tmp_path / "late.mp4")


def test_another_file_under_the_same_transaction_is_not_ours(running_stack: RunningStack, film: Path) -> None:
    client = ApiClient(running_stack.api_url, uuid4())
    file = measure(film)
    declared = client.declare(file)
    assert client.put(declared, file)
    with pytest.raises(ClientError, match="another file"):
        client.wait(declared.transaction_id, expect=replace(file, md5="0" * 32))


def test_redrive_converts_a_failed_transaction_again(terminal: Terminal, film: Path, tmp_path: Path) -> None:
    (tmp_path / "fake.mov").write_text("hello")
    failed = transactions(terminal("convert", "fake.mov"))["fake.mov"]

    def attempts() -> int:
        state = json.loads(terminal("status", failed, "--json").stdout)
        return int(state["attempt"]) if state["status"] == "Failed" else 0

    assert attempts() == 1
    done = terminal("redrive", failed)
    assert (done.returncode, done.stdout) == (0, f"{failed}: sent again\n")
    wait_until(lambda: attempts() == 2, "the second attempt")
    every = terminal("redrive", "--all")
    assert every.returncode == 0
    assert f"{failed}: sent again" in every.stdout.splitlines()
    wait_until(lambda: attempts() == 3, "the third attempt")


def test_redrive_says_why_it_leaves_a_transaction_alone(terminal: Terminal, film: Path) -> None:
    completed = transactions(terminal("convert", "holiday.mp4"))["holiday.mp4"]
    unknown = str(uuid4())
    done = terminal("redrive", completed, unknown)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"{completed}: not failed: it is Completed",
        f"{unknown}: unknown: there is no such transaction",
    ]


def test_redrive_changes_nothing_where_the_queue_is_down(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "fake.mov").write_text("hello")
    failed = transactions(terminal("convert", "fake.mov"))["fake.mov"]
    done = terminal("redrive", failed, NATS_URL=f"nats://127.0.0.1:{free_ports(1)[0]}")
    assert done.returncode == 1
    assert "is NATS_URL right?" in done.stderr
    assert json.loads(terminal("status", failed, "--json").stdout)["status"] == "Failed"
