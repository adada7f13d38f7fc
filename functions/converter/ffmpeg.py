"""Running ffmpeg: flags for untrusted input, progress, stalls, and how its end is read."""

import math
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from functions.converter import decoders, process, sandbox
from functions.converter.bounds import BOUNDS, Bounds
from functions.converter.containers import Container
from functions.shared.errors import CpuLimitExceeded, EncodeFailed, MediaProcessKilled, OutputTooLarge

POLL_S = 0.25
STDERR_TAIL = 4096
CPU_TICKS_S = 0.1
"""The kernel counts CPU time in ticks of a hundredth of a second for each thread."""
PROGRESS_EVERY_S = "0.5"


@cache
def binary() -> str:
    """Path of the ffmpeg that all conversions use: the one in the ``imageio-ffmpeg`` wheel.

    Looked for when first asked for, as the wheel does so by running it.
    """
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


@cache
def version() -> str:
    """Its version, as frozen into each row: ``ffmpeg 9.0.2 libx265``."""
    import imageio_ffmpeg

    return f"ffmpeg {imageio_ffmpeg.get_ffmpeg_version()} libx265"


@dataclass(frozen=True)
class Report:
    """What ffmpeg last said of its work: frames done, media seconds done, frames a second, bytes written."""

    frames: int
    done_s: float
    fps: float
    written: int = 0


@dataclass(frozen=True)
class Ran:
    """A run that ended well. ``tail``: the last that ffmpeg wrote to stderr, for the log only."""

    tail: str
    cpu_s: float


def untrusted_input(container: Container, fd: int, bounds: Bounds = BOUNDS) -> list[str]:
    """Input options: a descriptor instead of a path, one forced demuxer, no other protocol, known decoders, bounds."""
    guards = ["-protocol_whitelist", "fd", "-format_whitelist", container.whitelist]
    guards += ["-codec_whitelist", decoders.WHITELIST, "-max_streams", str(bounds.streams)]
    # A picture may grow in the middle of a film; the decoder of LCEVC enhancements has known holes and is not used.
    guards += ["-max_pixels", str(bounds.pixels), "-export_side_data", "enhancements"]
    guards += ["-max_alloc", str(bounds.allocation_bytes)]
    if container.demuxer == "mov":
        guards += ["-enable_drefs", "0", "-use_absolute_path", "0"]
    return ["-f", container.demuxer, *guards, "-fd", str(fd), "-i", "fd:"]


def command(inputs: list[str], outputs: list[str], output: Path) -> list[str]:
    """The whole argv of one encode."""
    quiet = ["-hide_banner", "-nostdin", "-loglevel", "error", "-nostats"]
    progress = ["-progress", "pipe:1", "-stats_period", PROGRESS_EVERY_S]
    return [binary(), *quiet, *progress, *inputs, *outputs, f"file:{output}"]


def run(
    argv: list[str],
    source_fd: int | None,
    folder: Path,
    limits: process.Limits,
    watch: Callable[[bool], None],
    report: Callable[[Report], None],
    layers: sandbox.Sandbox = sandbox.FULL,
    beside_fd: int | None = None,
) -> Ran:
    """Run one ffmpeg to its end. ``source_fd`` and ``beside_fd``: films that it reads by descriptor.

    ``watch(moved)`` is called a few times a second and raises to give up; the process group is then killed. Raises
    ``EncodeFailed``, ``OutputTooLarge`` or, if it was killed from outside, ``MediaProcessKilled``.
    """
    child = process.spawn(
        argv,
        pass_fds=[fd for fd in (source_fd, beside_fd) if fd is not None],
        limits=limits,
        folder=folder,
        layers=layers,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    cpu_s = 0.0
    try:
        tail = _follow(child, watch, report)
        while not process.has_ended(child):
            watch(False)
            time.sleep(0.002)
        cpu_s = process.cpu_s(child.pid)
    finally:
        process.kill_group(child)
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()
    if child.returncode:
        raise _failure(child.returncode, tail, spent=cpu_s > limits.cpu_s - CPU_TICKS_S)
    return Ran(tail, cpu_s)


def _follow(child: "subprocess.Popen[bytes]", watch: Callable[[bool], None], report: Callable[[Report], None]) -> str:
    """Read both pipes until ffmpeg closes them.

    It reports twice a second even when nothing moves, so what it writes to us is no movement.
    """
    parser = ProgressParser()
    tail = bytearray()
    said = moved_most = 0
    with selectors.DefaultSelector() as selector:
        for pipe in (child.stdout, child.stderr):
            selector.register(_fd(pipe), selectors.EVENT_READ, pipe)
        while selector.get_map():
            for key, _ in selector.select(POLL_S):
                data = os.read(key.fd, 65536)
                said += len(data)
                if not data:
                    selector.unregister(key.fd)
                elif key.fileobj == _fd(child.stdout):
                    for update in parser.feed(data):
                        report(update)
                else:
                    tail = (tail + data)[-STDERR_TAIL:]
            moved = process.io_bytes(child.pid) - said
            watch(moved > moved_most)
            moved_most = max(moved, moved_most)
    return tail.decode(errors="replace")


def _fd(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise ValueError("the child was started without pipes")
    return pipe.fileno()


class ProgressParser:
    """``-progress`` output → reports, each made when a block ends."""

    def __init__(self) -> None:
        self._rest = b""
        self._block: dict[str, str] = {}

    def feed(self, data: bytes) -> list[Report]:
        """Reports that these bytes complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        reports = []
        for line in lines:
            name, _, value = line.decode(errors="replace").partition("=")
            self._block[name.strip()] = value.strip()
            if name == "progress":
                reports.append(self._report())
                self._block = {}
        return reports

    def _report(self) -> Report:
        return Report(
            frames=int(self._number("frame")),
            done_s=max(0.0, self._number("out_time_us") / 1e6),
            fps=self._number("fps"),
            written=int(self._number("total_size")),
        )

    def _number(self, name: str) -> float:
        try:
            number = float(self._block.get(name, "0"))
        except ValueError:  # "N/A" before the first frame
            return 0.0
        return number if math.isfinite(number) else 0.0


def _failure(returncode: int, tail: str, spent: bool) -> Exception:
    """``spent``: all of its CPU time was used. ffmpeg catches SIGXCPU and leaves as if it had been told to."""
    if spent:
        return CpuLimitExceeded()
    if returncode in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ):
        return OutputTooLarge()
    if returncode in (-signal.SIGKILL, -signal.SIGTERM):
        return MediaProcessKilled()
    failure = EncodeFailed()
    failure.add_note(f"exit {returncode}: {tail}")
    return failure
