"""The gateway as a process: settings, probes, metrics, CORS, documentation, and how it starts and ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.forms import file_part, form
from tests.support.http import ROOT, Gateway, gateway_on
from tests.support.loglines import log_lines
from tests.support.ports import free_ports
from tests.support.problems import problem_of
from tests.support.rows import pending, rows_of
from tests.support.servers import Servers
from tests.support.waiting import wait_until

NOWHERE = "127.0.0.1:9"


@pytest.fixture(scope="module")
def gateway(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway on the shared servers that one origin's pages may call."""
    env = {**servers.env, "CORS_ORIGINS": "https://videos.example.org"}
    with gateway_on(env, tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_it_is_alive_and_ready(gateway: Gateway) -> None:
    assert httpx.get(f"{gateway.url}/healthz").json() == {"status": "ok"}
    ready = httpx.get(f"{gateway.url}/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok", "storage": "ok"})


def with_database(env: dict[str, str], address: str) -> dict[str, str]:
    return {**env, "DATABASE_URL": re.sub("@[^/]*/", f"@{address}/", env["DATABASE_URL"])}


def with_storage(env: dict[str, str], address: str) -> dict[str, str]:
    return {**env, "S3_ENDPOINT_URL": f"http://{address}"}


def test_readiness_names_what_is_down(servers: Servers, tmp_path: Path) -> None:
    for env, down, up in [
        (with_database(servers.env, NOWHERE), ["database"], ["storage"]),
        (with_storage(servers.env, NOWHERE), ["storage"], ["database"]),
        (with_storage(with_database(servers.env, NOWHERE), NOWHERE), ["database", "storage"], []),
    ]:
        with gateway_on(env, tmp_path) as gateway:
            response = httpx.get(f"{gateway.url}/readyz", timeout=20)
            status, code, detail = problem_of(response)
            assert (status, code) == (503, f"{down[0]}_unavailable")
            assert response.headers["retry-after"]
            assert all(f"Down: {name}." in detail for name in down)
            assert not any(f"Down: {name}." in detail for name in up)
            assert httpx.get(f"{gateway.url}/healthz").status_code == 200


def test_readiness_does_not_hang_with_its_dependencies(servers: Servers, tmp_path: Path, silent_port: int) -> None:
    address = f"127.0.0.1:{silent_port}"
    with gateway_on(with_storage(with_database(servers.env, address), address), tmp_path) as gateway:
        for _ in range(3):
            detail = problem_of(httpx.get(f"{gateway.url}/readyz", timeout=20))[2]
            assert "Down: database." in detail
            assert "Down: storage." in detail
        assert httpx.get(f"{gateway.url}/metrics", timeout=20).status_code == 200
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(60) == 0


def test_a_database_that_is_down_is_503_and_never_a_crash(servers: Servers, tmp_path: Path, user_id: str) -> None:
    body, headers = form(file_part(b"x"))
    declared = {"filename": "a.mp4", "content_type": "video/mp4", "size": 1}
    ids = f"user_id={user_id}&transaction_id={user_id}"
    with gateway_on(with_database(servers.env, NOWHERE), tmp_path) as gateway:
        for response in [
            httpx.get(f"{gateway.url}/status?{ids}", timeout=60),
            httpx.get(f"{gateway.url}/download?{ids}", timeout=60),
            httpx.post(f"{gateway.url}/upload?{ids}", json=declared, timeout=60),
            httpx.post(f"{gateway.url}/upload?{ids}", headers=headers, content=body, timeout=60),
        ]:
            assert problem_of(response)[:2] == (503, "database_unavailable")
            assert int(response.headers["retry-after"]) > 0
            assert "Traceback" not in response.text


def scrape(gateway: Gateway) -> dict[str, float]:
    text = httpx.get(f"{gateway.url}/metrics", timeout=20).text
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}


def test_metrics_count_requests_by_route_and_rows_by_status(
    gateway: Gateway, env: dict[str, str], user_id: str
) -> None:
    name = 'bucket265_requests_total{method="GET",route="/status",status="400"}'
    before = scrape(gateway)
    for _ in range(3):
        httpx.get(f"{gateway.url}/status?user_id={user_id}")
    httpx.get(f"{gateway.url}/no/such/{user_id}")
    httpx.request("BREW", f"{gateway.url}/status")
    pending(user_id)
    after = scrape(gateway)
    assert after[name] - before.get(name, 0) == 3
    seconds = 'bucket265_request_seconds_count{method="GET",route="/status"}'
    assert after[seconds] - before.get(seconds, 0) == 3
    rows = 'bucket265_transactions{status="Pending"}'
    assert after[rows] - before.get(rows, 0) == 1
    assert after["bucket265_database_up"] == 1
    assert not any(user_id in series or "BREW" in series for series in after)


def test_metrics_outlive_the_database(servers: Servers, tmp_path: Path) -> None:
    with gateway_on(with_database(servers.env, NOWHERE), tmp_path) as gateway:
        series = scrape(gateway)
        assert series["bucket265_database_up"] == 0
        assert not any(name.startswith("bucket265_transactions") for name in series)


def test_pages_of_a_named_origin_may_call_and_others_not(gateway: Gateway) -> None:
    for origin, allowed in [("https://videos.example.org", True), ("https://evil.example.org", False)]:
        response = httpx.get(f"{gateway.url}/status", headers={"Origin": origin})
        assert response.status_code == 400
        assert (response.headers.get("access-control-allow-origin") == origin) is allowed
        wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}
        preflight = httpx.options(f"{gateway.url}/upload", headers={"Origin": origin, **wanted})
        assert (preflight.status_code == 200) is allowed


