"""Chapters, tags and text of films that were not written as MP4 would have them."""

from pathlib import Path

import pytest

from functions.shared.errors import RequirementNotMet
from tests.support.clips import Clips, picture, run_ffmpeg
from tests.support.conversions import Conversion, convert_file
from tests.support.films import PICTURE
from tests.support.tracks import Words, words


def beside(done: Conversion) -> Words:
    return words(done.output.read_bytes())


def chapter(start_ms: int, end_ms: int, title: str | None = None) -> str:
    named = f"title={title}\n" if title else ""
    return f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start_ms}\nEND={end_ms}\n{named}"


CHAPTERS = {
    "the first begins late": (chapter(500, 800, "a") + chapter(800, 1000, "b"), [(0.5, "a"), (0.8, "b")]),
    "one has no title": (chapter(0, 400) + chapter(400, 1000, "b"), [(0.0, ""), (0.4, "b")]),
    "none has a title": (chapter(0, 400) + chapter(400, 1000), [(0.0, ""), (0.4, "")]),
    "beyond the end": (chapter(0, 400, "a") + chapter(4000, 9000, "b"), [(0.0, "a"), (4.0, "b")]),
    "odd characters": (
        chapter(0, 400, r"a\=1\; \#2 \\ é") + chapter(400, 1000, "  two  spaces "),
        [(0.0, "a=1; #2 \\ é"), (0.4, "  two  spaces ")],
    ),
}


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("name", CHAPTERS)
def test_chapters_keep_their_times_and_titles(tmp_path: Path, name: str, container: str) -> None:
    text, wanted = CHAPTERS[name]
    done = convert_file(chaptered(tmp_path, text), tmp_path / "work", container=container)
    got = [(start_s, "" if title == " " else title) for start_s, title in beside(done).chapters]
    if container == "mp4" and name == "the first begins late":  # where the others would begin with the film
        assert got.pop(0) == (0.0, "")
    assert [title for _, title in got] == [title for _, title in wanted]
    assert [start_s for start_s, _ in got] == pytest.approx([start_s for start_s, _ in wanted], abs=0.002)
    assert done.dropped == set()


def chaptered(tmp_path: Path, chapters: str, *options: str) -> Path:
    (tmp_path / "chapters.txt").write_text(f";FFMETADATA1\n{chapters}")
    told = ["-i", str(tmp_path / "chapters.txt"), "-map", "0", "-map_chapters", "1", *options]
    return Clips(tmp_path, {"film.mkv": [*picture(), *told, *PICTURE]})("film.mkv")


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_chapters_of_a_film_that_begins_late_stay_beside_its_picture(tmp_path: Path, container: str) -> None:
    late = chaptered(tmp_path, chapter(0, 400, "a") + chapter(400, 1000, "b"), "-output_ts_offset", "3")
    shifted = tmp_path / "shifted.mkv"
    (tmp_path / "late.txt").write_text(";FFMETADATA1\n" + chapter(3000, 3400, "a") + chapter(3400, 4000, "b"))
    told = ["-i", str(tmp_path / "late.txt"), "-map", "0", "-map_chapters", "1", "-c", "copy", str(shifted)]
    run_ffmpeg(["-copyts", "-i", str(late), *told])
    done = convert_file(shifted, tmp_path / "work", container=container)
    assert [title for _, title in beside(done).chapters] == ["a", "b"]
    assert [start_s for start_s, _ in beside(done).chapters] == pytest.approx([0.0, 0.4], abs=0.002)


def test_more_chapters_than_any_film_has_are_left_out_and_named(tmp_path: Path) -> None:
    source = chaptered(tmp_path, "".join(chapter(number, number + 1, "x" * 300) for number in range(900)))
    done = convert_file(source, tmp_path / "work")
    assert beside(done).chapters == ()
    assert done.dropped == {"chapters"}
    with pytest.raises(RequirementNotMet, match="chapters"):
        convert_file(source, tmp_path / "again", require=frozenset({"chapters"}))


def test_of_a_hundred_thousand_tags_those_that_matter_are_read(tmp_path: Path) -> None:
    many = "".join(f"tag{number}=x\n" for number in range(3000))
    (tmp_path / "tags.txt").write_text(f";FFMETADATA1\n{many}title=A film\nlocation=+52.5200+013.4050/\n")
    told = ["-i", str(tmp_path / "tags.txt"), "-map", "0", "-map_metadata", "1"]
    source = Clips(tmp_path, {"film.mkv": [*picture(), *told, *PICTURE]})("film.mkv")
    done = convert_file(source, tmp_path / "work")
    assert beside(done).tags["title"] == "A film"
    assert done.dropped == {"location"}
    assert len(done.media.tags) < 150


def in_latin_1(tmp_path: Path, *lines: str) -> Path:
    """A film with subtitles whose text is in an encoding that the file does not tell."""
    cues = [f"{i}\n00:00:00,{i}00 --> 00:00:00,{i}50\n{line}\n\n" for i, line in enumerate(lines)]
    (tmp_path / "lines.srt").write_text("".join(cues))
    told = ["-i", str(tmp_path / "lines.srt"), "-c:s", "srt"]
    film = Clips(tmp_path, {"film.mkv": [*picture(), *told, *PICTURE]})("film.mkv")
    film.write_bytes(film.read_bytes().replace("é".encode(), b"\xe9 "))
    return film


def test_subtitles_in_an_encoding_that_nobody_tells_are_named_and_the_film_goes_on(tmp_path: Path) -> None:
    source = in_latin_1(tmp_path, "février", "lé")
    done = convert_file(source, tmp_path / "work")
    assert done.dropped == {"subtitle"}
    assert beside(done).of("subtitle") == []
    with pytest.raises(RequirementNotMet, match="subtitles"):
        convert_file(source, tmp_path / "required", require=frozenset({"subtitles"}))
    copied = convert_file(source, tmp_path / "copied", container="mkv")
    assert copied.dropped == set()
    assert b"f\xe9 vrier" in copied.output.read_bytes()


def test_lines_in_another_encoding_are_named(tmp_path: Path) -> None:
    source = in_latin_1(tmp_path, "one", "two", "trois février")
    done = convert_file(source, tmp_path / "work")
    assert done.dropped == {"subtitle_lines"}
    assert len(beside(done).of("subtitle")) == 1
    with pytest.raises(RequirementNotMet, match="subtitles"):
        convert_file(source, tmp_path / "required", require=frozenset({"subtitles"}))
