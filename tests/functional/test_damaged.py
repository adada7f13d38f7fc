"""Damaged films: what a player would play is converted and the damage told, a film that lacks more is refused."""

import random
from pathlib import Path
from typing import Any

import pytest

from functions.converter.deliver import warnings
from functions.shared.errors import DamagedMedia, PermanentError, TruncatedMedia
from tests.support.clips import Clips, run_ffmpeg
from tests.support.conversions import Conversion, convert_file

FRAMES = 500
CONTAINERS = ("mp4", "mkv", "ts", "avi", "flv")
WITH_LENGTH = ("mp4", "mkv", "avi", "flv")
"""Containers that say how long they are; a transport stream may end anywhere."""


@pytest.fixture(scope="module")
def whole(clips: Clips, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Twenty seconds in each container, with whatever it needs to be played from its beginning."""
    folder = tmp_path_factory.mktemp("whole")
    made = {}
    for container in CONTAINERS:
        path = folder / f"film.{container}"
        codec = ["-c:v", "mpeg4", "-q:v", "4"] if container == "avi" else ["-c", "copy"]
        front = ["-movflags", "+faststart"] if container == "mp4" else []
        run_ffmpeg(["-i", str(clips("twenty_seconds.mp4")), *codec, *front, str(path)])
        made[container] = path.read_bytes()
    return made


def converted(content: bytes, folder: Path, container: str) -> Conversion:
    source = folder / f"film.{container}"
    source.write_bytes(content)
    return convert_file(source, folder / "work")


def told(done: Conversion) -> dict[str, int]:
    return {one.code: one.count or 0 for one in warnings(done.rendition, done.verified, done.job)}


def spoilt(content: bytes, places: int, seed: int = 1) -> bytes:
    """``places`` runs of 40 random bytes, behind the headers and before the end."""
    dice, data = random.Random(seed), bytearray(content)
    for _ in range(places):
        at = dice.randrange(len(data) // 10, len(data) - 2000)
        data[at : at + 40] = dice.randbytes(40)
    return bytes(data)


def frames_of(done: Conversion) -> int:
    assert done.verified.frames
    return done.verified.frames.frames


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_whole_film_is_told_to_be_whole(whole: dict[str, bytes], tmp_path: Path, container: str) -> None:
    done = converted(whole[container], tmp_path, container)
    assert (frames_of(done), told(done)) == (FRAMES, {})


@pytest.mark.parametrize("container", WITH_LENGTH)
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_a_film_that_was_cut_short_is_refused_with_figures(
    whole: dict[str, bytes], tmp_path: Path, container: str, share: float
) -> None:
    content = whole[container]
    with pytest.raises(TruncatedMedia, match=r"\d+(\.\d)? of \d+(\.\d)? (bytes|frames|s) are there"):
        converted(content[: int(len(content) * (1 - share))], tmp_path, container)


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_film_whose_very_last_frames_are_missing_is_converted(
    whole: dict[str, bytes], tmp_path: Path, container: str
) -> None:
    content = whole[container]
    done = converted(content[: int(len(content) * 0.997)], tmp_path, container)
    assert FRAMES * 0.99 <= frames_of(done) <= FRAMES
    lost = FRAMES - frames_of(done)
    assert lost <= sum(told(done).values()) + 1 or container in ("ts", "mkv", "flv")


def test_frames_that_an_index_names_and_the_file_lacks_are_counted(whole: dict[str, bytes], tmp_path: Path) -> None:
    content = whole["mp4"]
    done = converted(content[: int(len(content) * 0.997)], tmp_path, "mp4")
    assert frames_of(done) + sum(told(done).values()) == FRAMES


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_few_spoilt_places_are_converted_and_counted(whole: dict[str, bytes], tmp_path: Path, container: str) -> None:
    done = converted(spoilt(whole[container], 3), tmp_path, container)
    assert frames_of(done) >= FRAMES * 0.99
    assert 1 <= sum(told(done).values()) <= 5, told(done)


@pytest.mark.parametrize("container", CONTAINERS)
def test_more_damage_than_a_viewer_overlooks_is_refused(
    whole: dict[str, bytes], tmp_path: Path, container: str
) -> None:
    with pytest.raises((DamagedMedia, TruncatedMedia)) as refused:
        converted(spoilt(whole[container], 60), tmp_path, container)
    assert isinstance(refused.value, PermanentError)
    assert refused.value.detail[:1].isdigit()


def test_a_hole_that_costs_a_quarter_of_the_film_is_refused(whole: dict[str, bytes], tmp_path: Path) -> None:
    """Matroska's reader skips to the next cluster, five seconds on, and says nothing to who only counts frames."""
    data = bytearray(whole["mkv"])
    at = len(data) // 2
    data[at : at + 3000] = bytes(3000)
    with pytest.raises(DamagedMedia, match=r"\d+ of \d+ frames are missing"):
        converted(bytes(data), tmp_path, "mkv")


def test_a_recording_that_begins_between_keyframes_is_converted_from_the_first_one(
    clips: Clips, tmp_path: Path
) -> None:
    source = clips("twenty_seconds.mp4")
    stream = tmp_path / "live.ts"
    run_ffmpeg(["-i", str(source), "-c:v", "libx264", "-preset", "ultrafast", "-g", "100", str(stream)])
    content = stream.read_bytes()
    start = (len(content) // 10) // 188 * 188
    done = converted(content[start:], tmp_path, "ts")
    assert done.rendition.outcome == "converted"
    assert 300 <= frames_of(done) < FRAMES


def test_options_of_damaged_films_are_as_for_others(whole: dict[str, bytes], tmp_path: Path) -> None:
    source = tmp_path / "film.mkv"
    source.write_bytes(spoilt(whole["mkv"], 2))
    options: dict[str, Any] = {"container": "mkv", "max_height": 64}
    done = convert_file(source, tmp_path / "work", **options)
    assert (done.rendition.extension, done.plan.picture.height) == ("mkv", 64)
