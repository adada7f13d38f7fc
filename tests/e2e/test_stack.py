"""What ``up``, ``down`` and ``clean`` promise: ports, endings, and that nothing is left running."""

import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from local.desk import Desk
from tests.support.ports import port_settings
from tests.support.processes import running
from tests.support.servers import new_desk
from tests.support.stack import ROOT, RunningStack, stack_of, stack_on
from tests.support.waiting import wait_until

EVERYTHING = {"minio", "nats-server", "postgres", "local.gateway", "local.worker"}


def command(desk: Desk, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m local`` on a desk."""
    argv = [sys.executable, "-m", "local", *words]
    return subprocess.run(argv, cwd=ROOT, env=dict(desk.env), capture_output=True, text=True, timeout=120)


def test_taken_ports_are_named_with_their_variables_and_nothing_is_started(tmp_path: Path) -> None:
    desk = new_desk(tmp_path / "data")
    variables = {name: int(desk.env[name]) for name in port_settings()}
    with ExitStack() as listeners:
        for port in variables.values():
            listener = listeners.enter_context(socket.socket())
            listener.bind(("127.0.0.1", port))
            listener.listen()
        done = command(desk, "up")
    assert done.returncode == 1
    for name, port in variables.items():
        assert f"port {port} is taken: set {name}" in done.stderr
    assert not (desk.data_dir / "logs").exists()


def test_one_port_for_two_uses_is_refused_by_their_names(tmp_path: Path) -> None:
    desk = new_desk(tmp_path / "data", NATS_PORT="21212", DB_PORT="21212")
    done = command(desk, "up")
    assert (done.returncode, "NATS_PORT and DB_PORT are both 21212" in done.stderr) == (1, True)


def test_two_stacks_run_side_by_side_and_stopping_one_leaves_the_other(
    tmp_path: Path, running_stack: RunningStack
) -> None:
    with stack_on(tmp_path / "data", WORKERS="2") as stack:
        stack.wait_ready()
        assert sum("local.worker" in process.cmdline() for process in stack.processes()) == 2
        assert stack.programs() == running_stack.programs() == EVERYTHING
        assert httpx.get(f"{stack.api_url}/readyz").status_code == 200
        assert stack.stop() == 0
        assert httpx.get(f"{running_stack.api_url}/readyz").status_code == 200
        assert running_stack.programs() == EVERYTHING


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_order_with_exit_code_0(tmp_path: Path, number: signal.Signals) -> None:
    with stack_on(tmp_path / "data") as stack:
        everything = stack.wait_ready().processes()
        assert stack.stop(number) == 0
        assert running(everything) == []
        logs = {path.name: path.read_text() for path in (stack.desk.data_dir / "logs").iterdir()}
        assert "worker.stopped" in logs["worker-1.log"]
        assert "database system is shut down" in logs["postgres.log"]


def test_a_signal_while_starting_leaves_nothing_running(tmp_path: Path) -> None:
    with stack_on(tmp_path / "data") as stack:
        wait_until(lambda: "postgres" in stack.programs(), "PostgreSQL's start")
        everything = stack.processes()
        assert stack.stop(signal.SIGTERM) == 0
        assert running(everything) == []


def test_kill_9_of_the_supervisor_leaves_nothing_running_and_the_next_up_works(tmp_path: Path) -> None:
    desk = new_desk(tmp_path / "data")
    with stack_of(desk) as stack:
        everything = stack.wait_ready().processes()
        stack.stop(signal.SIGKILL)
        with stack_of(desk) as second:
            second.wait_ready()
            assert running(everything) == []


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("minio", "MinIO"),
        ("nats-server", "NATS"),
        ("postgres", "PostgreSQL"),
        ("local.gateway", "API"),
        ("local.worker", "worker 1"),
    ],
)
def test_a_part_that_dies_is_named_and_the_rest_stops(tmp_path: Path, program: str, name: str) -> None:
    with stack_on(tmp_path / "data") as stack:
        everything = stack.wait_ready().processes()
        stack.child(program).kill()
        assert stack.process.wait(60) == 1
        assert f"error: {name} ended (killed by SIGKILL)" in stack.output
        assert running(everything) == []


def test_a_second_up_is_refused_down_stops_the_first_and_clean_removes_its_data(tmp_path: Path) -> None:
    desk = new_desk(tmp_path / "data")
    with stack_of(desk) as stack:
        everything = stack.wait_ready().processes()
        for refused in ("up", "clean"):
            done = command(desk, refused)
            assert done.returncode == 1
            assert (
                f"a stack runs on {desk.data_dir} (process {stack.process.pid}): stop it with make down" in done.stderr
            )
        assert command(desk, "down").returncode == 0
        assert stack.process.wait(10) == 0
        assert running(everything) == []
        assert (desk.data_dir / "minio").is_dir()
        assert command(desk, "clean").returncode == 0
        assert not desk.data_dir.exists()
        assert "no stack runs" in command(desk, "down").stdout


def test_a_folder_of_something_else_is_neither_used_nor_cleaned(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    desk = new_desk(tmp_path)
    for refused in ("up", "clean"):
        done = command(desk, refused)
        assert (done.returncode, "holds something else" in done.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
