"""What is to be seen of a film's picture, measured with PyAV and numpy, apart from the product."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """A film as decoded. ``side`` are its first frame's side data by name; ``lumas`` are of all frames and ``chroma``
    of the first, in levels of 255; ``colour`` is range (1 limited, 2 full), primaries, transfer and matrix."""

    codec: str
    tag: str
    format: str
    bits: int
    colour: tuple[int, int, int, int]
    size: tuple[int, int]
    sample_aspect: Fraction
    rotation: int
    times: tuple[Fraction, ...]
    lumas: tuple[Luma, ...]
    side: dict[str, bytes]
    chroma: tuple[Luma, ...]

    @property
    def steps(self) -> tuple[Fraction, ...]:
        return tuple(time - self.times[0] for time in self.times)


def see(path: Path) -> Seen:
    """Decode a film's first video, turned or not as its samples lie; RGB has BT.709's luma within 16 to 235."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames: list[Any] = list(container.decode(stream))
        first = frames[0]
        return Seen(
            codec=stream.codec_context.codec.canonical_name,
            tag=stream.codec_context.codec_tag,
            format=first.format.name.replace("yuvj", "yuv"),
            bits=max(component.bits for component in first.format.components),
            colour=(int(first.color_range), int(first.color_primaries), int(first.color_trc), int(first.colorspace)),
            size=(first.width, first.height),
            sample_aspect=stream.sample_aspect_ratio or Fraction(1),
            rotation=int(first.rotation) % 360,
            times=tuple(Fraction(frame.pts or 0) * (frame.time_base or 1) for frame in frames),
            lumas=tuple(luma(frame) for frame in frames),
            side={side.type.name: bytes(side) for side in _sides(first)},
            chroma=tuple(samples(plane, first) for plane in first.planes[1:3]),
        )


def _sides(frame: Any) -> Iterator[Any]:
    for number in range(len(frame.side_data)):
        yield frame.side_data[number]


def luma(frame: Any) -> Luma:
    if not frame.format.is_rgb and not frame.format.has_palette and len(frame.planes) != 1:
        return samples(frame.planes[0], frame)
    if frame.format.name.startswith(("gray", "ya")):
        return samples(frame.planes[0], frame, step=2 if frame.format.name.startswith("ya") else 1)
    red, green, blue = np.moveaxis(frame.to_ndarray(format="rgb24").astype(np.float64), 2, 0)
    result: Luma = 16 + 219 * (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
    return result


def samples(plane: Any, frame: Any, step: int = 1) -> Luma:
    """One plane's samples, in levels of 255."""
    bits = frame.format.components[0].bits
    rows = np.frombuffer(plane, np.uint8 if bits <= 8 else "<u2").reshape(plane.height, -1)
    levels: Luma = rows[:, : plane.width * step : step].astype(np.float64) / 2 ** (bits - 8)
    return levels


def line(source: tuple[Luma, ...], result: tuple[Luma, ...]) -> tuple[float, float]:
    """Gain and offset (at the mean brightness) that map the source's luma to the result's."""
    height, width = result[0].shape
    x = np.concatenate([one[:height, :width].ravel() for one in source])
    y = np.concatenate([one.ravel() for one in result])
    return float(np.polyfit(x, y, 1)[0]), float(y.mean() - x.mean())


def distance(one: Luma, other: Luma) -> float:
    """Mean difference in levels of 255."""
    return float(np.abs(one - other).mean())
