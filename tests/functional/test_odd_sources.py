"""Films of Matroska whose words about themselves MP4 has no place for, or which are not true."""

from pathlib import Path

from tests.support.clips import Clips, picture
from tests.support.conversions import convert_file
from tests.support.films import PICTURE


def test_a_limited_range_that_only_matroska_tells_is_no_reason_not_to_keep_the_picture(tmp_path: Path) -> None:
    coarse = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "40", "-color_range", "tv"]
    source = Clips(tmp_path, {"film.mkv": [*picture(), *coarse]})("film.mkv")
    done = convert_file(source, tmp_path / "work", crf=0)
    assert done.media.video.colour.range == "tv"
    assert (done.rendition.outcome, done.rendition.codec) == ("kept_original", "h264")


def test_a_cover_that_is_no_jpeg_although_its_file_says_so_is_named_and_the_film_goes_on(tmp_path: Path) -> None:
    (tmp_path / "cover.jpg").write_text("no picture at all")
    told = ["-attach", str(tmp_path / "cover.jpg"), "-metadata:s:t", "mimetype=image/jpeg"]
    source = Clips(tmp_path, {"film.mkv": [*picture(), *told, *PICTURE]})("film.mkv")
    assert convert_file(source, tmp_path / "work").dropped == {"cover"}


def test_a_timecode_is_told_from_other_timed_data(tmp_path: Path) -> None:
    source = Clips(tmp_path, {"film.mov": [*picture(), *PICTURE, "-timecode", "01:00:00:00"]})("film.mov")
    done = convert_file(source, tmp_path / "work")
    assert [(one["type"], one["tag"]) for one in done.media.other] == [("data", "tmcd")]
