"""Pure: the chapters of a result, and how ffmpeg is told of them.

They are given anew and not taken over from the source: MP4 keeps titles in a track of texts, so that there one chapter
follows another from the film's beginning on. Where the first began later, ffmpeg moved all of them forward; where one
had no title, the titles of those behind it.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from functions.converter.dropping import Dropped
from functions.converter.media import Chapter, MediaInfo

UNTITLED = " "
"""A text of MP4 that shows nothing."""

TICKS = 1_000_000
LATE_S = 0.001
LINE_ENDS = re.compile(r"[\r\n\0]+")
SPECIAL = re.compile(r"([=;#\\])")
"""Characters that ffmpeg's format of metadata wants a backslash before."""


def planned_chapters(media: MediaInfo, container: str) -> tuple[tuple[Chapter, ...], list[Dropped]]:
    """In the order of their beginning; in MP4 from the film's beginning on and, if any has one, each with a title."""
    if media.chapters_left_out:
        return (), [Dropped("chapters", f"{media.chapters_left_out} chapters are more than any film has.")]
    named = (replace(chapter, title=LINE_ENDS.sub(" ", chapter.title)) for chapter in media.chapters)
    chapters = sorted(named, key=lambda chapter: chapter.start_s)
    if container == "mp4" and any(chapter.title for chapter in chapters):
        first_s = chapters[0].start_s
        before = [Chapter(0.0, first_s)] if first_s > LATE_S else []
        chapters = [replace(chapter, title=chapter.title or UNTITLED) for chapter in (*before, *chapters)]
    return tuple(chapters), []


def written(chapters: Iterable[Chapter]) -> str:
    """As ffmpeg's demuxer ``ffmetadata`` reads them."""
    return ";FFMETADATA1\n" + "".join(_section(chapter) for chapter in chapters)


def _section(chapter: Chapter) -> str:
    start, end = (round(seconds * TICKS) for seconds in (chapter.start_s, max(chapter.start_s, chapter.end_s)))
    title = SPECIAL.sub(r"\\\1", chapter.title)
    return f"[CHAPTER]\nTIMEBASE=1/{TICKS}\nSTART={start}\nEND={end}\n" + (f"title={title}\n" if title else "")
