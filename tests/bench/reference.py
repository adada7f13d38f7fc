"""The reference of an encode: bare ffmpeg with the product's own arguments, then a bare full decode of its output."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reference:
    """Seconds of both halves."""

    encode_s: float
    decode_s: float

    @property
    def seconds(self) -> float:
        return self.encode_s + self.decode_s


def run_reference(argv: list[str], source: Path, folder: Path) -> Reference:
    """Run what the product ran, ``argv`` as observed, on the same file given the same way: by descriptor."""
    output = folder / "reference.mp4"
    for earlier in (output, beside(output)):
        earlier.unlink(missing_ok=True)
    fd = os.open(source, os.O_RDONLY)
    try:
        encode_s = _timed(with_own_files(argv, fd, output), folder, [fd])
    finally:
        os.close(fd)
    decode = [argv[0], "-hide_banner", "-nostdin", "-loglevel", "error", "-nostats", "-i", str(output)]
    decode_s = _timed([*decode, "-f", "null", "-"], folder, [])
    output.unlink()
    return Reference(encode_s, decode_s)


def with_own_files(argv: list[str], fd: int, output: Path) -> list[str]:
    """The product's arguments with the number of our descriptor and paths of our own: the first file is ``output``, the
    tiny pictures that are a second one lie beside it."""
    ours = list(argv)
    ours[ours.index("-fd") + 1] = str(fd)
    places = [place for place, word in enumerate(ours) if word.startswith("file:")]
    if not places or places[-1] != len(ours) - 1:
        raise ValueError(f"the product's last argument is no output: {ours[-1]}")
    for place, path in zip(places, (output, beside(output)), strict=False):
        ours[place] = f"file:{path}"
    return ours


def beside(output: Path) -> Path:
    return output.with_suffix(".thumbs")


def _timed(argv: list[str], folder: Path, fds: list[int]) -> float:
    started = time.perf_counter()
    subprocess.run(
        argv, cwd=folder, env={}, pass_fds=fds, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - started
