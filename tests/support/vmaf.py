"""VMAF of every frame of a result beside its source, measured apart from the product's own code."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg


@dataclass(frozen=True)
class EveryFrame:
    """``scores`` in the order in which the frames are shown."""

    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.scores) / len(self.scores)

    @property
    def p5(self) -> float:
        """The score that one frame of twenty is below."""
        return sorted(self.scores)[len(self.scores) // 20]


def every_frame(source: Path, result: Path, threads: int = 2) -> EveryFrame:
    """Both are decoded whole; their frames are paired in the order in which they are shown."""
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    numbered = "settb=1/1000,setpts=N"
    with tempfile.TemporaryDirectory() as folder:
        compare = f"libvmaf=n_threads={threads}:log_fmt=json:log_path=scores.json:shortest=1"
        graph = f"[0:v:0]{numbered}[d];[1:v:0]{numbered}[r];[d][r]{compare}"
        inputs = ["-i", str(result.resolve()), "-i", str(source.resolve())]
        quiet = ["-nostdin", "-v", "fatal"]
        subprocess.run(
            [ffmpeg, *quiet, *inputs, "-filter_complex", graph, "-f", "null", "-"], check=True, cwd=folder, timeout=900
        )
        frames = json.loads((Path(folder) / "scores.json").read_text())["frames"]
    return EveryFrame(tuple(float(frame["metrics"]["vmaf"]) for frame in frames))
