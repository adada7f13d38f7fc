"""Ports for servers of tests: any number of test runs beside each other and beside ``make up``."""

import random
import socket

# Below the ports that the kernel gives to outgoing connections, so that none of those takes one meanwhile.
LOWEST, HIGHEST = 20_000, 32_000
_random = random.SystemRandom()


def free_ports(count: int) -> list[int]:
    """Different ports on which nothing listens now."""
    found: list[int] = []
    while len(found) < count:
        port = _random.randrange(LOWEST, HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def port_settings() -> dict[str, str]:
    """A free port for each port variable of a stack."""
    names = ("API_PORT", "S3_PORT", "S3_CONSOLE_PORT", "NATS_PORT", "DB_PORT")
    return {name: str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
