"""Films that are hard to judge, at good and at bad quality: nothing is wrong with them, and none is failed."""

from pathlib import Path

import pytest

from tests.support.clips import Clips
from tests.support.conversions import convert_file

SIZE = "size=160x120:rate=25:duration=1.6"
SCROLLING = "scroll=v=0.03"
LOSSLESS = ["-c:v", "ffv1", "-pix_fmt", "yuv420p"]


def film(source: str, *filters: str) -> list[str]:
    return ["-f", "lavfi", "-i", source, *(("-vf", ",".join(filters)) if filters else ()), *LOSSLESS]


FILMS: dict[str, list[str]] = {
    "noise.mkv": film(f"nullsrc={SIZE}", "geq=random(1)*255:128:128"),
    "colour_noise.mkv": film(f"nullsrc={SIZE}", "geq=random(1)*255:random(2)*255:random(3)*255"),
    "black.mkv": film(f"color=black:{SIZE}"),
    "white.mkv": film(f"color=white:{SIZE}"),
    "still.mkv": film(f"testsrc2={SIZE}", "loop=loop=-1:size=1:start=0", "trim=end_frame=40"),
    "strobe.mkv": film(f"color=black:{SIZE}", "geq='if(mod(N,2),235,16)':128:128"),
    "flashes.mkv": film(f"testsrc2={SIZE}", "drawbox=enable='eq(mod(n,9),4)':color=white:t=fill"),
    "fades.mkv": film(f"testsrc2={SIZE}", "fade=in:0:15,fade=out:25:15"),
    "cuts.mkv": film("mandelbrot=size=160x120:rate=25,trim=duration=1.6", "hue=h='90*mod(n,4)'"),
    "very_dark.mkv": film(f"testsrc2={SIZE}", "lutyuv=y=16+(val-16)/20"),
    "grain.mkv": film(f"testsrc2={SIZE}", "noise=alls=40:allf=t"),
    "lines.mkv": film(f"color=white:{SIZE}", "geq='if(mod(X+floor(Y/8)*3,7)*mod(Y,8),235,16)':128:128", SCROLLING),
    "fast.mkv": film(f"testsrc={SIZE}", "scroll=h=0.37:v=0.21"),
    "saturated.mkv": film(f"rgbtestsrc={SIZE}", "hue=H='t*6'"),
}  # fmt: skip
QUALITIES = [("ultrafast", 51), ("ultrafast", 45), ("ultrafast", 18), ("medium", 45)]
CASES = [(name, preset, crf) for name in FILMS for preset, crf in QUALITIES]


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("hard"), FILMS)


@pytest.mark.parametrize(("name", "preset", "crf"), CASES)
def test_a_film_that_is_hard_to_judge_passes(hard: Clips, tmp_path: Path, name: str, preset: str, crf: int) -> None:
    done = convert_file(hard(name), tmp_path, preset=preset, crf=float(crf))
    frames = done.verified.frames
    assert done.rendition.outcome == "kept_original" or (frames and (frames.frames, frames.faults) == (40, ()))
