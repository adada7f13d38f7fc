"""Requests a second and p99 of the API with 32 clients, over bare routes on the same server."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure
from tests.bench.load import Job, Outcome
from tests.bench.product import Product, product
from tests.bench.setting import Setting
from tests.support.ports import free_ports
from tests.support.waiting import wait_until

CLIENTS = 32
AT_LEAST = 0.7
ROOT = Path(__file__).parents[2]
ORIGINAL = {"GET /status": ("42 a second", "1.1 s")}
DECLARATION = json.dumps({"filename": "holiday.mp4", "content_type": "video/mp4", "size": 73_400_320})


@dataclass(frozen=True)
class Round:
    """The product and the bare server under the same load, one after the other."""

    ours: Outcome
    bare: Outcome


def measure(setting: Setting) -> list[Figure]:
    """Both routes on both servers, in turns; no worker, so that nothing else happens."""
    with product(setting.folder / "rates", WORKERS="0") as running, _bare_server(running) as bare_port:
        ids = [running.declare("holiday.mp4", 73_400_320)["transaction_id"] for _ in range(CLIENTS)]
        query = f"user_id={running.user_id}"
        loads = {
            "GET /status": [_request(f"GET /status?{query}&transaction_id={one}") for one in ids],
            "POST /upload": [_request(f"POST /upload?{query}", DECLARATION)],
        }
        read_before = running.rows_read()
        rounds = {route: _rounds(setting, running, bare_port, route, load) for route, load in loads.items()}
        polled = sum(one.ours.answered + one.bare.answered for one in rounds["GET /status"])
        wait_until(lambda: running.rows_read() - read_before >= polled, "the database to have read a row for each poll")
    return [figure for route, done in rounds.items() for figure in _figures(route, done)]


def _rounds(setting: Setting, running: Product, bare_port: int, route: str, load: list[str]) -> list[Round]:
    ports = {"ours": running.stack.desk.ports.api, "bare": bare_port}
    for port in ports.values():
        _under_load(port, 1.0, load)  # threads and connections are there afterwards
    rounds = []
    for number in range(setting.pairs):
        order = ("ours", "bare") if number % 2 == 0 else ("bare", "ours")
        done = {name: _under_load(ports[name], setting.load_s, load) for name in order}
        rounds.append(Round(**done))
        shown = (
            f"{name} {one.answered / one.seconds:.0f} a second, p99 {one.p99_ms:.0f} ms" for name, one in done.items()
        )
        setting.say(f"{route}: " + "; ".join(shown))
    return rounds


def _under_load(port: int, seconds: float, requests: list[str]) -> Outcome:
    job = json.dumps(asdict(Job(port, CLIENTS, seconds, requests)))
    generator = [sys.executable, "-m", "tests.bench.load"]
    done = subprocess.run(generator, input=job, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True)
    outcome = Outcome(**json.loads(done.stdout))
    if outcome.refused:
        raise AssertionError(f"{outcome.refused} of {outcome.answered} answers are not 200: {outcome.first_refusal}")
    return outcome


def _request(start: str, body: str = "") -> str:
    headers = ["Host: localhost", "Accept: */*"]
    if body:
        headers += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([f"{start} HTTP/1.1", *headers, "", body])


@contextmanager
def _bare_server(running: Product) -> Iterator[int]:
    """The bare routes on a port of their own, with the product's environment."""
    port = free_ports(1)[0]
    server = subprocess.Popen([sys.executable, "-m", "tests.bench.bare", str(port)], cwd=ROOT, env=running.stack.env)
    try:
        wait_until(lambda: server.poll() is not None or _listens(port), "the bare server")
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _figures(route: str, rounds: list[Round]) -> list[Figure]:
    rates = [(one.ours.answered / one.ours.seconds, one.bare.answered / one.bare.seconds) for one in rounds]
    rate_ratios = tuple(ours / bare for ours, bare in rates)
    p99_ratios = tuple(one.ours.p99_ms / one.bare.p99_ms for one in rounds)
    rate_then, p99_then = ORIGINAL.get(route, ("", ""))

    def median_of(name: str, samples: tuple[float, ...], unit: str, original: str = "") -> Figure:
        return Figure("rates", f"{route}, {name}", median(samples), unit, original=original, samples=samples)

    return [
        Figure("rates", f"{route}, rate over bare", median(rate_ratios), "", at_least=AT_LEAST, samples=rate_ratios),
        Figure("rates", f"{route}, p99 over bare", median(p99_ratios), "", 1 / AT_LEAST, samples=p99_ratios),
        median_of("rate", tuple(ours for ours, _ in rates), "a second", rate_then),
        median_of("rate of bare", tuple(bare for _, bare in rates), "a second"),
        median_of("p99", tuple(one.ours.p99_ms for one in rounds), "ms", p99_then),
        median_of("p99 of bare", tuple(one.bare.p99_ms for one in rounds), "ms"),
    ]
