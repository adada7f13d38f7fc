"""A stack in parts: servers, API and workers are processes that a test starts, kills and starts again itself."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import imageio_ffmpeg
import psutil
import psycopg2
import psycopg2.extras

from functions.shared.database import Row
from local.child import Child
from local.programs import Api, Worker
from tests.support.deployment import Deployment, Json, deployment_of
from tests.support.media import BIG_BUCK_BUNNY
from tests.support.processes import running
from tests.support.servers import Servers, running_servers
from tests.support.waiting import wait_until

QUICK = {"LEASE_S": "5", "STALL_S": "4", "ACK_WAIT_S": "3", "RECONCILE_EVERY_S": "2"}
"""Settings with which a takeover comes soon enough for a test."""


class Parts:
    """Servers given to API and workers by URL alone. Start and stop parts from the main thread."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.desk = servers.desk
        self.api = Api(self.desk)
        self.workers: list[Worker] = []
        self._children: set[psutil.Process] = set()

    @cached_property
    def deployment(self) -> Deployment:
        return deployment_of(self.servers.env, f"http://127.0.0.1:{self.desk.ports.api}")

    def start_worker(self) -> Worker:
        """One more worker, ready."""
        worker = Worker(self.desk, len(self.workers) + 1)
        self.workers.append(worker)
        worker.start()
        worker.wait_ready()
        return worker

    def kill(self, part: Child) -> None:
        """SIGKILL, and nothing that is started by the part outlives it."""
        started = psutil.Process(part.pid).children(recursive=True)
        self._children.update(started)
        part.kill()
        wait_until(lambda: not running(started), f"the end of what {part.name} had started")

    def restart(self, part: Child) -> None:
        """Start a killed part on its data."""
        part.start()
        part.wait_ready()

    def stop_workers(self) -> None:
        """All of them, in order; nothing of theirs is left running, nothing on disk."""
        for worker in self.workers:
            if worker.process is not None and worker.process.poll() is None:
                started = psutil.Process(worker.pid).children(recursive=True)
                worker.stop()
                self._children.update(started)
        assert running(list(self._children)) == []
        assert self.media_processes() == []

    def media_processes(self) -> list[str]:
        """Command lines of the processes that work in this desk's scratch folder."""
        scratch = str(self.desk.data_dir / "scratch")
        lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
        return [line for line in lines if scratch in line]

    def scratch(self) -> list[Path]:
        """The scratch folders that attempts have now."""
        folder = self.desk.data_dir / "scratch"
        return list(folder.iterdir()) if folder.is_dir() else []

    def row(self, transaction_id: str) -> Row:
        """The row, read past the API."""
        connection = psycopg2.connect(self.desk.database_url)
        try:
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute("SELECT * FROM transactions WHERE transaction_id = %s", (transaction_id,))
                return dict(cursor.fetchone() or {})
        finally:
            connection.close()

    def state(self, transaction_id: str) -> Json | None:
        """``GET /status``, or None while the API cannot answer because its database is away."""
        answer = self.deployment.send("GET", "/status", transaction_id=transaction_id)
        if answer.status == 503:
            return None
        assert answer.status == 200, answer.body
        return answer.json()

    def wait_status(self, transaction_id: str, status: str, bound_s: float = 120.0) -> Json:
        """The first status answer with this status."""

        def reached() -> Json | None:
            state = self.state(transaction_id)
            return state if state and state["status"] == status else None

        return wait_until(reached, f"{status} of {transaction_id}", bound_s) or {}

    def wait_encoding(self, transaction_id: str, percent: float = 0.1, attempt: int = 1) -> Json:
        """The first status answer that shows this attempt at least ``percent`` on its way."""

        def reached() -> Json | None:
            state = self.state(transaction_id)
            if state is None or state["attempt"] < attempt or (state["progress"] or {}).get("percent", 0) < percent:
                return None
            return state

        return wait_until(reached, f"{percent:.0f} % of attempt {attempt} of {transaction_id}", 120.0) or {}

    def outputs(self, transaction_id: str) -> list[str]:
        """Keys in the converted bucket that belong to a transaction."""
        client = self.deployment.second_client()
        objects = client.list_objects("converted", prefix=f"{transaction_id}/", recursive=True)
        return [str(item.object_name) for item in objects]

    def wait_swept(self, transaction_id: str) -> None:
        wait_until(lambda: self.row(transaction_id)["swept_at"], f"the sweep of {transaction_id}")


@contextmanager
def running_parts(data_dir: Path, **env: str) -> Iterator[Parts]:
    """Servers and API, ready; no worker yet. Whatever runs at the end is stopped.

    A worker encodes one film at a time, however many processors it finds, unless ``env`` says otherwise.
    """
    with running_servers(data_dir, **{"WORKER_CONCURRENCY": "1"} | env) as servers:
        parts = Parts(servers)
        try:
            parts.api.start()
            parts.api.wait_ready()
            yield parts
        finally:
            for part in [*parts.workers, parts.api]:
                part.stop()


def looped_clip(path: Path, seconds: float) -> bytes:
    """The real clip, again and again."""
    loop = ["-stream_loop", "-1", "-i", str(BIG_BUCK_BUNNY), "-t", str(seconds), "-c", "copy"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *loop, str(path)], check=True)
    return path.read_bytes()
