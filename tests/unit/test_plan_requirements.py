"""What is required and cannot be kept is refused before anything is encoded."""

from typing import Any

import pytest

from functions.converter.media import PQ, Chapter, Colour, Hdr, MediaInfo
from functions.shared.errors import RequirementNotMet
from tests.support.plans import planned, value_of
from tests.support.probes import a_media, another, some_audio, some_subtitles

CAN_BE_LOST: dict[str, tuple[MediaInfo, dict[str, Any], dict[str, Any]]] = {
    "hdr10plus": (a_media(colour=Colour("tv", 9, PQ, 9), hdr=Hdr(hdr10plus=True)), {}, {}),
    "dolby_vision": (a_media(colour=Colour("tv", 9, PQ, 9), hdr=Hdr(dolby_vision="8.1")), {}, {}),
    "all_audio": (a_media(some_audio()), {"audio": "none"}, {"audio": "auto"}),
    "subtitles": (
        a_media(facts={"subtitles": (some_subtitles("hdmv_pgs_subtitle"),)}),
        {"container": "mp4"},
        {"container": "mkv"},
    ),
    "attachments": (
        a_media(facts={"other": (another("attachment", "ttf"),)}),
        {"container": "mp4"},
        {"container": "mkv"},
    ),
    "alpha": (a_media(pixel_format="yuva420p", alpha=True), {}, {}),
    "chroma": (a_media(pixel_format="yuv422p", chroma="422"), {}, {"keep": {"chroma"}}),
    "location": (a_media(facts={"tags": {"location": "+52.5+013.4/"}}), {}, {"keep": {"location"}}),
}
"""What may be required → a source that loses it under the first options, and keeps it under the second, if any do."""


@pytest.mark.parametrize("name", CAN_BE_LOST)
def test_what_is_required_and_cannot_be_kept_is_refused_by_name(name: str) -> None:
    media, losing, keeping = CAN_BE_LOST[name]
    with pytest.raises(RequirementNotMet, match=name):
        planned(media, require={name}, **losing)
    planned(media, **losing)
    if keeping:
        planned(media, require={name}, **keeping)


@pytest.mark.parametrize("name", [*CAN_BE_LOST, "hdr", "chapters"])
def test_what_a_source_has_not_cannot_be_lost(name: str) -> None:
    assert planned(a_media(), require={name}).dropped == ()


def test_all_that_is_missing_is_named_at_once() -> None:
    media = a_media(facts={"other": (another("attachment", "ttf"),)}, alpha=True)
    with pytest.raises(RequirementNotMet, match="attachments, alpha"):
        planned(media, require={"attachments", "alpha", "chapters"})


def test_required_hdr_and_chapters_are_kept() -> None:
    chapters = (Chapter(0.0, 1.0, "One"),)
    media = a_media(facts={"chapters": chapters}, colour=Colour("tv", 9, PQ, 9))
    plan = planned(media, require={"hdr", "chapters"})
    assert plan.picture.colour.is_hdr
    assert plan.chapters == chapters
    assert value_of(plan.arguments(), "-map_chapters") == "1"
