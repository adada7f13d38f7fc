"""A Lambda Runtime API for one function process: hands it one event and takes the time, on loopback."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WITHIN_S = 60.0
NEXT = "/2018-06-01/runtime/invocation/next"
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:function"


class FunctionFailed(Exception):
    """The process ended, reported an error, or did not answer in time."""


@dataclass(frozen=True)
class ColdStart:
    """``init_s``: from the start of the process until it asks for an event; ``answer_s``: from then to its answer.

    ``output`` is what CloudWatch would have.
    """

    init_s: float
    answer_s: float
    answer: Any
    output: str

    @property
    def total_s(self) -> float:
        return self.init_s + self.answer_s


class RuntimeApi:
    """Serves ``next`` once; a second ``next`` waits for ever, as a frozen sandbox does."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = json.dumps(event).encode()
        self.asked_at = self.answered_at = 0.0
        self.answer: Any = None
        self.error: Any = None
        self.done = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a process that was killed
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.done.set()
        self._server.shutdown()
        self._server.server_close()

    def next(self, request: BaseHTTPRequestHandler) -> None:
        """``GET …/invocation/next``"""
        if self.asked_at:
            self.done.wait()
            return
        self.asked_at = time.perf_counter()
        request.send_response(200)
        request.send_header("Lambda-Runtime-Aws-Request-Id", REQUEST_ID)
        request.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + WITHIN_S) * 1000)))
        request.send_header("Lambda-Runtime-Invoked-Function-Arn", ARN)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(self._event)))
        request.end_headers()
        request.wfile.write(self._event)

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """``POST …/response``, ``…/error`` or ``/init/error``."""
        now = time.perf_counter()
        said = json.loads(request.rfile.read(int(request.headers["Content-Length"])) or b"null")
        if request.path.endswith("/response"):
            self.answered_at, self.answer = now, said
        else:
            self.error = said
        request.send_response(202)
        request.send_header("Content-Length", "0")
        request.end_headers()
        self.done.set()


def _handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            api.next(self)

        def do_POST(self) -> None:
            api.take(self)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def cold_start(handler: str, event: Mapping[str, Any], env: Mapping[str, str]) -> ColdStart:
    """Start a function as AWS does and give it one event; ``handler`` as in the template. Raises ``FunctionFailed``."""
    api = RuntimeApi(event)
    lambdas = {
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
        "AWS_LAMBDA_LOG_STREAM_NAME": "function",
    }
    argv = [sys.executable, "-m", "awslambdaric", handler]
    started = time.perf_counter()
    process = subprocess.Popen(
        argv, cwd=ROOT, env={**env, **lambdas}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        answered = _wait(api, process)
    finally:
        process.kill()
        said = process.communicate()[0]
        api.close()
    if not answered:
        raise FunctionFailed(f"{handler}: {api.error or 'no answer'}\n{said}")
    return ColdStart(api.asked_at - started, api.answered_at - api.asked_at, api.answer, said)


def _wait(api: RuntimeApi, process: "subprocess.Popen[str]") -> bool:
    give_up = time.monotonic() + WITHIN_S
    while not api.done.wait(0.05):
        if process.poll() is not None or time.monotonic() > give_up:
            break
    return bool(api.answered_at)
