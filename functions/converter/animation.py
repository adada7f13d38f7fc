"""A few seconds of the film that play by themselves: animated WebP."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from functions.converter.storyboard import Shot

SECONDS = 3.0
PICTURES = 24
"""In that time."""

SLOWEST_S = 0.5
"""How long one of few pictures stands."""

WEBP = {"quality": 55, "method": 0, "kmin": 0, "kmax": 0}
"""The fastest way, without keyframes in between: nobody seeks in three seconds."""


def stretch_offsets(frames: int, duration_s: float) -> npt.NDArray[np.intp]:
    """Which frames of a stretch are shown, counted from its first one; of shorter films, all of the film."""
    stretch = frames * min(1.0, SECONDS / duration_s) if duration_s else 1.0
    count = max(1, min(PICTURES, frames, int(stretch)))
    offsets: npt.NDArray[np.intp] = np.floor(np.arange(count) * max(1.0, stretch / count)).astype(np.intp)
    return offsets


def times_of_stretch(shots: list[Shot], film_s: float) -> list[int]:
    """Milliseconds for which each picture stands: as in the film, unless frames of it stand still for long."""
    seconds = min(SECONDS, film_s) or SECONDS
    steps = [later.time_s - shot.time_s for shot, later in pairwise(shots)]
    steps.append(max(seconds - sum(steps), min(steps, default=seconds)))
    if min(steps) <= 0 or sum(steps) > 1.5 * SECONDS:
        steps = [seconds / len(shots)] * len(shots)
    return [max(1, round(1000 * step)) for step in steps]


def times_of_scenes(shots: list[Shot]) -> list[int]:
    """The same for pictures from all over the film."""
    return [round(1000 * min(SLOWEST_S, SECONDS / len(shots)))] * len(shots)


def save_animation(shots: list[Shot], milliseconds: list[int], path: Path) -> None:
    first, *others = [shot.image for shot in shots]
    first.save(path, "WEBP", save_all=True, append_images=others, duration=milliseconds, loop=0, **WEBP)
