"""The program of the inspector child: PyAV opens one untrusted file and tells what is in it.

Run by path in an isolated interpreter (``python -I``) with an empty environment; it imports nothing of ours but this
folder. It gets descriptors, never paths, over the socket that its argument names, answers one request with one JSON
object and ends. Its parent sets its limits and kills it when it stalls.
"""

import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from functions.converter.inspector.loading import loads
from functions.converter.inspector.opening import Refused
from functions.converter.inspector.probing import probe
from functions.converter.inspector.stills import stills
from functions.converter.inspector.verifying import verify

COMMANDS = {"probe": probe, "loads": loads, "verify": verify, "stills": stills}
REQUEST_BYTES = 1024**2
MOST_FDS = 8


def answer(message: bytes, fds: list[int]) -> dict[str, Any]:
    request = json.loads(message)
    try:
        return {"facts": COMMANDS[request["command"]](fds, request)}
    except Refused as exc:
        return {"refused": exc.args[0], "detail": exc.args[1]}
    except MemoryError:
        return {"refused": "memory", "detail": ""}


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    message, fds = _request(channel)
    if not message:
        return
    threading.Thread(target=_end_with_parent, args=(channel,), daemon=True).start()
    reply = json.dumps(answer(message, fds)).encode()
    channel.sendall(reply)
    channel.shutdown(socket.SHUT_WR)
    os._exit(0)


def _request(channel: socket.socket) -> tuple[bytes, list[int]]:
    """One line of JSON; the descriptors come with its first bytes."""
    message, fds, _, _ = socket.recv_fds(channel, 65536, MOST_FDS)
    while message and not message.endswith(b"\n") and len(message) < REQUEST_BYTES:
        more = channel.recv(65536)
        if not more:
            return b"", fds
        message += more
    return message, fds


def _end_with_parent(channel: socket.socket) -> None:
    """The parent never sends a second message: the channel becomes readable when it is gone."""
    channel.recv(1)
    os._exit(1)


if __name__ == "__main__":
    main()
