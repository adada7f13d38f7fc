"""A process of the stack: started so that it cannot outlive us, watched, stopped within a bounded time."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from local import launcher
from local.desk import DeskError
from local.launcher import Identity

POLL_S = 0.02
TAIL_LINES = 12
TAIL_BYTES = 8192


class ChildFailed(DeskError):
    """A process of the stack ended or did not become ready; the message names it and quotes its log."""


class Child:
    """One process. Subclasses say what runs (``command``) and when it is ready (``is_ready``)."""

    name: str
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL
    identity = Identity.SAME
    ready_within_s = 60.0
    stops_within_s = 15.0

    def __init__(self, log: Path) -> None:
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        """Arguments and environment."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Whether it answers now. Must return within about a second."""
        return True

    def prepare(self) -> None:
        """What has to be on disk before the first start."""

    def start(self) -> None:
        """Start it without waiting until it is ready. Main thread only."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.prepare()
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        self._launch()

    def wait_ready(self) -> None:
        """Return when it answers; raise ``ChildFailed`` when it ended or takes too long."""
        give_up = time.monotonic() + self.ready_within_s
        while not self.is_ready():
            self.check()
            if time.monotonic() > give_up:
                raise ChildFailed(f"{self.name} did not become ready within {self.ready_within_s:.0f} s{self.tail()}")
            time.sleep(POLL_S)
        self.check()  # what answers may be a stranger who took the port

    def check(self) -> None:
        """Raise ``ChildFailed`` if it is not running."""
        code = self.process.poll() if self.process else None
        if code is not None:
            raise ChildFailed(f"{self.name} ended ({describe_exit(code)}){self.tail()}")

    @property
    def pid(self) -> int:
        """Its process id, which is also its process group; raises ``ChildFailed`` before the start."""
        if self.process is None:
            raise ChildFailed(f"{self.name} was not started")
        return self.process.pid

    def ask_to_stop(self) -> None:
        """Send the signal by which it ends in order; does not wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Ask it to end, then insist. Idempotent."""
        self.ask_to_stop()
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(self.stops_within_s)
            self.kill()

    def kill(self) -> None:
        """SIGKILL to it and to what is left of its process group, and wait for its end."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def tail(self) -> str:
        """The last lines of its log, ready to follow a sentence."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
                lines = file.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
        except FileNotFoundError:
            lines = []
        return "".join(f"\n  {line}" for line in [f"last lines of {self.log}:", *lines]) if lines else ""

    def _launch(self) -> None:
        argv, env = self.command()
        self.process = launcher.start(argv, env, self.log, self.identity, self.death_signal)


def describe_exit(code: int) -> str:
    """An exit status in words."""
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"
