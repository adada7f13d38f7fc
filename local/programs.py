"""Our own processes of a stack: the API and the workers."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local.child import Child
from local.desk import LOOPBACK, Desk
from local.health import api_is_ready

ROOT = Path(__file__).parents[1]


class Api(Child):
    """All routers on one port."""

    name = "API"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.data_dir / "logs" / "api.log")
        self._desk = desk

    def command(self) -> tuple[list[str], Mapping[str, str]]:
        return [sys.executable, "-m", "local.gateway"], program_env(self._desk)

    def is_ready(self) -> bool:
        host = LOOPBACK if self._desk.api_host in ("0.0.0.0", "::") else self._desk.api_host  # noqa: S104
        return api_is_ready(self._desk.ports.api, host)


class Worker(Child):
    """Takes conversions from the queue; asked to stop, it gives back what it cannot end soon."""

    stops_within_s = 30.0

    def __init__(self, desk: Desk, number: int) -> None:
        super().__init__(desk.data_dir / "logs" / f"worker-{number}.log")
        self.name = f"worker {number}"
        self._desk = desk

    def command(self) -> tuple[list[str], Mapping[str, str]]:
        return [sys.executable, "-m", "local.worker"], program_env(self._desk)

    def is_ready(self) -> bool:
        return b"worker.ready" in self.log.read_bytes()


def program_env(desk: Desk) -> dict[str, str]:
    """What the functions read, and where Python finds them."""
    env = desk.functions_env()
    path = [str(ROOT), *filter(None, [env.get("PYTHONPATH")])]
    return env | {"PYTHONPATH": os.pathsep.join(path), "PYTHONUNBUFFERED": "1"}
