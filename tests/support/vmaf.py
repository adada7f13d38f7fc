"""VMAF of every frame of a result beside its source, measured apart from the product's own code."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg


@dataclass(frozen=True)
class EveryFrame:
    """``p5``: the score that one frame of twenty is below."""

    mean: float
    p5: float
    frames: int


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
    scores = sorted(float(frame["metrics"]["vmaf"]) for frame in frames)
    return EveryFrame(sum(scores) / len(scores), scores[len(scores) // 20], len(scores))
