"""A storage that hangs, as a frozen process does, costs only those who ask it: they get 503 in bounded time."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil

from functions.shared.settings import settings
from tests.support.http import environment, gateway_on
from tests.support.rows import completed
from tests.support.servers import running_servers

KEYED = 12
"""More than the gateway has threads for the database."""


@contextmanager
def frozen(port: int | None) -> Iterator[None]:
    """The process that listens on a port stands still."""
    listeners = [c for c in psutil.net_connections() if c.status == psutil.CONN_LISTEN and c.laddr]
    (pid,) = {c.pid for c in listeners if getattr(c.laddr, "port", None) == port}
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_storage_that_hangs_holds_up_nobody_who_does_not_need_it(tmp_path: Path, user_id: str) -> None:
    with running_servers(tmp_path) as servers, environment(servers.env):
        row, _ = completed(user_id)
        ids = {"user_id": user_id, "transaction_id": str(row.transaction_id)}
        declared = {"filename": "a.mp4", "content_type": "video/mp4", "size": 1}
        env = {**servers.env, "DATABASE_POOL_SIZE": "2"}
        with gateway_on(env, tmp_path) as gateway, ThreadPoolExecutor(KEYED + 1) as clients:

            def repeat(number: int) -> httpx.Response:
                headers = {"Idempotency-Key": f"key-{number}"}
                return httpx.post(
                    f"{gateway.url}/upload", params={"user_id": user_id}, json=declared, headers=headers, timeout=120
                )

            assert {repeat(number).status_code for number in range(KEYED)} == {200}
            with frozen(urlsplit(settings().s3_endpoint_url).port):
                repeats = [clients.submit(repeat, number) for number in range(KEYED)]
                download = clients.submit(httpx.get, f"{gateway.url}/download", params=ids, timeout=120)
                while not all(waiting.done() for waiting in [*repeats, download]):
                    assert httpx.get(f"{gateway.url}/status", params=ids, timeout=10).status_code == 200
                    time.sleep(0.2)
                answers = [waiting.result() for waiting in [*repeats, download]]
            assert {(a.status_code, a.json()["code"]) for a in answers} == {(503, "storage_unavailable")}
            assert {repeat(number).status_code for number in range(KEYED)} == {200}
