"""Samples of every depth and shape become what players of H.265 show, as bright as they were."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from functions.shared.errors import RequirementNotMet
from tests.support.clips import Clips, picture
from tests.support.conversions import Conversion, convert_file
from tests.support.pictures import FORMATS, HALF
from tests.support.seeing import distance, line, see

NO_MORE_COLOUR = ("yuv420", "yuva420", "yuv410", "nv12", "gray", "ya8")
"""Formats with no more samples of colour than 4:2:0."""

GAIN, OFFSET = 0.02, 1.5
"""How far the contrast and the brightness of a whole film are off after a quick encode; a wrong range by 0.14."""

MORE = {
    "odd.mkv": [*picture("853x481", seconds=0.2, source="testsrc"), "-c:v", "ffv1", "-pix_fmt", "yuv420p"],
    "odd_444.mkv": [*picture("161x121", seconds=0.4, source="testsrc"), "-c:v", "ffv1", "-pix_fmt", "yuv444p"],
    "odd_rgb.mov": [*picture("161x121", seconds=0.4, source="testsrc"), "-c:v", "png", "-pix_fmt", "rgb24"],
    "half_png.mov": [*picture(seconds=0.4), "-vf", HALF, "-c:v", "png", "-pix_fmt", "rgba"],
    "half_prores.mov": [*picture(seconds=0.4), "-vf", HALF, "-c:v", "prores_ks", "-pix_fmt", "yuva444p10le"],
    "half_qtrle.mov": [*picture(seconds=0.4), "-vf", HALF, "-c:v", "qtrle", "-pix_fmt", "argb"],
    "half_ffv1.mkv": [*picture(seconds=0.4), "-vf", HALF, "-c:v", "ffv1", "-pix_fmt", "yuva420p"],
    "half_gray.mkv": [*picture(seconds=0.4), "-vf", HALF, "-c:v", "ffv1", "-pix_fmt", "ya8"],
    "half_vp9.webm": [*picture(seconds=0.4), "-vf", HALF, "-c:v", "libvpx-vp9", "-b:v", "4M", "-pix_fmt", "yuva420p"],
    "half_vp8.webm": [
        *(*picture(seconds=0.4), "-vf", HALF, "-c:v", "libvpx", "-b:v", "4M", "-pix_fmt", "yuva420p"),
        *("-auto-alt-ref", "0"),
    ],
}
HALVES = [name for name in MORE if name.startswith("half")]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("formats"), FORMATS | MORE)


def converted(clips: Clips, name: str, folder: Path, **options: Any) -> Conversion:
    return convert_file(clips(name), folder, **options)


@pytest.mark.parametrize("name", FORMATS)
def test_samples_become_420_with_8_or_10_bits_and_keep_their_brightness(
    clips: Clips, tmp_path: Path, name: str
) -> None:
    done = converted(clips, name, tmp_path)
    source, result = see(clips(name)), see(done.output)
    assert (done.rendition.outcome, result.codec, result.tag) == ("converted", "hevc", "hvc1")
    assert result.format == ("yuv420p10le" if source.bits > 8 else "yuv420p")
    gain, offset = line(source.lumas, result.lumas)
    assert abs(gain - 1) < GAIN
    assert abs(offset) < OFFSET
    assert ("chroma" in done.dropped) == (not source.format.startswith(NO_MORE_COLOUR))
    if source.format.startswith(("gray", "ya")):
        assert all(abs(plane - 128).max() <= 1 for plane in result.chroma)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("h264_yuv422p.mp4", "yuv422p"),
        ("h264_yuv444p10le.mp4", "yuv444p10le"),
        ("hevc_yuv444p12le.mp4", "yuv444p10le"),
        ("prores_yuv422p10le.mov", "yuv422p10le"),
        ("ffv1_yuv411p.mkv", "yuv444p"),
        ("png_rgb24.mov", "yuv444p"),
        ("h264_yuv420p.mp4", "yuv420p"),
    ],
)
def test_the_full_resolution_of_colour_is_kept_on_request(
    clips: Clips, tmp_path: Path, name: str, expected: str
) -> None:
    done = converted(clips, name, tmp_path, keep=frozenset({"chroma"}), require=frozenset({"chroma"}))
    assert see(done.output).format == expected
    assert "chroma" not in done.dropped


def test_the_full_resolution_of_colour_that_is_required_and_not_kept_is_refused(clips: Clips, tmp_path: Path) -> None:
    with pytest.raises(RequirementNotMet, match="chroma"):
        converted(clips, "h264_yuv422p.mp4", tmp_path, require=frozenset({"chroma"}))


@pytest.mark.parametrize("name", ["png_rgb24.mov", "h264rgb_gbrp.mp4", "ffv1_gbrp14le.mkv", "qtrle_rgb24.mov"])
def test_rgb_becomes_bt709_within_limits_and_says_so(clips: Clips, tmp_path: Path, name: str) -> None:
    result = see(converted(clips, name, tmp_path).output)
    range_, _, _, matrix = result.colour
    assert (range_, matrix) == (1, 1)
    assert np.percentile(result.lumas[0], 1) >= 10


@pytest.mark.parametrize(
    ("name", "size"), [("odd.mkv", (852, 480)), ("odd_444.mkv", (160, 120)), ("odd_rgb.mov", (160, 120))]
)
def test_an_odd_last_row_or_column_is_left_out_and_no_other_sample_moves(
    clips: Clips, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    source, result = see(clips(name)), see(converted(clips, name, tmp_path).output)
    assert result.size == size
    cut = source.lumas[0][: size[1], : size[0]]
    moved = source.lumas[0][: size[1], 1 : 1 + size[0]]
    assert distance(cut, result.lumas[0]) < distance(moved, result.lumas[0])
    assert distance(cut, result.lumas[0]) < 6


@pytest.mark.parametrize("name", HALVES)
def test_what_is_transparent_is_black_and_what_is_not_stays(clips: Clips, tmp_path: Path, name: str) -> None:
    done = converted(clips, name, tmp_path)
    source, result = see(clips(name)), see(done.output)
    left, right = np.s_[:, 8:64], np.s_[:, 96:152]
    black = 0 if result.colour[0] == 2 else 16
    assert "alpha" in done.dropped
    assert abs(result.lumas[0][left].mean() - black) < 2
    assert distance(source.lumas[0][right], result.lumas[0][right]) < 8
    assert all(abs(plane[:, 8:32].mean() - 128) < 2 for plane in result.chroma)


def test_a_film_that_must_keep_its_transparency_is_refused(clips: Clips, tmp_path: Path) -> None:
    with pytest.raises(RequirementNotMet, match="alpha"):
        converted(clips, "half_png.mov", tmp_path, require=frozenset({"alpha"}))
