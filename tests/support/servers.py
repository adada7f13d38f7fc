"""Real PostgreSQL, NATS and MinIO for tests: started once, or killed and started again on their data."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.bootstrap import bootstrap
from local.child import Child
from local.desk import Desk, read_desk
from local.servers import Minio, Nats, Postgres
from tests.support.ports import port_settings

OURS = (
    "DATABASE_", "S3_", "NATS_", "MINIO_", "API_", "DB_", "DATA_DIR", "SCRATCH_DIR", "WORKER", "NOTIFY_", "AUTH_",
    "X265_",
)  # fmt: skip

FIXED = {"X265_CRF": "26", "X265_PRESET": "veryfast"}
"""For films of which it does not matter how they look: nothing is searched for them unless their options ask for it."""


def clean_environment() -> dict[str, str]:
    """This process's environment without any setting of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def new_desk(data_dir: Path, **env: str) -> Desk:
    """A desk on free ports with everything in ``data_dir``; ``env`` sets more of its variables, beside ``FIXED``."""
    return read_desk({**clean_environment(), "DATA_DIR": str(data_dir), **port_settings(), **FIXED, **env})


class Servers:
    """The three servers of one desk. Start and stop them from the main thread."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.postgres = Postgres(desk)
        self.nats = Nats(desk)
        self.minio = Minio(desk)

    @property
    def all(self) -> list[Child]:
        return [self.minio, self.nats, self.postgres]

    @property
    def env(self) -> dict[str, str]:
        """The environment with which our functions, the worker and the terminal use these servers by URL."""
        return self.desk.functions_env()

    def start(self) -> None:
        """Start what does not run and wait until all answer."""
        for server in self.all:
            if server.process is None or server.process.poll() is not None:
                server.start()
        for server in self.all:
            server.wait_ready()

    def stop(self) -> None:
        for server in self.all:
            server.stop()


@contextmanager
def running_servers(data_dir: Path, **env: str) -> Iterator[Servers]:
    """Servers of their own, ready for use; stopped at the end."""
    servers = Servers(new_desk(data_dir, **env))
    try:
        servers.start()
        bootstrap(servers.desk)
        yield servers
    finally:
        servers.stop()
