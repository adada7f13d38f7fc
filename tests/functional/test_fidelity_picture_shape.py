"""Turned, mirrored, stretched, resized: applied once by an encode, carried once by a copy."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.clips import H264, Clips, picture, run_ffmpeg
from tests.support.conversions import convert_file
from tests.support.pictures import HEVC
from tests.support.seeing import Luma, distance, see

TURNS: dict[str, list[str]] = {
    "90": ["-display_rotation", "90"],
    "180": ["-display_rotation", "180"],
    "270": ["-display_rotation", "270"],
    "mirror": ["-display_hflip"],
    "upside_down": ["-display_vflip"],
    "90_mirror": ["-display_rotation", "90", "-display_hflip"],
}
TALL = ["-f", "lavfi", "-i", "testsrc2=size=120x160:rate=25:duration=0.4"]
GROWN = [*picture("320x180", seconds=0.4), *H264, "-output_ts_offset", "0.4", "-f", "mpegts"]
RECIPES = {
    "h264.mp4": [*picture(seconds=0.4), *H264],
    "hevc.mp4": [*picture(seconds=0.4), *HEVC],
    "tall.mp4": [*TALL, *H264],
    "small.ts": [*picture(seconds=0.4), *H264, "-f", "mpegts"],
    "grown.ts": GROWN,
    "pal.mpg": [*picture("720x576", seconds=0.2), "-vf", "setsar=16/15", "-c:v", "mpeg2video", "-b:v", "4M"],
    "pal_wide.mkv": [*picture("720x576", seconds=0.2), "-vf", "setsar=64/45", *H264],
    "stretched.mp4": [*picture(seconds=0.4), "-vf", "setsar=4/3", *H264],
    "stretched_hevc.mkv": [*picture(seconds=0.4), "-vf", "setsar=4/3", *HEVC],
    "stretched_turned.mp4": ["-display_rotation", "90", "-i", "{stretched.mp4}", "-c", "copy"],
    "smallest.mp4": ["-f", "lavfi", "-i", "testsrc=size=16x16:rate=25:duration=1", "-c:v", "libx264", "-qp", "0"],
} | {
    f"{codec}_{turn}.{container}": [*options, "-i", f"{{{codec}.mp4}}", "-c", "copy"]
    for turn, options in TURNS.items()
    for codec in ("h264", "hevc")
    for container in ("mp4", "mov", "mkv")
}  # fmt: skip


def turned(luma: Luma, turn: str) -> Luma:
    """What a player shows. ffmpeg's options turn counterclockwise, after they mirrored."""
    return {
        "90": np.rot90(luma),
        "180": np.rot90(luma, 2),
        "270": np.rot90(luma, 3),
        "mirror": np.fliplr(luma),
        "upside_down": np.flipud(luma),
        "90_mirror": np.fliplr(np.rot90(luma)),
    }[turn]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("shapes"), RECIPES)


@pytest.mark.parametrize("container", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("turn", TURNS)
def test_an_encode_turns_the_picture_once(clips: Clips, tmp_path: Path, turn: str, container: str) -> None:
    done = convert_file(clips(f"h264_{turn}.{container}"), tmp_path)
    source, result = see(clips("h264.mp4")), see(done.output)
    wanted = turned(source.lumas[0], turn)
    assert (result.rotation, "DISPLAYMATRIX" in result.side) == (0, False)
    assert result.size == (wanted.shape[1], wanted.shape[0])
    nearest = min(TURNS, key=lambda other: _apart(turned(source.lumas[0], other), result.lumas[0]))
    assert nearest == turn
    assert distance(wanted, result.lumas[0]) < 8


def _apart(one: Luma, other: Luma) -> float:
    return distance(one, other) if one.shape == other.shape else 255.0


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("source", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("turn", ["90", "180", "270", "mirror", "90_mirror"])
def test_a_copy_carries_the_turn_once(clips: Clips, tmp_path: Path, turn: str, source: str, container: str) -> None:
    film = clips(f"hevc_{turn}.{source}")
    done = convert_file(film, tmp_path, container=container)
    wanted, result = see(film), see(done.output)
    assert done.rendition.outcome == "remuxed"
    assert result.side["DISPLAYMATRIX"] == wanted.side["DISPLAYMATRIX"]
    assert (result.size, result.rotation) == ((160, 120), wanted.rotation)
    assert all(np.array_equal(one, other) for one, other in zip(wanted.lumas, result.lumas, strict=True))


@pytest.mark.parametrize(
    ("name", "size", "ratio"),
    [
        ("pal.mpg", (720, 576), (16, 15)),
        ("pal_wide.mkv", (720, 576), (64, 45)),
        ("stretched.mp4", (160, 120), (4, 3)),
        ("stretched_turned.mp4", (120, 160), (3, 4)),
        ("stretched_hevc.mkv", (160, 120), (4, 3)),
    ],
)
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_the_shape_of_samples_is_kept(
    clips: Clips, tmp_path: Path, name: str, size: tuple[int, int], ratio: tuple[int, int], container: str
) -> None:
    result = see(convert_file(clips(name), tmp_path, container=container).output)
    assert (result.size, result.sample_aspect.as_integer_ratio()) == (size, ratio)


@pytest.mark.parametrize(
    ("name", "max_height", "size"),
    [
        ("h264.mp4", 60, (80, 60)),
        ("h264.mp4", 61, (80, 60)),
        ("h264.mp4", 120, (160, 120)),
        ("h264.mp4", 2160, (160, 120)),
        ("tall.mp4", 80, (60, 80)),
        ("h264_90.mp4", 80, (60, 80)),
        ("h264_90.mp4", 130, (98, 130)),
        ("stretched.mp4", 60, (80, 60)),
        ("hevc_90.mp4", 80, (60, 80)),
        ("hevc_90.mp4", 160, (160, 120)),
    ],
)
def test_no_picture_is_higher_than_asked_for_and_none_grows(
    clips: Clips, tmp_path: Path, name: str, max_height: int, size: tuple[int, int]
) -> None:
    result = see(convert_file(clips(name), tmp_path, max_height=max_height).output)
    assert result.size == size
    assert result.sample_aspect == see(clips(name)).sample_aspect


@pytest.mark.parametrize("container", ["ts", "mkv", "mp4"])
@pytest.mark.parametrize("first", ["small.ts", "grown.ts"])
def test_a_picture_that_changes_its_size_is_fitted_into_the_first_one(
    clips: Clips, tmp_path: Path, container: str, first: str
) -> None:
    """The second half of the film lies within black bars, where its shape is another one."""
    joined, film = tmp_path / "joined.ts", tmp_path / f"film.{container}"
    small, grown = clips("small.ts"), clips("grown.ts")
    order = [small, grown] if first == "small.ts" else [grown, small]
    joined.write_bytes(b"".join(part.read_bytes() for part in order))
    _copied(joined, film)
    result = see(convert_file(film, tmp_path / "work").output)
    assert result.size == see(order[0]).size
    assert len(result.lumas) == 20
    bars = (result.lumas[15][:10], result.lumas[15][:, :20])[first == "grown.ts"]
    assert bars.mean() < 20
    assert result.lumas[5][:10].mean() > 30


def _copied(source: Path, film: Path) -> None:
    run_ffmpeg(["-i", str(source), "-c", "copy", str(film)])


def test_the_smallest_picture_is_converted(clips: Clips, tmp_path: Path) -> None:
    result = see(convert_file(clips("smallest.mp4"), tmp_path).output)
    assert (result.codec, result.size, len(result.lumas)) == ("hevc", (16, 16), 25)
