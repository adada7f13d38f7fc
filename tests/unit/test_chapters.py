"""The plan of chapters, and ffmpeg's words for them."""

import pytest

from functions.converter.chapters import UNTITLED, planned_chapters, written
from functions.converter.media import Chapter
from tests.support.probes import a_media


def planned(*chapters: Chapter, container: str = "mp4") -> tuple[Chapter, ...]:
    return planned_chapters(a_media(facts={"chapters": chapters}), container)[0]


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_chapters_stand_in_the_order_in_which_they_begin(container: str) -> None:
    one, two = Chapter(0.0, 6.0, "One"), Chapter(6.0, 9.0, "Two")
    assert planned(two, one, container=container) == (one, two)


def test_in_mp4_each_chapter_has_a_title_if_any_has_one() -> None:
    untitled, two = Chapter(0.0, 6.0), Chapter(6.0, 9.0, "Two")
    assert planned(untitled, two) == (Chapter(0.0, 6.0, UNTITLED), two)
    assert planned(untitled, two, container="mkv") == (untitled, two)
    assert planned(untitled) == (untitled,)


def test_in_mp4_chapters_go_on_from_the_films_beginning() -> None:
    late = Chapter(5.0, 9.0, "Late")
    assert planned(late) == (Chapter(0.0, 5.0, UNTITLED), late)
    assert planned(late, container="mkv") == (late,)


def test_titles_have_one_line() -> None:
    assert planned(Chapter(0.0, 1.0, "a\r\nb")) == (Chapter(0.0, 1.0, "a b"),)


def test_more_chapters_than_are_read_are_named() -> None:
    chapters, dropped = planned_chapters(a_media(facts={"chapters_left_out": 10_000}), "mkv")
    assert chapters == ()
    assert [(one.what, "10000" in one.reason) for one in dropped] == [("chapters", True)]


def test_no_title_makes_another_line_or_section() -> None:
    text = written([Chapter(0.5, 0.25, "[CHAPTER];#a=b\\")])
    assert (
        text
        == ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000000\nSTART=500000\nEND=500000\ntitle=[CHAPTER]\\;\\#a\\=b\\\\\n"
    )
