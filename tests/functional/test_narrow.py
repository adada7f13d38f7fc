"""Narrow pictures: with the largest blocks of its fastest preset x265 overruns its heap, once in two films."""

from pathlib import Path

import pytest

from tests.support.clips import run_ffmpeg
from tests.support.conversions import convert_file

TRIES = 6


@pytest.mark.parametrize("size", ["48x48", "48x80"])
def test_narrow_films_are_converted_every_time(tmp_path: Path, size: str) -> None:
    source = tmp_path / "narrow.mkv"
    run_ffmpeg(["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration=1", "-c:v", "ffv1", str(source)])
    outcomes = [convert_file(source, tmp_path / str(number)).rendition.outcome for number in range(TRIES)]
    assert outcomes == ["converted"] * TRIES
