"""Around every request: its id, its log line, the safety headers, a crash turned into a problem, and a polite end.

Plain ASGI: Starlette's BaseHTTPMiddleware costs a task and a queue per request.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from functions.shared import logs, metrics

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
LINGER_S = 30.0
LINGER_IDLE_S = 5.0
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: logged only when they fail."""


class RequestEnvelope:
    """The middleware. ``on_crash`` makes the answer to a request that raised; its argument is the request's id."""

    def __init__(self, app: App, on_crash: Callable[[str], App]) -> None:
        self._app = app
        self._on_crash = on_crash

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope.setdefault("state", {})["request_id"] = os.urandom(16).hex()
        logs.begin(request_id=request_id)
        started = time.perf_counter()
        answer = _Answer(request_id, send)
        if scope["method"] == "POST":
            answer.body = receive = _Body(receive)
        try:
            await self._app(scope, receive, answer)
        except Exception:
            logs.event("request.crashed", level=40, exc_info=True, path=scope["path"])
            if answer.status == 0:
                await self._on_crash(request_id)(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - started
            if answer.status >= 400 or scope["path"] not in QUIET:
                method, path = scope["method"], scope["path"]
                logs.event("request", method=method, path=path, status=answer.status, ms=seconds * 1000)
            route = getattr(scope.get("route"), "path", "other")
            metrics.answered(route, scope["method"], answer.status, seconds)


class _Body:
    """``receive`` that knows whether the client's last byte came."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self.ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message


class _Answer:
    """``send`` that adds our headers, and lingers where the answer comes before the end of the request's body.

    A client that is still sending when the connection closes sees a reset instead of the answer. So the answer goes
    out whole, and the connection closes when the client has sent the rest, has fallen silent, or took too long.
    """

    def __init__(self, request_id: str, send: Send) -> None:
        self._send = send
        self._headers = [(b"x-request-id", request_id.encode()), (b"x-content-type-options", b"nosniff")]
        self.status = 0
        self.body: _Body | None = None

    async def __call__(self, message: Message) -> None:
        early = self.body is not None and not self.body.ended
        if message["type"] == "http.response.start":
            self.status = message["status"]
            closing = [(b"connection", b"close")] if early else []
            message["headers"] = [*message["headers"], *self._headers, *closing]
        elif early and self.body and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await _drain(self.body)
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)


async def _drain(body: _Body) -> None:
    """Take what the client still sends, and drop it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while not body.ended:
                async with asyncio.timeout(LINGER_IDLE_S):
                    await body()
