"""The parent's side of the inspector: a child with PyAV loaded waits for one file, answers, and ends.

Starting Python and loading libav takes 100 ms, so a spare child is kept ready; each child sees one file only.
"""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.converter import process, sandbox
from functions.shared.errors import (
    DamagedMedia,
    MediaProcessKilled,
    NotAVideo,
    PipelineError,
    TooManyStreams,
    TruncatedMedia,
    UnreadableMedia,
    UnsupportedCodec,
)

PROGRAM = Path(__file__).with_name("inspector") / "__main__.py"
OUR_CODE = Path(__file__).parents[1]
REACH = sandbox.Reach(read=(OUR_CODE,), listed=(OUR_CODE.parent,))
"""Python finds a package by listing the folder in which it is."""

NAMED = ("codec", "streams")
"""Refusals whose detail is a name of libav's own or a number."""

REPLY_BYTES = 128 * 1024**2
"""The longest honest answer is a time for each frame of a day of video; a child that was taken over could go on for
ever."""

POLL_S = 0.25
END_WITHIN_S = 1.0
REFUSALS: dict[str, type[PipelineError]] = {
    "no_video": NotAVideo,
    "damaged": DamagedMedia,
    "truncated": TruncatedMedia,
    "unreadable": UnreadableMedia,
    "memory": UnreadableMedia,
    "codec": UnsupportedCodec,
    "streams": TooManyStreams,
}


@dataclass
class _Child:
    process: "subprocess.Popen[bytes]"
    channel: socket.socket


class Inspector:
    """Asks children about files. Thread-safe."""

    def __init__(self, layers: sandbox.Sandbox = sandbox.FULL) -> None:
        self._layers = layers
        self._spare: _Child | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Have a child ready for the next question."""
        with self._lock:
            if self._spare is None:
                self._spare = _start(self._layers)

    def close(self) -> None:
        """End the spare child."""
        with self._lock:
            spare, self._spare = self._spare, None
        if spare:
            _end(spare)

    def ask(
        self, request: dict[str, Any], fds: list[int], limits: process.Limits, watch: Callable[[bool], None]
    ) -> dict[str, Any]:
        """Put one question about open files and return the facts.

        ``watch(moved)`` is called while waiting; it raises to give up. Raises a ``PipelineError`` for what the child
        refuses, and for its own death: ``MediaProcessKilled`` if it was killed from outside.
        """
        child = self._take()
        try:
            process.limit_running(child.process.pid, limits)
            with suppress(BrokenPipeError):
                socket.send_fds(child.channel, [json.dumps(request).encode() + b"\n"], fds)
            reply = _receive(child, watch)
        finally:
            _end(child)
        return _facts(reply, child.process.returncode)

    def _take(self) -> _Child:
        with self._lock:
            child, self._spare = self._spare, None
        if child is not None and child.process.poll() is None:
            return child
        return _start(self._layers)


def _start(layers: sandbox.Sandbox) -> _Child:
    ours, theirs = socket.socketpair()
    with theirs:
        # It ends with its channel: the thread that started a spare need not outlive it.
        started = process.spawn(
            [sys.executable, "-I", str(PROGRAM), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            limits=None,
            reach=REACH,
            layers=layers,
            dies_with_thread=False,
        )
    return _Child(started, ours)


def _receive(child: _Child, watch: Callable[[bool], None]) -> bytes:
    child.channel.settimeout(POLL_S)
    reply = bytearray()
    moved_before = 0.0
    while True:
        try:
            data = child.channel.recv(65536)
        except TimeoutError:
            # A decode moves without I/O once its file is in memory; RLIMIT_CPU bounds a busy loop.
            moved = process.io_bytes(child.process.pid) + process.cpu_s(child.process.pid)
            watch(moved != moved_before)
            moved_before = moved
            continue
        except ConnectionResetError:
            return bytes(reply)
        if not data:
            return bytes(reply)
        reply += data
        if len(reply) > REPLY_BYTES:
            raise UnreadableMedia("its description is larger than that of any film")


def _end(child: _Child) -> None:
    child.channel.close()
    give_up = time.monotonic() + END_WITHIN_S
    while not process.has_ended(child.process) and time.monotonic() < give_up:
        time.sleep(0.002)
    process.kill_group(child.process)


def _facts(reply: bytes, returncode: int) -> dict[str, Any]:
    if not reply:
        if returncode == -signal.SIGKILL:
            raise MediaProcessKilled
        raise UnreadableMedia("reading it took more time or memory than a video of its size needs")
    try:
        answer: dict[str, Any] = json.loads(reply)
    except (ValueError, RecursionError) as exc:  # a child that a file has taken over may say anything
        raise UnreadableMedia("what reads it gave no answer that makes sense") from exc
    if "refused" in answer:
        raise REFUSALS[answer["refused"]](_shown_detail(answer))
    facts: dict[str, Any] = answer["facts"]
    return facts


def _shown_detail(answer: dict[str, Any]) -> str:
    measured = answer["refused"] in ("truncated", "damaged") and answer["detail"][:1].isdigit()
    return answer["detail"] if measured or answer["refused"] in NAMED else ""
