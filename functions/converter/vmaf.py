"""How VMAF is measured: ffmpeg's ``libvmaf`` filter, its model for a picture, and what it logs. Pure but for the log.

The models were trained on pictures as large as the screen: 1080p seen from three times its height, 4K from one and a
half (Netflix/vmaf, resource/doc/models_v0.md). A smaller picture is measured at its own size, as if cut out of such a
screen (resource/doc/faq.md). For HDR (PQ, HLG) there is no valid model.
"""

import json
import math
from pathlib import Path

HD_MODEL, UHD_MODEL = "vmaf_v0.6.1", "vmaf_4k_v0.6.1"
MOST_HD_PIXELS = 2560 * 1440
"""The model for 4K is nearer to a picture that is larger than this."""

LEAST_SIDE = 32
"""Samples of a side: with less than 18 libvmaf 3 crashes (Netflix/vmaf, issue 1035, asks for 32). Smaller pictures are
scaled up, bicubic, as its authors say (resource/doc/faq.md)."""

MOST_FRAME_RATE = 60.0
"""VMAF rates frame by frame and prefers no rate (Netflix/vmaf, issue 446), but counts what moves between neighbours, as
it was trained on; films of more frames a second are measured in every n-th one."""


def model(width: int, height: int) -> str:
    """The model for a picture of this size."""
    return UHD_MODEL if width * height > MOST_HD_PIXELS else HD_MODEL


def measured_size(width: int, height: int) -> tuple[int, int]:
    """The size at which such a picture is measured: its own, unless that is too small."""
    scale = max(1.0, LEAST_SIDE / min(width, height))
    return round(width * scale), round(height * scale)


def every_nth(frame_rate: float) -> int:
    """Of a film of so many frames a second, which frames are measured."""
    return max(1, math.ceil(frame_rate / MOST_FRAME_RATE - 0.01))


def measure_filter(name: str, log: str, threads: int) -> str:
    """The filter with the model ``name``: first the distorted film, then the reference. ``log``: a plain file name."""
    return f"libvmaf=model=version={name}:log_fmt=json:log_path={log}:n_threads={threads}"


def read_scores(log: Path) -> list[float]:
    """The score of each measured frame, in their order; raises ``ValueError`` if one is no number."""
    with log.open("rb") as file:
        scores = [float(frame["metrics"]["vmaf"]) for frame in json.load(file)["frames"]]
    if not all(map(math.isfinite, scores)):
        raise ValueError("a score is no number")
    return scores
