"""Narrow pictures: with the largest blocks of its fastest preset x265 overruns its heap, once in two films.

Small ones: x265 refuses those that are smaller than the largest block that a speed asks for.
"""

from pathlib import Path

import pytest

from functions.shared.speeds import SPEEDS
from tests.support.clips import run_ffmpeg
from tests.support.conversions import convert_file

TRIES = 6


@pytest.mark.parametrize("size", ["48x48", "48x80"])
def test_narrow_films_are_converted_every_time(tmp_path: Path, size: str) -> None:
    source = tmp_path / "narrow.mkv"
    run_ffmpeg(["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration=1", "-c:v", "ffv1", str(source)])
    outcomes = [convert_file(source, tmp_path / str(number)).rendition.outcome for number in range(TRIES)]
    assert outcomes == ["converted"] * TRIES


@pytest.mark.parametrize("size", ["16x16", "72x48"])
def test_films_smaller_than_the_blocks_of_a_speed_are_converted_at_each_speed(tmp_path: Path, size: str) -> None:
    source = tmp_path / "small.mkv"
    run_ffmpeg(["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration=1", "-c:v", "rawvideo", str(source)])
    for speed in SPEEDS.values():
        done = convert_file(source, tmp_path / speed.name, preset=speed.preset, parameters=speed.parameters)
        assert done.rendition.outcome == "converted"
