"""What the previews are made of: which frames, which moments, which sizes; on made-up films."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from functions.converter.animation import stretch_offsets, times_of_stretch
from functions.converter.encode import Encoded
from functions.converter.pictures import View, read_pictures
from functions.converter.plan import plan_conversion
from functions.converter.rendering import CONVERTED, Rendition
from functions.converter.representative import best_frame, best_stretch
from functions.converter.shots import POSTER, Frames, choose
from functions.converter.stills import wanted_times
from functions.converter.storyboard import Shot, cues, sprite, tile_frames
from functions.converter.tinypictures import FRAME_BYTES, SIDE
from functions.shared.options import Options
from tests.support.probes import a_media, a_video

Film = npt.NDArray[np.uint8]
RNG = np.random.default_rng(265)


def flat(luma: int, count: int = 1) -> Film:
    """Frames of one grey."""
    film = np.full((count, FRAME_BYTES), 128, np.uint8)
    film[:, : SIDE * SIDE] = luma
    return film


def scene(seed: int, count: int = 1) -> Film:
    """Frames of a busy picture that moves to the right."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 220, (8, 8)).repeat(4, 0).repeat(4, 1)
    film = flat(0, count)
    for number in range(count):
        film[number, : SIDE * SIDE] = np.roll(coarse, number, axis=1).ravel()
    film[:, SIDE * SIDE :] = rng.integers(90, 166, FRAME_BYTES - SIDE * SIDE)
    return film


def faded(frame: Film, shares: npt.NDArray[np.float64]) -> Film:
    """A scene that comes out of the dark."""
    film = np.repeat(frame, len(shares), axis=0).astype(np.float64)
    film[:, : SIDE * SIDE] = 16 + (film[:, : SIDE * SIDE] - 16) * shares[:, None]
    return film.astype(np.uint8)


CARD = flat(30)
CARD[0, 14 * SIDE + 8 : 14 * SIDE + 24] = 235


