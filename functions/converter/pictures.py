"""Decoded frames of a film as pictures that look as a player shows them: shape, turn and light."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
from PIL import Image

from functions.converter.media import HLG, PQ, UNSPECIFIED
from functions.converter.tinypictures import FRAME_BYTES, SIDE
from functions.converter.tonemap import tone_mapped

Size = tuple[int, int]

LEAST_SIDE = 2
PIXEL_BYTES = 3
CLOCKWISE = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
"""Pillow turns the other way."""


@dataclass(frozen=True)
class View:
    """How frames of ``width`` by ``height`` samples are shown: ``ratio`` is the shape of a sample, ``rotation`` in
    degrees clockwise, after which way they are ``mirrored``; ``transfer`` is a code point of H.273."""

    width: int
    height: int
    ratio: Fraction = Fraction(1)
    rotation: int = 0
    mirrored: bool = False
    transfer: int = UNSPECIFIED

    def within(self, box: Size) -> Size:
        """Width and height of the upright picture, with square samples, no larger than the frame or the box."""
        wide, high = self.width * max(self.ratio, Fraction(1)), self.height / min(self.ratio, Fraction(1))
        if self.rotation % 180:
            wide, high = high, wide
        scale = min(Fraction(1), box[0] / wide, box[1] / high)
        return max(LEAST_SIDE, round(wide * scale)), max(LEAST_SIDE, round(high * scale))

    def before_turn(self, size: Size) -> Size:
        """Of an upright picture, the size of the frame that it is made from."""
        return (size[1], size[0]) if self.rotation % 180 else size

    def upright(self, image: Image.Image) -> Image.Image:
        if self.mirrored:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if self.rotation in CLOCKWISE:
            image = image.transpose(CLOCKWISE[self.rotation])
        return tone_mapped(image, self.transfer) if self.transfer in (PQ, HLG) else image


def read_pictures(path: Path, sizes: list[Size], view: View) -> Iterator[Image.Image]:
    """Upright pictures of these sizes from a file of frames in plain RGB. Raises ``ValueError`` if it is cut."""
    with path.open("rb") as file:
        for size in sizes:
            yield _read(file, size, view)


def read_picture(path: Path, number: int, size: Size, view: View) -> Image.Image:
    """One of a file of frames that are all of this size when they are upright."""
    with path.open("rb") as file:
        file.seek(number * size[0] * size[1] * PIXEL_BYTES)
        return _read(file, size, view)


def _read(file: IO[bytes], size: Size, view: View) -> Image.Image:
    frame = view.before_turn(size)
    return view.upright(Image.frombytes("RGB", frame, file.read(frame[0] * frame[1] * PIXEL_BYTES)))


def shrunk(image: Image.Image, size: Size) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.BOX)


def tiny(image: Image.Image) -> npt.NDArray[np.uint8]:
    """A picture as ``framecheck`` has them."""
    planes = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX).convert("YCbCr"))
    parts = (planes[:, :, 0], planes[::2, ::2, 1], planes[::2, ::2, 2])
    return np.concatenate([part.ravel() for part in parts])


def open_tiny(path: Path) -> npt.NDArray[np.uint8]:
    """A file of tiny pictures, which is read only where it is looked at: a long film's has gigabytes."""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    mapped.madvise(mmap.MADV_RANDOM)
    return np.frombuffer(mapped, np.uint8).reshape(-1, FRAME_BYTES)
