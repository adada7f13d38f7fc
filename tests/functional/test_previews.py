"""Poster, storyboard and animated preview of real conversions: the right moments, upright, in the right light."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from functions.converter import making
from functions.converter.rendering import KEPT, REMUXED, as_it_is
from tests.support.clips import H264, Clips, run_ffmpeg
from tests.support.conversions import Conversion, convert_file
from tests.support.media import BIG_BUCK_BUNNY
from tests.support.world import World

Make = Callable[..., Path]
X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"]
COUNTED = ["-f", "lavfi", "-i", "nullsrc=size=64x48:rate=25,format=yuv420p,geq=lum='40+2*mod(N,90)':cb=128:cr=128"]
"""Each frame's brightness is its number: 40 levels and two for each."""

RAW = ["-c:v", "rawvideo"]
"""So large that no result of it is larger."""

STAMP = r"(\d\d):(\d\d):(\d\d\.\d{3})"
CUE = re.compile(rf"^{STAMP} --> {STAMP}\nsprite\.jpg#xywh=(\d+),(\d+),(\d+),(\d+)$")
ALL = {"poster": "poster.jpg", "sprite": "sprite.jpg", "storyboard": "storyboard.vtt", "preview": "preview.webp"}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a source with ffmpeg's own means."""

    def run(name: str, *options: str) -> Path:
        path = tmp_path / name
        run_ffmpeg([*options, str(path)])
        return path

    return run


def shown(conversion: Conversion, kind: str = "poster") -> Image.Image:
    assert {name: path.name for name, path in conversion.previews.files.items()} == ALL
    with Image.open(conversion.previews.files[kind]) as picture:
        return picture.convert("RGB")


def levels(picture: Image.Image) -> npt.NDArray[np.float64]:
    return np.asarray(picture.convert("RGB"), np.float64)


def cues(conversion: Conversion) -> list[tuple[float, float, tuple[int, ...]]]:
    """From when, until when, and which part of the sprite; fails for what WebVTT does not allow."""
    head, *blocks = conversion.previews.files["storyboard"].read_text().rstrip("\n").split("\n\n")
    assert head == "WEBVTT"
    found = []
    for block in blocks:
        match = CUE.match(block)
        assert match, block
        h, m, s, to_h, to_m, to_s, *part = match.groups()
        begin, end = (int(a) * 3600 + int(b) * 60 + float(c) for a, b, c in ((h, m, s), (to_h, to_m, to_s)))
        assert begin < end
        found.append((begin, end, tuple(map(int, part))))
    return found


def tiles(conversion: Conversion) -> list[Image.Image]:
    sprite = shown(conversion, "sprite")
    parts = [part for _, _, part in cues(conversion)]
    assert all(x + w <= sprite.width and y + h <= sprite.height for x, y, w, h in parts)
    return [sprite.crop((x, y, x + w, y + h)) for x, y, w, h in parts]


def frame_number(tile: Image.Image) -> float:
    """Of a tile of ``COUNTED``."""
    luma = 16 + float(levels(tile).mean()) * 219 / 255
    return (luma - 40) / 2


def milliseconds(conversion: Conversion) -> list[int]:
    durations = []
    with Image.open(conversion.previews.files["preview"]) as moving:
        for number in range(getattr(moving, "n_frames", 1)):
            moving.seek(number)
            moving.load()
            durations.append(int(moving.info.get("duration", 0)))
    return durations


def frame_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(frame.time or 0) for frame in container.decode(video=0)]


def upright(path: Path, folder: Path) -> Image.Image:
    """The first frame as ffmpeg shows it."""
    run_ffmpeg(["-i", str(path), "-frames:v", "1", str(folder / "upright.png")])
    with Image.open(folder / "upright.png") as picture:
        return picture.convert("RGB")


