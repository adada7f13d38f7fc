"""Whether the ports of a stack are free: said before anything starts, with the variable that sets each."""

import errno
import random
import socket
import time
from collections import defaultdict
from collections.abc import Mapping

from local.desk import LOOPBACK, Desk, DeskError

GRACE_S = 3.0
"""How long a stack that was killed may take to leave its ports."""
SEARCHED = (20_000, 32_000)
_random = random.SystemRandom()


class PortTaken(DeskError):
    """Ports on which something listens; the message names them and their variables."""


def check_ports(desk: Desk) -> None:
    """Raise ``PortTaken`` unless every port that the stack will listen on is free and has one use."""
    wanted = ports_of(desk)
    uses: dict[int, list[str]] = defaultdict(list)
    for variable, port in wanted.items():
        uses[port].append(variable)
    shared = [f"{' and '.join(names)} are both {port}" for port, names in uses.items() if len(names) > 1]
    if shared:
        raise PortTaken("; ".join(shared) + ": give each a port of its own")
    give_up = time.monotonic() + GRACE_S
    while taken := [(name, port) for name, port in wanted.items() if not _is_free(_host(desk, name), port)]:
        if time.monotonic() > give_up:
            raise PortTaken("; ".join(f"port {port} is taken: set {name} to a free one" for name, port in taken))
        time.sleep(0.1)


def find_free_ports(count: int) -> list[int]:
    """Different ports on which nothing listens now, below those that the kernel gives to outgoing connections."""
    found: set[int] = set()
    while len(found) < count:
        port = _random.randrange(*SEARCHED)
        if _is_free(LOOPBACK, port):
            found.add(port)
    return sorted(found)


def ports_of(desk: Desk) -> Mapping[str, int]:
    """The ports that this stack listens on, by variable."""
    ports = {"API_PORT": desk.ports.api}
    if desk.runs_minio:
        ports |= {"S3_PORT": desk.ports.s3, "S3_CONSOLE_PORT": desk.ports.s3_console}
    if desk.runs_nats:
        ports |= {"NATS_PORT": desk.ports.nats}
    if desk.runs_postgres:
        ports |= {"DB_PORT": desk.ports.db}
    return ports


def _host(desk: Desk, variable: str) -> str:
    return desk.api_host if variable == "API_PORT" else LOOPBACK


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the servers do: a connection of the past does not hold the port, a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            # Whatever else is wrong with it, its server says better.
            return exc.errno != errno.EADDRINUSE
    return True
