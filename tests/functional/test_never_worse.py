"""What is delivered is never larger than the source, unless what was asked for leaves no other way."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from functions.shared.errors import RequirementNotMet
from tests.support.clips import Clips, picture, tone
from tests.support.conversions import convert_file
from tests.support.tracks import audio_tracks, video_track

TINY = ["-c:v", "libx264", "-preset", "veryslow", "-crf", "45", "-pix_fmt", "yuv420p"]
HEVC = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"]
RECIPES: dict[str, list[str]] = {
    "hevc.mkv": [*picture(seconds=2), *tone(2), *HEVC, "-c:a", "aac"],
    "hevc.mp4": [*picture(seconds=2), *HEVC, "-tag:v", "hev1"],
    "tiny.mkv": [*picture(seconds=2), *tone(2), *TINY, "-c:a", "aac", "-b:a", "32k"],
    "tiny.mp4": [*picture(seconds=2), *TINY],
    "tiny.ts": [*picture(seconds=2), *tone(2), *TINY, "-c:a", "aac", "-b:a", "32k"],
    "middling.mp4": [*picture("320x240", seconds=3), "-c:v", "libx264", "-crf", "30", "-pix_fmt", "yuv420p"],
    "tiny.avi": [*picture(seconds=2), "-c:v", "mpeg4", "-q:v", "31"],
    "tiny.webm": [*picture(seconds=2), "-c:v", "libvpx", "-b:v", "20k", "-crf", "63"],
    "tiny.gif": ["-f", "lavfi", "-i", "color=c=red:size=64x64:rate=10:duration=1"],
    "tiny.mpg": [*picture(seconds=2), "-c:v", "mpeg2video", "-q:v", "31"],
    "large.mkv": [*picture(seconds=2), "-c:v", "ffv1"],
    "place.mp4": [*picture(seconds=2), *TINY, "-metadata", "location=+52.5200+013.4050/"],
}
WASTEFUL: dict[str, Any] = {"crf": 0.0, "preset": "ultrafast"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("small"), RECIPES)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["hevc.mkv", "hevc.mp4"])
def test_h265_is_taken_over(small: Clips, tmp_path: Path, name: str) -> None:
    before = video_track(small(name).read_bytes())
    done = convert_file(small(name), tmp_path, **WASTEFUL)
    assert done.rendition.outcome == "remuxed"
    after = video_track(done.output.read_bytes())
    assert (after.codec, after.tag, len(after.times)) == ("hevc", "hvc1", len(before.times))


@pytest.mark.parametrize("name", ["tiny.ts", "tiny.mp4"])
def test_a_picture_that_would_only_grow_is_left_as_it_is(small: Clips, tmp_path: Path, name: str) -> None:
    done = convert_file(small(name), tmp_path, **WASTEFUL)
    assert (done.rendition.outcome, done.rendition.codec, done.rendition.extension) == ("kept_original", "h264", "mp4")
    assert "%" in (done.rendition.reason or "")
    assert done.output.stat().st_size <= small(name).stat().st_size
    before, after = small(name).read_bytes(), done.output.read_bytes()
    assert video_track(after).steps == video_track(before).steps
    assert len(audio_tracks(after)) == len(audio_tracks(before))


def test_a_copy_that_would_be_larger_is_left_out_too(small: Clips, tmp_path: Path) -> None:
    done = convert_file(small("tiny.mkv"), tmp_path, **WASTEFUL)
    assert (done.rendition.outcome, done.rendition.extension) == ("kept_original", "mkv")
    assert digest(done.output) == digest(small("tiny.mkv"))


@pytest.mark.parametrize(("name", "extension"), [("tiny.webm", "webm"), ("tiny.gif", "gif"), ("tiny.mpg", "mpg")])
def test_what_mp4_cannot_hold_stays_the_very_file(small: Clips, tmp_path: Path, name: str, extension: str) -> None:
    done = convert_file(small(name), tmp_path, **WASTEFUL)
    assert (done.rendition.outcome, done.rendition.extension) == ("kept_original", extension)
    assert digest(done.output) == digest(small(name))


def test_an_avi_is_never_delivered_larger(small: Clips, tmp_path: Path) -> None:
    done = convert_file(small("tiny.avi"), tmp_path, **WASTEFUL)
    assert done.rendition.outcome == "kept_original"
    assert done.output.stat().st_size <= small("tiny.avi").stat().st_size


def test_a_large_source_is_converted_even_so(small: Clips, tmp_path: Path) -> None:
    done = convert_file(small("large.mkv"), tmp_path, **WASTEFUL)
    assert done.rendition.outcome == "converted"
    assert done.output.stat().st_size < small("large.mkv").stat().st_size


@pytest.mark.parametrize("crf", [22, 28, 30, 32, 34])
def test_near_the_sources_size_nothing_is_delivered_larger(small: Clips, tmp_path: Path, crf: int) -> None:
    source = small("middling.mp4")
    done = convert_file(source, tmp_path, crf=float(crf), preset="superfast")
    assert done.output.stat().st_size <= source.stat().st_size
    assert done.rendition.outcome in ("converted", "kept_original")


def test_another_size_that_was_asked_for_is_made_whatever_it_weighs(small: Clips, tmp_path: Path) -> None:
    done = convert_file(small("tiny.mp4"), tmp_path, max_height=64, **WASTEFUL)
    assert (done.rendition.outcome, video_track(done.output.read_bytes()).height) == ("converted", 64)


def test_a_place_that_shall_be_left_out_is_not_in_what_is_kept(small: Clips, tmp_path: Path) -> None:
    done = convert_file(small("place.mp4"), tmp_path, **WASTEFUL)
    assert done.rendition.outcome == "kept_original"
    assert b"52.52" not in done.output.read_bytes()


@pytest.mark.parametrize("name", ["tiny.mkv", "tiny.webm", "hevc.mkv", "large.mkv"])
def test_the_source_is_never_changed(small: Clips, tmp_path: Path, name: str) -> None:
    before = digest(small(name))
    done = convert_file(small(name), tmp_path, **WASTEFUL)
    assert digest(done.job.source) == before


def test_what_is_required_and_lost_is_refused_and_not_kept(small: Clips, tmp_path: Path) -> None:
    with pytest.raises(RequirementNotMet):
        convert_file(small("tiny.mkv"), tmp_path, require=frozenset({"all_audio"}), audio="none", **WASTEFUL)
    assert not list(tmp_path.glob("output.*"))
