"""H.265 in the wanted shape is copied: the same samples, in a container and under a name that players take."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.clips import Clips, picture, tone
from tests.support.conversions import convert_file
from tests.support.pictures import HEVC
from tests.support.seeing import see

AAC = [*tone(), *HEVC, "-c:a", "aac"]
COPIED = {
    "hvc1.mp4": [*picture(), *AAC, "-tag:v", "hvc1"],
    "hev1.mp4": [*picture(), *AAC, "-tag:v", "hev1"],
    "ten_bit.mp4": [*picture(), *HEVC, "-pix_fmt", "yuv420p10le"],
    "film.mkv": [*picture(), *AAC],
    "film.ts": [*picture(), *AAC],
    "film.flv": [*picture(), *AAC],
    "fragmented.mp4": [*picture(), *AAC, "-movflags", "frag_keyframe+empty_moov"],
    "cut.mp4": ["-ss", "0.5", "-i", "{hev1.mp4}", "-c", "copy"],
    "variable.mkv": [*picture(), *HEVC, "-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr"],
    "open_gop.ts": [*picture(), *HEVC[:-1], "log-level=error:open-gop=1:keyint=8:bframes=4"],
}
ENCODED = {
    "422.mp4": ([*picture(), *HEVC, "-pix_fmt", "yuv422p10le"], "yuv420p10le"),
    "444.mp4": ([*picture(), *HEVC, "-pix_fmt", "yuv444p"], "yuv420p"),
    "twelve_bit.mp4": ([*picture(), *HEVC, "-pix_fmt", "yuv420p12le"], "yuv420p10le"),
    "gray.mp4": ([*picture(), *HEVC, "-pix_fmt", "gray"], "yuv420p"),
    "rgb.mp4": ([*picture(), *HEVC, "-pix_fmt", "gbrp"], "yuv420p"),
    "raw.hevc": ([*picture(), *HEVC], "yuv420p"),
}
HIDDEN = ("cut.mp4", "mkv")
"""Matroska has no way to hide the frames that an edit list hides."""

KEPT = {"422.mp4": "yuv422p10le", "444.mp4": "yuv444p"}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    recipes = COPIED | {name: recipe for name, (recipe, _) in ENCODED.items()}
    return Clips(tmp_path_factory.mktemp("copies"), recipes)


IN_BOTH = [(name, container) for name in COPIED for container in ("mp4", "mkv") if (name, container) != HIDDEN]


@pytest.mark.parametrize(("name", "container"), IN_BOTH)
def test_h265_is_copied_sample_by_sample(clips: Clips, tmp_path: Path, name: str, container: str) -> None:
    done = convert_file(clips(name), tmp_path, container=container)
    source, result = see(clips(name)), see(done.output)
    assert (done.rendition.outcome, done.dropped, result.codec) == ("remuxed", set(), "hevc")
    assert result.tag == "hvc1" or container == "mkv"
    assert result.steps == pytest.approx(source.steps, abs=0.0011)
    assert all(np.array_equal(one, other) for one, other in zip(source.lumas, result.lumas, strict=True))


def test_frames_that_an_edit_list_hides_stay_hidden_in_matroska(clips: Clips, tmp_path: Path) -> None:
    name, container = HIDDEN
    done = convert_file(clips(name), tmp_path, container=container, crf=34)
    source, result = see(clips(name)), see(done.output)
    assert (done.rendition.outcome, len(result.lumas)) == ("converted", len(source.lumas))
    assert result.steps == pytest.approx(source.steps, abs=0.0011)


@pytest.mark.parametrize("name", ENCODED)
def test_h265_that_players_do_not_show_is_encoded(clips: Clips, tmp_path: Path, name: str) -> None:
    done = convert_file(clips(name), tmp_path, crf=34)
    assert (done.rendition.outcome, see(done.output).format) == ("converted", ENCODED[name][1])
    assert len(see(done.output).lumas) == 25


@pytest.mark.parametrize("name", KEPT)
def test_its_full_resolution_of_colour_is_copied_on_request(clips: Clips, tmp_path: Path, name: str) -> None:
    done = convert_file(clips(name), tmp_path, keep=frozenset({"chroma"}))
    assert (done.rendition.outcome, see(done.output).format) == ("remuxed", KEPT[name])


def test_what_is_lower_than_asked_for_is_copied_and_what_is_higher_is_not(clips: Clips, tmp_path: Path) -> None:
    outcomes = [
        convert_file(clips("hvc1.mp4"), tmp_path / str(height), max_height=height).rendition.outcome
        for height in (60, 120, 240)
    ]
    assert outcomes == ["converted", "remuxed", "remuxed"]
