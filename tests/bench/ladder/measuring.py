"""One encode with one thread: its CPU seconds, its bytes, and how close it comes to the film by two metrics."""

import os
import re
import resource
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from functions.converter import ffmpeg
from tests.bench.films import Film

CRFS = (22, 26, 30, 34)
CUT_SIZE = "512:256"
"""Samples; whole blocks of 64, so that a smaller picture puts none of the block sizes at a disadvantage."""

WHOLE_FRAMES = 72
TURNS = 2
"""Encodes of a kind: what others do on a machine only ever adds CPU time, so the least is the truest."""

PATIENCE_S = 300
ONE_THREAD = "log-level=error:pools=1:frame-threads=1"
OURS = f"{ONE_THREAD}:wpp=0"
"""What a worker adds to a speed of ours where one processor encodes a film; x265's own presets stay what they are."""

QUIET = ["-hide_banner", "-nostdin", "-y", "-threads", "1"]
VMAF = re.compile(r"VMAF score: ([0-9.]+)")
LUMA, CHROMA = re.compile(r"XPSNR +y: ([0-9.inf]+)"), re.compile(r" u: ([0-9.inf]+) +v: ([0-9.inf]+)")
"""The filter writes its line in pieces, between which others write theirs."""


class Unencodable(Exception):
    """x265 refuses these parameters together."""


@dataclass(frozen=True)
class Point:
    """``xpsnr`` in dB, all planes weighted 6:1:1 as its authors do (Helmrich et al., ICASSP 2020)."""

    crf: float
    bytes: int
    cpu_s: float
    vmaf: float
    xpsnr: float

    def as_json(self) -> dict[str, Any]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def cut(film: Film, folder: Path) -> Path:
    """The part of a film that searches use, uncompressed: four seconds of the middle of its picture, at its own scale.

    Many small encodes find more than a few large ones in the same time; what is found is confirmed on whole pictures.
    Of two seconds an encoder that looks 20 frames ahead sees the end too soon, and seems no better than one that does
    not.
    """
    return _part(film, folder / f"{film.name}-cut.y4m", film.cut_frames, ["-vf", f"crop={CUT_SIZE}"])


def whole(film: Film, folder: Path) -> Path:
    """The same seconds, the whole picture, uncompressed, but for a few lines: kvazaar takes multiples of 8."""
    crop = ["-vf", "crop=trunc(iw/8)*8:trunc(ih/8)*8"]
    return _part(film, folder / f"{film.name}-whole.y4m", WHOLE_FRAMES, crop)


def _part(film: Film, path: Path, frames: int, filters: list[str]) -> Path:
    if not path.exists():
        unfinished = path.with_suffix(f".{os.getpid()}.y4m")
        part = ["-ss", str(film.cut_s), "-i", str(film.file(path.parent)), "-frames:v", str(frames), "-an", *filters]
        _run([*QUIET, "-v", "error", *part, "-pix_fmt", "yuv420p", str(unfinished)])
        unfinished.rename(path)
    return path


def size(part: Path) -> tuple[int, int]:
    """Width and height of an uncompressed part, from its first line (YUV4MPEG2)."""
    with part.open("rb") as file:
        words = file.readline().decode("ascii").split()
    width, height = (next(int(word[1:]) for word in words[1:] if word[0] == letter) for letter in "WH")
    return width, height


def encode(source: Path, output: Path, encoder: list[str]) -> float:
    """CPU seconds of the encode, user and system."""
    argv = [ffmpeg.binary(), *QUIET, "-v", "error", "-i", str(source), *encoder, str(output)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        assert child.stderr is not None
        said = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise Unencodable(said.decode(errors="replace")[-500:])
    return _cpu_s(used)


def _cpu_s(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def x265(preset: str, parameters: str, crf: float) -> list[str]:
    """ffmpeg's arguments for x265 with one thread: a preset as it is, or one with parameters of ours behind it."""
    params = f"{OURS}:{parameters}" if parameters else ONE_THREAD
    return ["-c:v", "libx265", "-preset", preset, "-crf", f"{crf:g}", "-x265-params", params, "-f", "hevc"]


def scores(source: Path, output: Path) -> tuple[float, float]:
    """Mean VMAF of all frames (model vmaf_v0.6.1) and XPSNR of a raw H.265 stream."""
    in_order = "settb=1/25,setpts=N"
    graph = (
        f"[0:v]{in_order},split[a][b];[1:v]{in_order},split[c][d];"
        "[a][c]libvmaf=n_threads=1,nullsink;[b][d]xpsnr=stats_file=-[x]"
    )
    inputs = ["-i", str(output), "-i", str(source)]
    said = _run([*QUIET, "-v", "info", "-nostats", *inputs, "-filter_complex", graph, "-map", "[x]", "-f", "null", "-"])
    vmaf, luma, chroma = VMAF.search(said), LUMA.search(said), CHROMA.search(said)
    if not vmaf or not luma or not chroma:
        raise ValueError(f"no scores in {said[-500:]}")
    y, u, v = (min(100.0, float(one)) for one in (*luma.groups(), *chroma.groups()))
    return float(vmaf[1]), (6 * y + u + v) / 8


def measure(source: Path, folder: Path, encoder: list[str], crf: float) -> Point:
    """Encode, and score."""
    output = folder / f"{source.stem}-{os.getpid()}.hevc"
    try:
        cpu_s = min(encode(source, output, encoder) for _ in range(TURNS))
        return Point(crf, output.stat().st_size, cpu_s, *scores(source, output))
    finally:
        output.unlink(missing_ok=True)


def calibrate(source: Path, folder: Path) -> float:
    """CPU seconds that a fixed encode takes now: machines that others use are not always as fast."""
    output = folder / f"{source.stem}-{os.getpid()}.calibration"
    try:
        return min(encode(source, output, x265("ultrafast", "", 30)) for _ in range(TURNS))
    finally:
        output.unlink(missing_ok=True)


def _run(arguments: list[str]) -> str:
    ran = subprocess.run(
        [ffmpeg.binary(), *arguments], capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=True
    )
    return ran.stderr
