"""Pictures for scrubbing: one sprite of tiles, and WebVTT that says when each is shown."""

from dataclasses import dataclass
from math import ceil

from PIL import Image

MOST_TILES = 100
LEAST_STEP_S = 1.0
COLUMNS = 10


@dataclass(frozen=True)
class Shot:
    """A picture of the film, upright and as wide as shown; ``time_s``: when a player shows it."""

    time_s: float
    image: Image.Image


def tile_frames(frames: int, duration_s: float) -> list[int]:
    """The frames of the tiles: one a second, of longer films as many as there may be. They are taken to be evenly
    spaced; where they are not, the cues say so."""
    step_s = max(LEAST_STEP_S, duration_s / MOST_TILES)
    count = min(frames, MOST_TILES, max(1, ceil(round(duration_s / step_s, 6))))
    per_tile = max(1.0, frames * step_s / duration_s) if duration_s > step_s else frames
    return sorted({min(frames - 1, round(number * per_tile)) for number in range(count)})


def sprite(tiles: list[Shot]) -> Image.Image:
    """All tiles in one picture, row by row."""
    width, height = tiles[0].image.size
    columns = min(COLUMNS, len(tiles))
    whole = Image.new("RGB", (columns * width, ceil(len(tiles) / columns) * height))
    for number, tile in enumerate(tiles):
        whole.paste(tile.image, _place(number, width, height))
    return whole


def cues(tiles: list[Shot], end_s: float, sprite_name: str) -> str:
    """WebVTT (W3C): each tile from the moment of its frame to that of the next; the first one from the start."""
    width, height = tiles[0].image.size
    begins = [0, *(_milliseconds(tile.time_s) for tile in tiles[1:])]
    ends = [*begins[1:], max(_milliseconds(end_s), begins[-1] + 1)]
    blocks = ["WEBVTT"]
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        if end > begin:
            x, y = _place(number, width, height)
            blocks.append(f"{_stamp(begin)} --> {_stamp(end)}\n{sprite_name}#xywh={x},{y},{width},{height}")
    return "\n\n".join(blocks) + "\n"


def _place(number: int, width: int, height: int) -> tuple[int, int]:
    """A tile's upper left corner."""
    return number % COLUMNS * width, number // COLUMNS * height


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _stamp(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"
