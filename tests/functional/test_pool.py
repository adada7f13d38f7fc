"""Requests wait for a connection and don't fail; what the server closed is replaced; a database that hangs is a 503."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

import httpx
import psycopg2
import pytest

from functions.shared.wiring import database
from tests.support.http import Api, Gateway, gateway_on
from tests.support.problems import problem_of
from tests.support.rows import completed, pending
from tests.support.servers import Servers
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def gateway(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with two connections."""
    with gateway_on({**servers.env, "DATABASE_POOL_SIZE": "2"}, tmp_path_factory.mktemp("gateway")) as running:
        yield running


def test_forty_requests_at_once_share_two_connections(gateway: Gateway, env: dict[str, str], user_id: str) -> None:
    row, _ = completed(user_id)
    ids = f"user_id={user_id}&transaction_id={row.transaction_id}"
    declared = {"filename": "a.mp4", "content_type": "video/mp4", "size": 1}

    def one(number: int) -> int:
        if number % 4 == 0:
            return httpx.post(f"{gateway.url}/upload?{ids}", json=declared, timeout=60).status_code
        if number % 4 == 1:
            return httpx.get(f"{gateway.url}/download?{ids}", timeout=60).status_code - 107
        return httpx.get(f"{gateway.url}/status?{ids}", timeout=60).status_code

    with ThreadPoolExecutor(40) as clients:
        assert list(clients.map(one, range(200))) == [200] * 200
    database_port = urlsplit(env["DATABASE_URL"]).port
    connections = [c for c in gateway.psutil.net_connections() if c.raddr and c.raddr.port == database_port]
    assert len(connections) == 2


def idle_sessions() -> list[int]:
    """Sessions of the functions on the server that wait for a statement, but for the one that asks."""
    sql = (
        "SELECT pid FROM pg_stat_activity"
        " WHERE application_name = 'bucket265' AND state = 'idle' AND pid <> pg_backend_pid()"
    )
    return [row["pid"] for row in database().rows(sql)]


def gone(sessions: set[int]) -> bool:
    return not sessions & set(idle_sessions())


def test_connections_that_the_server_ended_are_replaced_without_a_failed_request(
    gateway: Gateway, env: dict[str, str], user_id: str
) -> None:
    ids = f"user_id={user_id}&transaction_id={pending(user_id).transaction_id}"

    def ask(_: int) -> int:
        return httpx.get(f"{gateway.url}/status?{ids}").status_code

    with ThreadPoolExecutor(4) as clients:
        for _ in range(3):
            assert list(clients.map(ask, range(8))) == [200] * 8
            ended = set(idle_sessions())
            assert ended
            for pid in ended:
                database().rows("SELECT pg_terminate_backend(%(pid)s)", {"pid": pid})
            wait_until(partial(gone, ended), "the end of the sessions")
            assert list(clients.map(ask, range(8))) == [200] * 8


def test_a_database_that_hangs_is_503_and_the_service_recovers(
    api: Api, env: dict[str, str], user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = pending(user_id)
    params = {"user_id": user_id, "transaction_id": str(row.transaction_id)}
    locker = psycopg2.connect(env["DATABASE_URL"])
    locker.cursor().execute("LOCK TABLE transactions IN ACCESS EXCLUSIVE MODE")
    with monkeypatch.context() as impatient:
        impatient.setattr("functions.shared.offload.ANSWER_WITHIN_S", 0.3)
        assert problem_of(api.request("GET", "/status", params=params))[:2] == (503, "database_unavailable")
    locker.rollback()
    locker.close()
    assert api.request("GET", "/status", params=params).status_code == 200


def test_a_crash_is_a_problem_that_shows_nothing_of_the_inside(
    api: Api, user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashes(_: object) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr("functions.status.routes.status_json", crashes)
    row = pending(user_id)
    params = {"user_id": user_id, "transaction_id": str(row.transaction_id)}
    response = api.request("GET", "/status", params=params)
    expected = (500, "internal_error", "Something went wrong on our side; try again.")
    assert problem_of(response) == expected
    assert "inside" not in response.text
