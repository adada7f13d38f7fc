"""Chapters, counted from where a file begins, as players and ffmpeg count."""

from typing import Any

import av
from av.container import InputContainer

MOST_CHAPTERS = 1000
MOST_WORDS = 200_000
"""Characters of all titles. More chapters, or more words, are left out as a whole: a file may hold 9 MB of them, which
would be as much in the row, in each answer of its status, and twice in the receipt."""

TITLE_CHARS = 1000


def source_chapters(container: InputContainer) -> dict[str, Any]:
    """Those of a source that do not end before it begins."""
    begins_s = (container.start_time or 0) / av.time_base
    facts = [chapter_facts(chapter) for chapter in container.chapters()]
    if len(facts) > MOST_CHAPTERS or sum(len(one["title"]) for one in facts) > MOST_WORDS:
        return {"chapters": [], "chapters_left_out": len(facts)}
    shown = [
        one | {"start_s": max(0.0, one["start_s"] - begins_s), "end_s": one["end_s"] - begins_s}
        for one in facts
        if one["end_s"] >= begins_s
    ]
    return {"chapters": shown, "chapters_left_out": 0}


def chapter_facts(chapter: Any) -> dict[str, Any]:
    base = chapter["time_base"] or 0
    title = (chapter["metadata"] or {}).get("title", "")
    return {
        "start_s": float(chapter["start"] * base),
        "end_s": float(chapter["end"] * base),
        "title": title[:TITLE_CHARS],
    }
