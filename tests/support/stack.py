"""A whole stack, ``python -m local up``, on free ports and with a folder of its own."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from local.desk import Desk
from tests.support.processes import program, running, tree
from tests.support.servers import new_desk
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]


class RunningStack:
    """The supervisor as a process, and what it has said."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._output = desk.data_dir.with_name(desk.data_dir.name + ".output")
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local", "up"], cwd=ROOT, env=dict(desk.env), stdout=output, stderr=output
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.desk.ports.api}"

    @property
    def env(self) -> dict[str, str]:
        """The environment with which another program reaches this stack's parts."""
        return self.desk.functions_env()

    def wait_ready(self) -> "RunningStack":
        wait_until(lambda: "\nready: " in self.output or self.process.poll() is not None, "the stack")
        assert self.process.poll() is None, self.output
        return self

    def processes(self) -> list[psutil.Process]:
        """The supervisor and everything that descends from it."""
        return tree(self.process.pid)

    def child(self, name: str) -> psutil.Process:
        """The child that runs a program, such as ``minio`` or ``local.worker``."""
        return next(child for child in psutil.Process(self.process.pid).children() if program(child) == name)

    def programs(self) -> set[str]:
        """What the children run."""
        return {program(child) for child in psutil.Process(self.process.pid).children()}

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal to the supervisor and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def close(self) -> None:
        """End it whatever state it is in."""
        if self.process.poll() is None:
            everything = self.processes()
            self.stop()
            wait_until(lambda: not running(everything), "the end of the stack's processes")


@contextmanager
def stack_on(data_dir: Path, **env: str) -> Iterator[RunningStack]:
    """Start a stack; ``env`` sets more of its variables. It may still be starting: ``wait_ready``."""
    with stack_of(new_desk(data_dir, **env)) as stack:
        yield stack


@contextmanager
def stack_of(desk: Desk) -> Iterator[RunningStack]:
    """Start the stack of a desk."""
    desk.data_dir.parent.mkdir(parents=True, exist_ok=True)
    stack = RunningStack(desk)
    try:
        yield stack
    finally:
        stack.close()