def test_no_other_origin_may_call_unless_named(servers: Servers, tmp_path: Path) -> None:
    with gateway_on(servers.env, tmp_path) as gateway:
        response = httpx.get(f"{gateway.url}/healthz", headers={"Origin": "http://localhost:3000"})
        assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://secret@host"}, "DATABASE_URL"),
        ({"S3_ENDPOINT_URL": "localhost:9000"}, "S3_ENDPOINT_URL"),
        ({"API_PORT": "http"}, "API_PORT"),
        ({"API_PORT": "70000"}, "API_PORT"),
        ({"API_HOST": "203.0.113.1"}, "API_HOST"),
        ({"AUTH_MODE": "none"}, "AUTH_MODE"),
        ({"MAX_UPLOAD_BYTES": "5GiB"}, "MAX_UPLOAD_BYTES"),
    ],
)
def test_a_bad_setting_gives_one_line_that_names_it(servers: Servers, changes: dict[str, str], named: str) -> None:
    env = {**servers.env, "API_PORT": str(free_ports(1)[0]), **changes}
    ended = start_and_fail(env)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert named in line
    assert "secret" not in line


def test_a_taken_port_is_named_with_its_variable(servers: Servers, silent_port: int) -> None:
    ended = start_and_fail({**servers.env, "API_PORT": str(silent_port)})
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert str(silent_port) in line
    assert "API_PORT" in line


def start_and_fail(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "local.gateway"]
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_finishes_what_is_under_way(
    servers: Servers, env: dict[str, str], tmp_path: Path, user_id: str, number: signal.Signals
) -> None:
    body, headers = form(file_part(os.urandom(100)))
    lines = [f"{name}: {value}" for name, value in {**headers, "Content-Length": str(len(body))}.items()]
    head = "\r\n".join([f"POST /upload?user_id={user_id} HTTP/1.1", "Host: gateway", *lines]).encode() + b"\r\n\r\n"
    with gateway_on(servers.env, tmp_path) as gateway:
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as client:
            client.sendall(head + body[:50])
            # Answered after the bytes above were taken, as one thread serves both connections.
            assert httpx.get(f"{gateway.url}/healthz").status_code == 200
            gateway.process.send_signal(number)
            wait_until(lambda: refuses(gateway.port), "the end of listening")
            client.sendall(body[50:])
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        assert gateway.process.wait(60) == 0
        assert "Traceback" not in gateway.output
    assert len(rows_of(user_id)) == 1


def refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def line_of(gateway: Gateway, response: httpx.Response) -> dict[str, Any]:
    """The log line of the request that this was the answer to."""
    request_id = response.headers["x-request-id"]
    wait_until(lambda: log_lines(gateway.output, "request", request_id=request_id), "the log line")
    (line,) = log_lines(gateway.output, "request", request_id=request_id)
    return line


def test_the_log_names_requests_with_their_transactions_and_never_a_link(gateway: Gateway, user_id: str) -> None:
    declared = {"filename": "a.mp4", "content_type": "video/mp4", "size": 1}
    url = f"{gateway.url}/upload?user_id={user_id}&note=%0Aforged"
    one, many = httpx.post(url, json=declared), httpx.post(url, json={"files": [declared, declared]})
    body, headers = form(file_part(b"x"))
    stored = httpx.post(url, headers=headers, content=body)
    for response in (one, stored):
        line = line_of(gateway, response)
        assert (line["service"], line["method"], line["path"], line["status"]) == ("api", "POST", "/upload", 200)
        assert line["correlation_id"] == response.json()["transaction_id"]
    made = [transaction["transaction_id"] for transaction in many.json()["transactions"]]
    assert line_of(gateway, many)["transaction_ids"] == made
    polled = httpx.get(f"{gateway.url}/status?user_id={user_id}&transaction_id={made[0]}")
    assert line_of(gateway, polled)["correlation_id"] == made[0]
    refused = httpx.post(f"{gateway.url}/upload", json=declared)
    assert "correlation_id" not in line_of(gateway, refused)
    assert "X-Amz" not in gateway.output
    assert "forged" not in gateway.output


def test_unknown_endpoints_and_methods_are_problems_too(gateway: Gateway) -> None:
    assert problem_of(httpx.get(f"{gateway.url}/uploads"))[:2] == (404, "not_found")
    response = httpx.put(f"{gateway.url}/upload")
    assert problem_of(response)[:2] == (405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


def test_the_documentation_shows_both_ways_to_upload_and_every_error(gateway: Gateway) -> None:
    assert httpx.get(f"{gateway.url}/docs").status_code == 200
    spec = httpx.get(f"{gateway.url}/openapi.json").json()
    upload = spec["paths"]["/upload"]["post"]
    assert set(upload["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert {p["name"] for p in upload["parameters"]} == {"user_id", "idempotency-key"}
    assert set(upload["responses"]) >= {"200", "400", "408", "409", "413", "503"}
    assert set(spec["paths"]["/status"]["get"]["responses"]) >= {"200", "400", "403", "404", "503"}
    assert set(spec["paths"]["/download"]["get"]["responses"]) >= {"200", "307", "400", "403", "404", "409", "500"}
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert operation["description"], path
            answers = operation["responses"]
            assert set(answers.get("422", answers["default"])["content"]) == {"application/problem+json"}, path
    assert unresolved(spec) == set()


def unresolved(spec: dict[str, Any]) -> set[str]:
    """References of an OpenAPI document that lead nowhere."""
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(spec)))
    return references - set(spec["components"]["schemas"])


def test_docs_page_takes_its_scripts_from_our_own_host(gateway: Gateway) -> None:
    page = httpx.get(f"{gateway.url}/docs")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) >= 3
    for address in addresses:
        assert httpx.URL(gateway.url).join(address).host == httpx.URL(gateway.url).host
        assert httpx.get(httpx.URL(gateway.url).join(address)).status_code == 200
