"""The documentation as a function on AWS: the whole API's, up to date, below any path, as large as Lambda allows."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.openapi import WRITTEN, contract_text
from tests.support.http import LambdaContext, environment, from_lambda, gateway_event

PREFIX = "https://emulator.example.org/_aws/execute-api/abc123/$default"
LAMBDA_ANSWER_BYTES = 6 * 1024**2
IDENTITY = {"AUTH_MODE": "jwt", "AUTH_ISSUER": "https://id.example.org", "AUTH_AUDIENCE": "web"}


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


def call(path: str, method: str = "GET", **env: str) -> tuple[httpx.Response, int]:
    """The answer, and how many bytes Lambda carries for it."""
    from functions.docs.handler import handler

    with environment({"DATABASE_URL": "postgresql://nowhere", "AUTH_MODE": "open", **env}):
        answer: dict[str, Any] = handler(gateway_event(method, path, {}, {}, b""), LambdaContext())
    return from_lambda(answer), len(json.dumps(answer).encode())


def test_what_is_written_down_is_what_the_routes_say() -> None:
    assert WRITTEN.read_text() == contract_text(), "run: python -m local.openapi"


def test_the_function_shows_the_whole_api() -> None:
    spec = call("/openapi.json")[0].json()
    assert set(spec["paths"]) == {"/upload", "/status", "/estimate", "/download", "/stream", "/receipt", "/thumbnail"}
    assert spec == json.loads(contract_text())


def test_it_asks_for_a_token_where_the_deployment_does() -> None:
    spec = call("/openapi.json", **IDENTITY)[0].json()
    assert [s["scheme"] for s in spec["components"]["securitySchemes"].values()] == ["bearer"]
    assert all(op["security"] and "401" in op["responses"] for ops in spec["paths"].values() for op in ops.values())
    users = [
        p for ops in spec["paths"].values() for op in ops.values() for p in op["parameters"] if p["name"] == "user_id"
    ]
    assert len(users) == 7
    assert all("Required" not in json.dumps(user) for user in users)


def test_the_page_and_all_it_loads_stay_below_the_apis_path() -> None:
    page, _ = call("/docs")
    assert page.headers["content-type"].startswith("text/html")
    base = httpx.URL(f"{PREFIX}/docs")
    addresses = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", page.text)
    loaded = [str(base.join(a or b)) for a, b in addresses]
    assert len(loaded) == 4
    for url in loaded:
        assert url.startswith(PREFIX + "/")
        answer, carried = call(url.removeprefix(PREFIX))
        assert answer.status_code == 200, url
        assert carried < LAMBDA_ANSWER_BYTES / 2
    (server,) = call("/openapi.json")[0].json()["servers"]
    assert str(httpx.URL(f"{PREFIX}/openapi.json").join(server["url"])).rstrip("/") == PREFIX


def test_the_root_leads_to_the_page_beside_it() -> None:
    answer, _ = call("/")
    assert answer.status_code == 307
    assert str(httpx.URL(f"{PREFIX}/").join(answer.headers["location"])) == f"{PREFIX}/docs"


def test_other_names_are_not_found() -> None:
    for path in ("/docs/", "/docs/main.py", "/docs/..%2fmain.py", "/status"):
        assert call(path)[0].status_code == 404, path