def test_a_real_film_has_all_its_previews(tmp_path: Path) -> None:
    conversion = convert_file(BIG_BUCK_BUNNY, tmp_path / "work", previews=True)
    assert shown(conversion).size == (1280, 720)
    assert shown(conversion, "sprite").size == (6 * 160, 90)
    assert shown(conversion, "preview").size == (320, 180)
    assert [begin for begin, _, _ in cues(conversion)] == [0, 1, 2, 3, 4, 5]
    assert cues(conversion)[-1][1] == pytest.approx(5.28, abs=0.001)
    assert len(milliseconds(conversion)) == 24
    assert sum(milliseconds(conversion)) == pytest.approx(3000, abs=50)
    assert conversion.previews.cpu_s > 0


def test_tiles_show_the_frames_that_their_cues_begin_with(make: Make, tmp_path: Path) -> None:
    film = make("counted.avi", *COUNTED, "-t", "3.5", *RAW)
    conversion = convert_file(film, tmp_path / "work", previews=True)
    assert [(begin, end) for begin, end, _ in cues(conversion)] == [(0, 1), (1, 2), (2, 3), (3, 3.52)]
    numbers = [frame_number(tile) for tile in tiles(conversion)]
    assert numbers == pytest.approx([0, 25, 50, 75], abs=1.5)


def test_cues_of_frames_at_uneven_times_are_exact(make: Make, tmp_path: Path) -> None:
    uneven = ["-vf", "select='lt(mod(n,40),10)'", "-fps_mode", "vfr"]
    film = make("uneven.mkv", *COUNTED, "-t", "6.4", *uneven, *RAW)
    conversion = convert_file(film, tmp_path / "work", previews=True)
    times = frame_times(conversion.output)
    begins = [begin for begin, _, _ in cues(conversion)]
    assert len(begins) >= 5
    for begin, tile in zip(begins, tiles(conversion), strict=True):
        assert min(abs(time_s - begin) for time_s in times) < 0.001
        assert frame_number(tile) == pytest.approx(25 * begin % 90, abs=1.5)


def test_a_film_that_begins_black_has_a_bright_poster(make: Make, tmp_path: Path) -> None:
    scene = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=7", "-vf", "fade=in:st=1:d=2"]
    conversion = convert_file(make("fading.mp4", *scene, *H264), tmp_path / "work", previews=True)
    assert levels(shown(conversion)).mean() > 90
    assert levels(tiles(conversion)[0]).mean() < 10
    with Image.open(conversion.previews.files["preview"]) as moving:
        assert levels(moving).mean() > 20


@pytest.mark.parametrize(
    ("name", "poster"),
    [("smallest.mp4", (16, 16)), ("one_frame.mp4", (160, 120)), ("wide_pixels.mp4", (233, 120))],
)
def test_films_of_odd_shapes(clips: Clips, tmp_path: Path, name: str, poster: tuple[int, int]) -> None:
    conversion = convert_file(clips(name), tmp_path / "work", previews=True)
    assert shown(conversion).size == poster
    assert len(cues(conversion)) == 1
    assert shown(conversion, "preview").width == poster[0]


def test_many_frames_a_second_and_a_portrait(make: Make, tmp_path: Path) -> None:
    fast = ["-f", "lavfi", "-i", "testsrc2=size=90x160:rate=240:duration=2"]
    conversion = convert_file(make("fast.mp4", *fast, *H264), tmp_path / "work", previews=True)
    assert shown(conversion).size == (90, 160)
    assert [begin for begin, _, _ in cues(conversion)] == [0, 1]
    assert len(milliseconds(conversion)) == 24
    assert sum(milliseconds(conversion)) == pytest.approx(2000, abs=50)


