"""Frames that are wanted as pictures, written as plain RGB while a film is decoded."""

import os
import time
from contextlib import suppress
from typing import Any

import av
from av.video.reformatter import Colorspace, VideoReformatter

UNSPECIFIED = 2
"""What H.273 calls a matrix that is not given."""

EIGHT = 8
"""Bits of a sample that fit into a byte."""

HD_ROWS = 720
"""From so many on, players take a matrix that is not given for that of HD (BT.709)."""

FAILURES = (OSError, MemoryError, ValueError, av.error.FFmpegError)
"""A full disk, or a frame that cannot be scaled: the picture is done without, not the work in which it was taken."""


class Picker:
    """Writes pictures to a descriptor, one after another. After a failure it writes no more, and ``times`` is None.

    ``times``: when each of them is shown, in seconds of the file's own clock; ``cpu_s``: what they cost.
    """

    def __init__(self, fd: int) -> None:
        self.times: list[float] | None = []
        self.cpu_s = 0.0
        self._file = os.fdopen(os.dup(fd), "wb", 1 << 20)
        self._reformatter = VideoReformatter()

    def take(self, frame: Any, width: int, height: int) -> None:
        if self.times is None:
            return
        began = time.thread_time()
        try:
            self._file.write(self._rgb(frame, width, height))
            self.times.append(round(float(frame.time or 0.0), 6))
        except FAILURES:
            self.times = None
        self.cpu_s += time.thread_time() - began

    def close(self) -> None:
        try:
            self._file.close()
        except OSError:
            self.times = None

    def _rgb(self, frame: Any, width: int, height: int) -> bytes:
        hd = frame.colorspace == UNSPECIFIED and frame.height >= HD_ROWS and not frame.format.is_rgb
        matrix = Colorspace.ITU709 if hd else None
        small = self._reformatter.reformat(
            frame, width, height, "rgb24", src_colorspace=matrix, interpolation="AREA", threads=1
        )
        return plane_bytes(small, 3)


class Keeper:
    """Writes the frames of some stretches to a descriptor as they are. After a failure it writes no more: whoever
    wanted them finds too few."""

    def __init__(self, fd: int, stretches: list[list[int]]) -> None:
        self._file = os.fdopen(os.dup(fd), "wb", 1 << 20)
        self._wanted = {number for first, end in stretches for number in range(first, end)}

    def see(self, number: int, frame: Any) -> None:
        if number not in self._wanted:
            return
        try:
            self._file.write(plane_bytes(frame, 2 if frame.format.components[0].bits > EIGHT else 1))
        except FAILURES:
            self._wanted.clear()

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


def plane_bytes(frame: Any, pixel_bytes: int) -> bytes:
    """Samples of all planes without the padding of their lines."""
    rows = []
    for plane in frame.planes:
        data, width = memoryview(plane), plane.width * pixel_bytes
        rows += [bytes(data[at : at + width]) for at in range(0, plane.height * plane.line_size, plane.line_size)]
    return b"".join(rows)
