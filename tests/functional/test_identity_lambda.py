"""AUTH_MODE=jwt behind API Gateway: who asks stands in the event, for its authorizer has verified the token."""

import asyncio
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.forms import field_part, file_part, form
from tests.support.http import HANDLERS, ROOT, LambdaContext, environment, from_lambda, gateway_event
from tests.support.problems import problem_of
from tests.support.rows import completed, pending, rows_of
from tests.support.servers import Servers

ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf"
IDENTITY = {"AUTH_MODE": "jwt", "AUTH_ISSUER": ISSUER, "AUTH_AUDIENCE": "web,terminal"}
DECLARED = json.dumps({"filename": "a.mp4", "content_type": "video/mp4", "size": 12}).encode()
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def env(servers: Servers) -> Iterator[dict[str, str]]:
    env = {**servers.env, **IDENTITY, "FORM_UPLOAD_MAX_BYTES": "4194304"}
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with environment(env):
        yield env
    asyncio.set_event_loop(None)
    loop.close()


def claims(subject: str, **others: str | None) -> dict[str, Any]:
    """As API Gateway writes them: all values are strings."""
    good = {"iss": ISSUER, "client_id": "web", "sub": subject, "token_use": "access", "exp": "1900000000"}
    return {name: value for name, value in (good | others).items() if value is not None}


def call(
    method: str,
    path: str,
    verified: dict[str, Any] | None,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    **params: str,
) -> httpx.Response:
    event = gateway_event(method, path, params, headers or {}, content)
    if verified is not None:
        event["requestContext"]["authorizer"] = {"jwt": {"claims": verified, "scopes": None}}
    function = importlib.import_module(f"functions.{HANDLERS[path]}.handler")
    return from_lambda(function.handler(event, LambdaContext()))


def test_the_verified_subject_is_the_user(user_id: str) -> None:
    assert call("POST", "/upload", claims(user_id), DECLARED, JSON).status_code == 200
    (row,) = rows_of(user_id)
    transaction_id = str(row["transaction_id"])
    assert call("GET", "/status", claims(user_id), transaction_id=transaction_id).json()["user_id"] == user_id
    assert call("GET", "/status", claims(user_id), transaction_id=transaction_id, user_id=user_id).status_code == 200
    done, _ = completed(user_id)
    for path in ("/download", "/stream"):
        assert call("GET", path, claims(user_id), transaction_id=str(done.transaction_id)).status_code == 307


@pytest.mark.parametrize(
    ("others", "let_in"),
    [
        ({}, True),
        ({"client_id": None, "aud": "terminal"}, True),
        ({"aud": "[elsewhere web]"}, True),
        ({"aud": "[elsewhere nowhere]"}, False),
        ({"aud": "elsewhere"}, False),
        ({"client_id": "elsewhere"}, False),
        ({"client_id": None}, False),
        ({"iss": ISSUER + "/"}, False),
        ({"sub": None}, False),
    ],
)
def test_issuer_and_audience_are_looked_at_again(others: dict[str, str | None], let_in: bool, user_id: str) -> None:
    row = pending(user_id)
    answer = call("GET", "/status", claims(user_id, **others), transaction_id=str(row.transaction_id))
    assert answer.status_code == (200 if let_in else 401)


def test_without_the_authorizers_word_nobody_is_let_in(user_id: str) -> None:
    nothing: list[dict[str, Any] | None] = [None, {}]
    forged = {"Authorization": "Bearer x.y.z", "X-Claims": json.dumps(claims(user_id))}
    for method, path in [("POST" if path in ("/upload", "/estimate") else "GET", path) for path in HANDLERS]:
        for verified in nothing:
            answer = call(method, path, verified, headers=forged, user_id=user_id, transaction_id=str(uuid4()))
            assert problem_of(answer)[:2] == (401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"


def test_another_user_is_forbidden(user_id: str) -> None:
    other = str(uuid4())
    theirs = str(pending(other).transaction_id)
    assert problem_of(call("GET", "/status", claims(user_id), transaction_id=theirs))[:2] == (403, "forbidden")
    assert problem_of(call("POST", "/upload", claims(user_id), DECLARED, JSON, user_id=other))[:2] == (403, "forbidden")
    body, headers = form(file_part(b"x"), field_part("user_id", other))
    assert problem_of(call("POST", "/upload", claims(user_id), body, headers))[:2] == (403, "forbidden")
    assert rows_of(user_id) == []


def test_a_form_beyond_what_lambda_takes_is_shown_the_other_way(user_id: str) -> None:
    small, headers = form(file_part(b"x" * 4_000_000))
    assert call("POST", "/upload", claims(user_id), small, headers).status_code == 200
    large, headers = form(file_part(b"x" * 4_194_304))
    for announced in ({}, {"Content-Length": ""}):
        status, code, detail = problem_of(call("POST", "/upload", claims(user_id), large, headers | announced))
        assert (status, code) == (413, "body_too_large")
        assert "4194304 bytes" in detail
        assert "PUT it to the link" in detail
    assert len(rows_of(user_id)) == 1


def test_no_function_imports_what_checks_signatures(env: dict[str, str]) -> None:
    """Nor does a request, which is answered here: that would cost the cold start, and reach for the issuer."""
    script = """
import asyncio, json, sys
asyncio.set_event_loop(asyncio.new_event_loop())
from functions.status.handler import handler as status
import functions.upload.handler, functions.download.handler, functions.docs.handler
print(status(json.loads(sys.argv[1]), None)["statusCode"], {"jwt", "cryptography"} & set(sys.modules))
"""
    event = gateway_event("GET", "/status", {}, {}, b"")
    event["requestContext"]["authorizer"] = {"jwt": {"claims": claims("ann")}}
    script = "from functions.shared import logs; logs.configure('status')\n" + script
    argv = [sys.executable, "-c", script, json.dumps(event)]
    ended = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout.splitlines() == ["400 set()"], ended.stderr
