"""Whether our programs are well. A container's health check: ``python -m local.health api`` or ``worker``; 0 for yes.

Standard library only and without credentials, as it starts anew every few seconds.
"""

import http.client
import sys
from collections.abc import Callable
from pathlib import Path

ESTABLISHED = "01"
"""A connection's state in ``/proc/net/tcp``."""


def api_is_ready(port: int = 8000, host: str = "127.0.0.1") -> bool:
    """Whether the gateway, the database and the storage answer."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def queue_is_connected(port: int = 4222, tables: tuple[str, ...] = ("/proc/net/tcp", "/proc/net/tcp6")) -> bool:
    """Whether a process here holds a connection to the queue's port; the queue itself ends those that hang."""
    lines = [line.split() for table in tables if Path(table).exists() for line in Path(table).read_text().splitlines()]
    return any(line[3] == ESTABLISHED and line[2].endswith(f":{port:04X}") for line in lines)


CHECKS: dict[str, Callable[[], bool]] = {"api": api_is_ready, "worker": queue_is_connected}

if __name__ == "__main__":
    sys.exit(not CHECKS[sys.argv[1]]())
