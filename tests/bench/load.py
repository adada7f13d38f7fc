"""The load generator: ``python -m tests.bench.load`` reads a job from standard input and prints what came of it.

A process of its own, so that it shares no interpreter lock with a server, and no HTTP library, so that the server is
what is measured: kept-alive HTTP/1.1 connections, each with one request under way.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import cast

import uvloop


@dataclass(frozen=True)
class Job:
    """``requests`` are whole HTTP requests as text; each connection sends them in turn for ``seconds``."""

    port: int
    connections: int
    seconds: float
    requests: list[str]


@dataclass
class Outcome:
    """Answers other than 200 count as ``refused``. ``p50_ms`` and ``p99_ms`` are times from request to whole answer."""

    answered: int = 0
    refused: int = 0
    seconds: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    first_refusal: str = ""
    times_s: list[float] = field(default_factory=list, repr=False)


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole."""

    def __init__(self, requests: list[bytes], first: int, until: float, outcome: Outcome) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._next = first
        self._until = until
        self._outcome = outcome
        self._buffer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        now = time.perf_counter()
        self._outcome.times_s.append(now - self._sent)
        if not head.startswith(b"HTTP/1.1 200 "):
            self._outcome.refused += 1
            self._outcome.first_refusal = self._outcome.first_refusal or self._buffer.decode(errors="replace")
        self._buffer = b""
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._buffer or exc is not None:
            self.closed.set_exception(exc or ConnectionError("the server closed before its answer was whole"))
        else:
            self.closed.set_result(None)

    def _send(self) -> None:
        request = self._requests[self._next % len(self._requests)]
        self._next += 1
        self._sent = time.perf_counter()
        self._transport.write(request)


def _content_length(head: bytes) -> int:
    """Of an answer; all servers of the measurement give one."""
    after = head.lower().partition(b"content-length:")[2]
    return int(after.partition(b"\r\n")[0])


async def run(job: Job) -> Outcome:
    """Load the server on a loopback port; raises ``OSError`` if a connection breaks."""
    outcome = Outcome()
    requests = [text.encode() for text in job.requests]
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    connections = []
    for number in range(job.connections):
        first = number * len(requests) // job.connections
        connect = partial(Connection, requests, first, started + job.seconds, outcome)
        connections.append((await loop.create_connection(connect, "127.0.0.1", job.port))[1])
    await asyncio.gather(*(connection.closed for connection in connections))
    outcome.seconds = time.perf_counter() - started
    times = sorted(outcome.times_s)
    outcome.answered = len(times)
    outcome.p50_ms, outcome.p99_ms = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.99))
    return outcome


if __name__ == "__main__":
    result = asdict(uvloop.run(run(Job(**json.load(sys.stdin)))))
    del result["times_s"]
    json.dump(result, sys.stdout)
