"""Two ways to call the HTTP functions as their callers do: API Gateway's events, and plain HTTP."""

import asyncio
import base64
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import psutil
from fastapi import FastAPI

from functions.shared import wiring
from tests.support.ports import free_ports
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
HANDLERS = {
    "/upload": "upload",
    "/status": "status",
    "/estimate": "estimate",
    **dict.fromkeys(("/download", "/stream", "/receipt", "/thumbnail"), "download"),
}


class Api(Protocol):
    """One request, one answer; redirects are not followed."""

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> httpx.Response: ...


@dataclass(frozen=True)
class LambdaContext:
    """What the runtime tells a function of an invocation, as far as ours look at it."""

    function_name: str = "bucket265-tests"
    aws_request_id: str = "4b6f0a9e-2f0e-4c39-8f7d-0d7a0f1c6d11"


def from_lambda(answer: dict[str, Any]) -> httpx.Response:
    """A function's answer as API Gateway sends it on."""
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    return httpx.Response(answer["statusCode"], headers=answer["headers"], content=body)


class LambdaApi:
    """The handlers that AWS calls, with events of API Gateway's HTTP API (payload version 2)."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> httpx.Response:
        function = importlib.import_module(f"functions.{HANDLERS[path]}.handler")
        event = gateway_event(method, path, params or {}, headers or {}, content)
        return from_lambda(function.handler(event, LambdaContext()))


class AsgiApi:
    """An app, without a network."""

    def __init__(self, app: FastAPI, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://api", timeout=60) as client:
                return await client.request(method, path, params=params, headers=headers, content=content)

        return self._loop.run_until_complete(send())


def gateway_event(
    method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str], content: bytes
) -> dict[str, Any]:
    """What API Gateway sends to a Lambda. Bodies that are not text come as base64."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": urlencode(params),
        "headers": {
            "host": "abc123.execute-api.eu-central-1.amazonaws.com",
            "content-length": str(len(content)),
            **{name.lower(): value for name, value in headers.items()},
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": "abc123.execute-api.eu-central-1.amazonaws.com",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "tests",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1773342238000,
        },
        "body": base64.b64encode(content).decode(),
        "isBase64Encoded": True,
    }


@contextmanager
def environment(env: Mapping[str, str]) -> Iterator[None]:
    """Let this process's functions see ``env`` and nothing else, built anew."""
    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(env)
        wiring.reset()
        yield
    finally:
        wiring.database().close()
        os.environ.clear()
        os.environ.update(before)
        wiring.reset()


class Gateway:
    """``python -m local.gateway`` as a process."""

    def __init__(self, env: Mapping[str, str], output: Path) -> None:
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.output_path = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.gateway"],
                cwd=ROOT,
                env={**env, "API_PORT": str(self.port)},
                stdout=file,
                stderr=file,
            )

    @property
    def output(self) -> str:
        return self.output_path.read_text()

    @property
    def psutil(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def wait_alive(self) -> "Gateway":
        wait_until(self._alive, "the gateway")
        return self

    def _alive(self) -> bool:
        assert self.process.poll() is None, self.output
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def gateway_on(env: Mapping[str, str], folder: Path) -> Iterator[Gateway]:
    """A gateway of its own, alive; ended at the end."""
    gateway = Gateway(env, folder / "gateway.log")
    try:
        yield gateway.wait_alive()
    finally:
        gateway.process.kill()
        gateway.process.wait(30)
