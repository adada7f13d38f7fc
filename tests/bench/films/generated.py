"""Films of our own making: a screen capture, a drive by night, a zoom. Each is kept as H.264 of very high quality."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from functions.converter import ffmpeg

FPS = 25
SECONDS = 8
NEARLY_LOSSLESS = ["-c:v", "libx264", "-preset", "medium", "-crf", "10", "-pix_fmt", "yuv420p"]

Picture = NDArray[np.uint8]


def screen(folder: Path) -> Path:
    """An editor: lines of this very file are typed, then scrolled through, with a second window dragged across."""
    return _drawn(folder / "screen.mp4", (960, 540), _screen_frames())


def night(folder: Path) -> Path:
    """A drive through a dark street: lamps and headlights pass, with the noise of a small sensor."""
    return _drawn(folder / "night.mp4", (640, 360), _night_frames())


def zoom(folder: Path) -> Path:
    """A zoom into the Mandelbrot set: every frame shows new detail."""
    path = folder / "zoom.mp4"
    if not path.exists():
        source = f"mandelbrot=size=640x360:rate={FPS}:maxiter=400:end_scale=0.003:end_pts={SECONDS * FPS}"
        _make(path, ["-f", "lavfi", "-i", source, "-t", str(SECONDS)])
    return path


def _drawn(path: Path, size: tuple[int, int], frames: Iterator[Picture]) -> Path:
    if not path.exists():
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(FPS), "-i", "pipe:"]
        _make(path, raw, b"".join(frame.tobytes() for frame in frames))
    return path


def _make(path: Path, source: list[str], stdin: bytes = b"") -> None:
    unfinished = path.with_suffix(".part.mp4")
    argv = [ffmpeg.binary(), "-v", "error", "-y", *source, *NEARLY_LOSSLESS, str(unfinished)]
    subprocess.run(argv, input=stdin, check=True, timeout=600)
    unfinished.rename(path)


def _screen_frames() -> Iterator[Picture]:
    lines = Path(__file__).read_text().splitlines() * 3
    font = ImageFont.load_default(15)
    for number in range(SECONDS * FPS):
        typed = min(number, 3 * FPS)
        scrolled = max(0, number - 3 * FPS) * 4
        image = Image.new("RGB", (960, 540), (30, 32, 38))
        draw = ImageDraw.Draw(image)
        for row, line in enumerate(lines):
            y = 12 + row * 20 - scrolled
            if -20 < y < 540:
                shown = line if row < 22 or scrolled else line[: max(0, typed * 2 - (row - 22) * 40)]
                draw.text((12, y), str(row + 1), font=font, fill=(110, 115, 125))
                draw.text((56, y), shown, font=font, fill=(214, 190, 140) if "def " in line else (205, 208, 214))
        left = 480 + int(160 * np.sin(number / 30))
        draw.rectangle((left, 300, left + 300, 470), fill=(246, 246, 246), outline=(90, 140, 220), width=2)
        draw.rectangle((left, 300, left + 300, 324), fill=(90, 140, 220))
        draw.text((left + 8, 303), f"converting: {number * 100 // (SECONDS * FPS)} %", font=font, fill=(255, 255, 255))
        draw.rectangle((left + 20, 380, left + 20 + number, 400), fill=(70, 170, 90))
        if number % 25 < 13:
            draw.rectangle((56 + typed * 3, 452, 58 + typed * 3, 468), fill=(255, 255, 255))
        yield np.asarray(image)


def _night_frames() -> Iterator[Picture]:
    chance, noise = random.Random(7), np.random.default_rng(7)
    lamps = [(chance.choice((-1.0, 1.0)) * chance.uniform(1.5, 4), chance.uniform(0.5, 2.5), depth / 2)
             for depth in range(2, 120)]  # fmt: skip
    rows, columns = np.mgrid[0:360, 0:640].astype(np.float32)
    sky = np.clip(26 - np.abs(rows - 180) / 9, 4, 26)
    facade = 5 * (np.sin(columns / 9) * np.sin(rows / 13) > 0.4)
    for number in range(SECONDS * FPS):
        light = np.stack([sky * 0.8 + facade, sky * 0.8 + facade, sky + facade], axis=-1)
        travelled = number * 0.12
        for side, height, place in lamps:
            depth = place - travelled
            if 0.4 < depth < 25:
                x, y = 320 + 200 * side / depth, 190 - 110 * height / depth
                size = 14 / depth
                glow = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (size * 3) ** 2))
                core = ((columns - x) ** 2 + (rows - y) ** 2 < size**2) * 1.0
                warm = np.array([1.0, 0.82, 0.5] if side < 0 else [1.0, 0.35, 0.3], dtype=np.float32)
                light += (90 * glow + 130 * core)[..., None] * warm
        road = (rows > 200) & (np.abs(columns - 320) < (rows - 190) * 1.6)
        dashes = (
            road & (np.abs(columns - 320) < (rows - 190) * 0.04) & (((900 / (rows - 189.5)) + travelled * 6) % 4 < 2)
        )
        light += 10 * road[..., None] + 90 * dashes[..., None]
        grain = noise.normal(0, 4.0, (360, 640, 1)) + noise.normal(0, 2.0, (360, 640, 3))
        yield np.clip(light + grain, 0, 255).astype(np.uint8)