@pytest.mark.parametrize(
    ("opening", "name"),
    [
        (flat(16, 100), "black"),
        (flat(235, 100), "white"),
        (flat(120, 100), "grey"),
        (np.repeat(CARD, 100, axis=0), "title card"),
        (faded(scene(1), np.linspace(0, 1, 100)), "fade"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_poster_is_a_picture_of_the_film(opening: Film, name: str) -> None:
    film = np.concatenate([opening, scene(1, 60), opening[::-1]])
    assert 100 <= best_frame(film, gap=10) < 160, name


def test_a_film_of_nothing_but_black_has_a_poster_too() -> None:
    assert 0 <= best_frame(flat(16, 50), gap=5) < 50


def test_the_poster_does_not_tell_the_end() -> None:
    film = np.tile(scene(3, 32), (10, 1))
    assert best_frame(film, gap=10) < len(film) / 3


def test_the_stretch_is_lively_and_black_nowhere() -> None:
    film = np.concatenate([flat(16, 100), np.repeat(scene(4), 200, axis=0), scene(4, 120), flat(16, 100)])
    chosen = best_stretch(film, stretch_offsets(75, 3.0))
    assert chosen[0] >= 290
    assert chosen[-1] < 420


@pytest.mark.parametrize(
    ("frames", "duration_s", "tiles"),
    [
        (75, 3.0, [0, 25, 50]),
        (1, 0.04, [0]),
        (1, 0.0, [0]),
        (3, 30.0, [0, 1, 2]),
        (90, 3.0, [0, 30, 60]),
        (25 * 200, 200.0, [number * 50 for number in range(100)]),
        (720, 3.0, [0, 240, 480]),
    ],
)
def test_there_is_a_tile_a_second_up_to_a_hundred(frames: int, duration_s: float, tiles: list[int]) -> None:
    assert tile_frames(frames, duration_s) == tiles


def shots(*times_s: float, size: tuple[int, int] = (160, 90)) -> list[Shot]:
    return [Shot(time_s, Image.new("RGB", size, (number, 0, 0))) for number, time_s in enumerate(times_s)]


def test_cues_begin_with_the_frame_that_they_show_and_leave_no_gap() -> None:
    assert cues(shots(0.3, 1.5, 4000.0416), 36_000.3, "sprite.jpg").split("\n\n") == [
        "WEBVTT",
        "00:00:00.000 --> 00:00:01.500\nsprite.jpg#xywh=0,0,160,90",
        "00:00:01.500 --> 01:06:40.042\nsprite.jpg#xywh=160,0,160,90",
        "01:06:40.042 --> 10:00:00.300\nsprite.jpg#xywh=320,0,160,90\n",
    ]


@pytest.mark.parametrize("end_s", [0.0, 0.0001, 7.0])
def test_a_cue_is_never_empty(end_s: float) -> None:
    for begin, end in re.findall(r"(\S+) --> (\S+)", cues(shots(0.0, 7.0, 7.0), end_s, "s.jpg")):
        assert begin < end


def test_each_tile_is_where_its_cue_says() -> None:
    tiles = shots(*range(23))
    whole = sprite(tiles)
    assert whole.size == (1600, 270)
    for number, (x, y) in enumerate(re.findall(r"xywh=(\d+),(\d+)", cues(tiles, 23, "s.jpg"))):
        assert whole.getpixel((int(x), int(y))) == (number, 0, 0)


@pytest.mark.parametrize(
    ("frames", "duration_s", "count", "last"),
    [(250, 10.0, 24, 71), (600, 10.0, 24, 172), (25, 1.0, 24, 23), (10, 10.0, 3, 2), (1, 0.0, 1, 0), (1, 60.0, 1, 0)],
)
def test_the_animation_takes_about_eight_frames_a_second(frames: int, duration_s: float, count: int, last: int) -> None:
    offsets = stretch_offsets(frames, duration_s)
    assert (len(offsets), offsets[0], offsets[-1]) == (count, 0, last)
    assert len(set(offsets)) == count


def test_the_animation_runs_at_the_films_speed() -> None:
    assert times_of_stretch(shots(4.0, 4.5, 6.0), 100) == [500, 1500, 1000]
    assert times_of_stretch(shots(0.0), 0.0) == [3000]


def test_a_frame_that_stands_for_minutes_does_not_hold_up_the_animation() -> None:
    assert times_of_stretch(shots(0.0, 0.1, 300.0), 400) == [1000, 1000, 1000]


@pytest.mark.parametrize(
    ("view", "size"),
    [
        (View(3840, 2160), (1280, 720)),
        (View(640, 360), (640, 360)),
        (View(16, 16), (16, 16)),
        (View(2160, 3840), (1280, 2276)),
        (View(1920, 1080, rotation=90), (1080, 1920)),
        (View(720, 576, Fraction(64, 45)), (1024, 576)),
        (View(720, 576, Fraction(64, 45), rotation=270), (576, 1024)),
        (View(720, 480, Fraction(8, 9)), (720, 540)),
        (View(8192, 16), (1280, 2)),
        (View(16, 8192), (5, 2560)),
    ],
)
def test_pictures_are_as_wide_as_shown_and_never_enlarged(view: View, size: tuple[int, int]) -> None:
    assert view.within(POSTER) == size


@pytest.mark.parametrize(
    ("rotation", "mirrored", "shown"),
    [
        (0, False, "ab|cd"),
        (90, False, "ca|db"),
        (180, False, "dc|ba"),
        (270, False, "bd|ac"),
        (0, True, "ba|dc"),
        (90, True, "db|ca"),
    ],
)
def test_a_picture_is_turned_as_players_turn_it(tmp_path: Path, rotation: int, mirrored: bool, shown: str) -> None:
    frames = tmp_path / "frames"
    frames.write_bytes(b"".join(bytes([ord(corner)] * 3) for corner in "abcd"))
    [picture] = read_pictures(frames, [(2, 2)], View(2, 2, rotation=rotation, mirrored=mirrored))
    corners = np.asarray(picture)[:, :, 0]
    assert "|".join("".join(map(chr, row)) for row in corners) == shown


def test_a_file_of_pictures_that_was_cut_is_an_error(tmp_path: Path) -> None:
    frames = tmp_path / "frames"
    frames.write_bytes(bytes(100))
    with pytest.raises(ValueError, match="not enough image data"):
        list(read_pictures(frames, [(10, 10)], View(10, 10)))


def chosen(tmp_path: Path, frames: int, duration_s: float) -> Frames:
    """The choice for a film of which no tiny picture shows anything."""
    media = a_media(frames=frames, duration_s=duration_s, frame_rate=frames / duration_s)
    thumbs = tmp_path / "thumbs"
    with thumbs.open("wb") as file:
        file.truncate(frames * FRAME_BYTES)
    encoded = Encoded(tmp_path / "output.mp4", thumbs, None, (), 1.0)
    plan = plan_conversion(media, Options("veryfast", 26))
    return choose(Rendition(CONVERTED, encoded.output, "mp4", "h265", plan, encoded), media)


@pytest.mark.parametrize(("frames", "duration_s"), [(12 * 3600 * 60, 12 * 3600.0), (1, 0.04), (2, 0.08), (3000, 10.0)])
def test_few_frames_are_needed_of_any_film(tmp_path: Path, frames: int, duration_s: float) -> None:
    needed = chosen(tmp_path, frames, duration_s)
    numbers = [pick.frame for pick in needed.picks]
    assert len(numbers) <= 100 + 24 + 1
    assert numbers == sorted(set(numbers))
    assert set(numbers) == {needed.poster, *needed.tiles, *needed.motion}
    assert numbers[-1] < frames


def test_a_frame_with_several_uses_is_as_large_as_the_largest_needs(tmp_path: Path) -> None:
    needed = chosen(tmp_path, 1, 0.04)
    assert [(pick.frame, pick.width, pick.height) for pick in needed.picks] == [(0, 1280, 720)]


@pytest.mark.parametrize(
    ("width", "height", "frames", "count"),
    [(640, 360, 5000, 25), (1920, 1080, 5000, 25), (3840, 2160, 5000, 12), (8192, 4096, 5000, 4), (640, 360, 3, 3)],
)
def test_of_a_copy_the_fewer_pictures_are_decoded_the_larger_they_are(
    width: int, height: int, frames: int, count: int
) -> None:
    times = wanted_times(a_video(width=width, height=height, frames=frames, duration_s=100.0))
    assert len(times) == count
    assert times == [100.0 * number / count for number in range(count)]
