"""A container is healthy when the next one can use it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local.health import api_is_ready, queue_is_connected
from tests.support.ports import free_ports


@pytest.fixture
def answering(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a server that answers everything with one status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("answering", "healthy"), [(200, True), (503, False)], indirect=["answering"])
def test_the_api_is_healthy_when_what_it_depends_on_answers(answering: int, *, healthy: bool) -> None:
    assert api_is_ready(answering) is healthy


def test_the_api_is_not_healthy_when_nothing_listens() -> None:
    assert api_is_ready(free_ports(1)[0]) is False


def test_a_worker_is_healthy_while_it_is_connected_to_the_queue() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert queue_is_connected(port) is False
        with socket.create_connection(("127.0.0.1", port)):
            assert queue_is_connected(port) is True
    assert queue_is_connected(port) is False


def test_a_check_needs_nothing_but_the_standard_library_and_tells_by_its_exit_code() -> None:
    argv = [sys.executable, "-S", "-m", "local.health", "api"]
    done = subprocess.run(argv, env={"PYTHONPATH": os.getcwd()}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) in ((0, ""), (1, ""))
