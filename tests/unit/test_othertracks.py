"""The plan of subtitles, cover art, attachments and the rest: kept where the container can, named where it cannot."""

import pytest

from functions.converter.media import Chapter
from functions.converter.plan import ConversionPlan
from tests.support.plans import planned, value_of, values_of
from tests.support.probes import a_media, another, some_subtitles

SUBTITLES = [
    ("subrip", "mov_text", "copy"),
    ("ass", "mov_text", "copy"),
    ("ssa", "mov_text", "subrip"),
    ("webvtt", "mov_text", "copy"),
    ("mov_text", "copy", "subrip"),
    ("text", "mov_text", "subrip"),
    ("hdmv_pgs_subtitle", None, "copy"),
    ("dvd_subtitle", None, "copy"),
    ("dvb_subtitle", None, "copy"),
    ("dvb_teletext", None, None),
    ("eia_608", None, None),
    ("xsub", None, None),
    ("?", None, None),
]
"""Codec of the source → what MP4 and Matroska get; None: left out."""


def lost(plan: ConversionPlan, what: str) -> list[int | None]:
    return [one.index for one in plan.dropped if one.what == what]


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize(("codec", "in_mp4", "in_mkv"), SUBTITLES)
def test_subtitles_are_kept_where_the_container_can_hold_them_and_named_where_not(
    codec: str, in_mp4: str | None, in_mkv: str | None, container: str
) -> None:
    expected = in_mp4 if container == "mp4" else in_mkv
    media = a_media(facts={"subtitles": (some_subtitles(codec, index=4, language="fra", flags=("forced",)),)})
    plan = planned(media, container=container)
    arguments = plan.arguments()
    assert value_of(arguments, "-c:s:0") == expected
    assert ("0:4" in values_of(arguments, "-map")) == (expected is not None)
    assert lost(plan, "subtitle") == ([] if expected else [4])
    if expected:
        assert value_of(arguments, "-disposition:s:0") == "forced"
        assert "language=fra" in values_of(arguments, "-metadata:s:s:0")


@pytest.mark.parametrize(
    ("codec", "container", "told"),
    [("ass", "mp4", True), ("ssa", "mp4", True), ("ass", "mkv", False), ("subrip", "mp4", False)],
)
def test_fonts_and_places_that_subtitles_lose_are_said(codec: str, container: str, told: bool) -> None:
    media = a_media(facts={"subtitles": (some_subtitles(codec, index=4),)})
    assert lost(planned(media, container=container), "subtitle_styling") == ([4] if told else [])


def test_pictures_that_are_subtitles_come_with_advice() -> None:
    media = a_media(facts={"subtitles": (some_subtitles("hdmv_pgs_subtitle"),)})
    (one,) = planned(media).dropped
    assert "ask for the container mkv" in one.reason


@pytest.mark.parametrize("codec", ["subrip", "hdmv_pgs_subtitle"])
def test_a_track_without_any_subtitle_is_left_out_and_no_loss(codec: str) -> None:
    media = a_media(facts={"subtitles": (some_subtitles(codec, packets=0, index=4),)})
    plan = planned(media, require={"subtitles"})
    assert plan.tracks == ()
    assert lost(plan, "empty_track") == [4]


def test_subtitles_keep_their_order_beside_those_that_are_left_out() -> None:
    subtitles = (
        some_subtitles("subrip", index=2, language="deu"),
        some_subtitles("dvd_subtitle", index=3, language="eng"),
        some_subtitles("ass", index=4, language="fra"),
    )
    plan = planned(a_media(facts={"subtitles": subtitles}))
    assert [track.index for track in plan.of("subtitle")] == [2, 4]
    arguments = plan.arguments()
    assert "language=fra" in values_of(arguments, "-metadata:s:s:1")
    assert lost(plan, "subtitle") == [3]


@pytest.mark.parametrize("codec", ["png", "mjpeg"])
def test_cover_art_stays_cover_art_behind_the_film(codec: str) -> None:
    media = a_media(facts={"other": (another("cover", codec, index=3),)})
    arguments = planned(media).arguments()
    assert values_of(arguments, "-map")[1:] == ["0:3"]
    assert value_of(arguments, "-c:v:1") == "copy"
    assert value_of(arguments, "-disposition:v:1") == "attached_pic"


@pytest.mark.parametrize("codec", ["gif", "bmp", "webp", "?"])
def test_cover_art_that_mp4_cannot_hold_is_named(codec: str) -> None:
    plan = planned(a_media(facts={"other": (another("cover", codec, index=3),)}))
    assert plan.tracks == ()
    assert lost(plan, "cover") == [3]


def test_cover_art_that_is_not_what_its_file_says_is_named() -> None:
    plan = planned(a_media(facts={"other": (another("cover", "mjpeg", index=3, opens=False),)}))
    assert plan.tracks == ()
    assert lost(plan, "cover") == [3]


@pytest.mark.parametrize("codec", ["ttf", "otf", "unknown"])
def test_attachments_are_kept_in_matroska_and_named_otherwise(codec: str) -> None:
    media = a_media(facts={"other": (another("attachment", codec, index=3),)})
    plan = planned(media)
    assert plan.tracks == ()
    assert lost(plan, "attachment") == [3]
    kept = planned(media, container="mkv")
    assert lost(kept, "attachment") == []
    arguments = kept.arguments()
    assert values_of(arguments, "-map")[1:] == ["0:3"]
    assert value_of(arguments, "-c:t:0") == "copy"
    assert value_of(arguments, "-disposition:t:0") is None


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize(("kind", "what"), [("video", "video"), ("data", "data"), ("unknown", "data")])
def test_another_video_and_timed_data_are_named(kind: str, what: str, container: str) -> None:
    plan = planned(a_media(facts={"other": (another(kind, "?", index=7),)}), container=container)
    assert plan.tracks == ()
    assert lost(plan, what) == [7]


def test_the_titles_of_chapters_are_no_loss_where_there_are_chapters() -> None:
    titles = (another("data", "bin_data", index=5, tag="text"),)
    chapters = (Chapter(0.0, 1.0, "One"),)
    assert planned(a_media(facts={"other": titles, "chapters": chapters})).dropped == ()
    assert lost(planned(a_media(facts={"other": titles})), "data") == [5]
