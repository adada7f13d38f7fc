"""What each measure gets: where to work, how often, and the clips. All of it is real footage."""

import math
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from functions.converter import ffmpeg

CLIP = Path(__file__).parents[2] / "local" / "clips" / "bigbuckbunny.mp4"
CLIP_S = 5.3
LONG_S = 60
MIB = 1024**2


@dataclass(frozen=True)
class Setting:
    """``pairs``: how often reference and product are compared, in turn. ``say`` shows what goes on."""

    folder: Path
    pairs: int
    queued_clips: int
    load_s: float
    say: Callable[[str], None]

    @cached_property
    def long_clip(self) -> Path:
        """Of a minute."""
        return self.looped(LONG_S)

    def looped(self, seconds: int) -> Path:
        """The clip, its packets repeated until it is so long."""
        path = self.folder / f"looped_{seconds}.mp4"
        loops = ["-stream_loop", str(math.ceil(seconds / CLIP_S)), "-i", str(CLIP), "-t", str(seconds), "-c", "copy"]
        quiet = ["-nostdin", "-y", "-loglevel", "error"]
        subprocess.run([ffmpeg.binary(), *quiet, *loops, "-movflags", "+faststart", str(path)], check=True)
        return path

    def padded_clip(self, size: int) -> Path:
        """The clip with a ``free`` box behind it (ISO/IEC 14496-12, 8.1.2) that makes ``size`` bytes of it.

        A valid video that is encoded in seconds however large it is. The padding is a hole in the file.
        """
        path = self.folder / f"padded_{size}.mp4"
        clip = CLIP.read_bytes()
        padding = size - len(clip)
        path.write_bytes(clip + b"\0\0\0\1free" + padding.to_bytes(8))
        with path.open("r+b") as file:
            file.truncate(size)
        return path