@pytest.mark.parametrize("turn", [["-display_rotation", "90"], ["-display_rotation", "270", "-display_hflip"]])
@pytest.mark.parametrize("name", ["h264.mp4", "hevc.mp4"])
def test_a_turned_film_is_shown_upright(clips: Clips, make: Make, tmp_path: Path, turn: list[str], name: str) -> None:
    """Whether its frames were turned by the encode or are still turned by the player."""
    film = make("turned.mp4", *turn, "-i", str(clips(name)), "-c", "copy")
    conversion = convert_file(film, tmp_path / "work", previews=True)
    first, wanted = tiles(conversion)[0], upright(film, tmp_path)
    assert first.size == wanted.size == (120, 160)
    assert np.abs(levels(first) - levels(wanted)).mean() < 12


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_looks_as_the_same_film_without_it(make: Make, tmp_path: Path, transfer: str) -> None:
    scene = ["-ss", "2", "-t", "1", "-i", str(BIG_BUCK_BUNNY)]
    to_hdr = f"scale=320:180,zscale=pin=bt709:tin=bt709:min=bt709:p=bt2020:t={transfer}:m=bt2020nc:npl=203"
    coded = [*X265, "-pix_fmt", "yuv420p10le", "-crf", "12", "-an"]
    hdr = make("hdr.mp4", *scene, "-vf", f"{to_hdr},format=yuv420p10le", *coded)
    plain = make("plain.mp4", *scene, "-vf", "scale=320:180", *H264, "-crf", "12", "-an")
    wanted = levels(tiles(convert_file(plain, tmp_path / "plain", previews=True))[0])
    encoded = convert_file(hdr, tmp_path / "encoded", previews=True, max_height=90)
    copied = convert_file(hdr, tmp_path / "copied", previews=True)
    assert (encoded.rendition.outcome, copied.rendition.outcome) == ("converted", REMUXED)
    for conversion in (encoded, copied):
        got = levels(tiles(conversion)[0])
        assert got.mean() == pytest.approx(wanted.mean(), abs=25)
        assert got.std() > 0.75 * wanted.std()


def test_a_copy_shows_the_right_moments_and_its_verification_decodes_nothing(make: Make, tmp_path: Path) -> None:
    film = make("counted.mp4", *COUNTED, "-t", "3.5", *X265[:-1], "log-level=error:keyint=10")
    conversion = convert_file(film, tmp_path / "work", previews=True)
    assert conversion.rendition.outcome == REMUXED
    assert conversion.verified.facts["frames"] is None
    for (begin, _, _), tile in zip(cues(conversion), tiles(conversion), strict=True):
        assert frame_number(tile) == pytest.approx(25 * begin, abs=1.5)
    begins = [begin for begin, _, _ in cues(conversion)]
    assert len(begins) == 4
    assert all(1 <= later - begin < 1.2 for begin, later in pairwise(begins))
    assert sum(milliseconds(conversion)) == pytest.approx(3000, abs=50)


def test_of_a_large_copy_only_keyframes_are_shown(make: Make, tmp_path: Path) -> None:
    big = ["-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=25:duration=2.4"]
    film = make("big.mp4", *big, *X265[:-1], "log-level=error:keyint=20:min-keyint=20:scenecut=0", "-crf", "40")
    conversion = convert_file(film, tmp_path / "work", previews=True)
    assert conversion.rendition.outcome == REMUXED
    assert len(milliseconds(conversion)) == 3
    assert [begin for begin, _, _ in cues(conversion)] == pytest.approx([0, 1.6], abs=0.001)


@pytest.mark.parametrize("name", ["vp9_opus.webm", "mpeg2_mp2.ts", "mpeg4_mp3.avi", "late_picture.ts"])
def test_a_film_that_is_kept_as_it_is_has_previews(
    clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(making, "render", lambda _plan, _options, job, _found: as_it_is(job, "smaller"))
    conversion = convert_file(clips(name), tmp_path / "work", previews=True)
    assert conversion.rendition.outcome == KEPT
    assert shown(conversion).size == (160, 120)
    assert len(milliseconds(conversion)) >= 2
    late_s = 0.3 if name.startswith("late") else 0.0
    assert cues(conversion)[-1][1] == pytest.approx(late_s + 1.0, abs=0.1)


def test_nothing_is_made_unless_it_is_wanted(clips: Clips, tmp_path: Path) -> None:
    conversion = convert_file(clips("h264.mp4"), tmp_path / "work", previews=False)
    assert conversion.previews.files == {}
    assert not list((tmp_path / "work").glob("*.jpg"))
    assert (tmp_path / "work" / "made" / "picks.rgb").stat().st_size == 0


def test_completed_rows_name_their_previews(world: World, clips: Clips) -> None:
    row = world.convert(clips("h264.mp4"))
    assert set(row["previews"]) == set(ALL)
