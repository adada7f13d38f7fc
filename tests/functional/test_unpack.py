"""Animated WebP becomes a film of the same pictures at the same times, which the rest of the pipeline can read."""

import shutil
from itertools import pairwise
from pathlib import Path

import av
import pytest

from functions.converter.unpack import unpack
from functions.shared.errors import UnreadableMedia
from functions.shared.settings import read_settings
from tests.support.attempts import a_lease
from tests.support.clips import Clips, run_ffmpeg
from tests.support.conversions import convert_file
from tests.support.media import measure

SETTINGS = read_settings({"DATABASE_URL": "postgresql://", "AUTH_MODE": "open"})
UNEVEN = "settb=1/1000,setpts='if(lt(N,5),N*40,200+(N-5)*100)'"


def shown_at(animation: Path) -> list[float]:
    """When each frame of an animated WebP is shown, by the durations in it (RFC 9649, 2.7.1.1)."""
    data, at, times = animation.read_bytes(), 12, [0.0]
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"ANMF":
            times.append(times[-1] + int.from_bytes(data[at + 20 : at + 23], "little") / 1000)
        at += 8 + size + size % 2
    return times[:-1]


@pytest.fixture
def animation(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    picture = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x240:rate=25:duration=0.4",
        "-vf",
        UNEVEN,
        "-fps_mode",
        "passthrough",
    ]
    run_ffmpeg(
        [*picture, "-enc_time_base", "1/1000", "-c:v", "libwebp_anim", "-lossless", "1", "-f", "webp", str(path)]
    )
    return path


def test_an_animated_webp_becomes_the_same_frames_at_the_same_times(animation: Path) -> None:
    film = unpack(animation, a_lease(), SETTINGS)
    with av.open(str(film)) as container:
        frames = list(container.decode(video=0))
    wanted = shown_at(animation)
    assert len({after - before for before, after in pairwise(wanted)}) > 1
    assert [frame.time for frame in frames] == pytest.approx(wanted, abs=0.001)
    assert (frames[0].width, frames[0].height) == (320, 240)


def test_a_broken_one_is_unreadable(animation: Path) -> None:
    animation.write_bytes(animation.read_bytes()[:40] + bytes(5000))
    with pytest.raises(UnreadableMedia):
        unpack(animation, a_lease(), SETTINGS)


def test_every_other_film_is_left_as_it_is(clips: Clips, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copy(clips("h264.mp4"), source)
    assert unpack(source, a_lease(), SETTINGS) == source
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_it_is_converted_as_what_it_is(animation: Path, tmp_path: Path) -> None:
    made = convert_file(animation, tmp_path / "work")
    assert (made.media.container, made.media.extension, made.media.size) == (
        "webp_anim",
        "webp",
        animation.stat().st_size,
    )
    assert measure(made.output.read_bytes()).frame_times_s == pytest.approx(shown_at(animation), abs=0.001)
