"""Which films are only copied: those that are H.265 in the wanted shape, and those that an encode would make larger."""

from typing import Any

import pytest

from functions.converter.containers import UNTIMED
from functions.converter.media import PQ, Colour, Hdr
from functions.converter.plan import MKV_VIDEO, MP4_VIDEO, plan_keeping
from tests.support.plans import asked, planned, value_of
from tests.support.probes import a_media, some_audio

WANTED: dict[str, Any] = {"codec": "hevc", "bit_depth": 10, "pixel_format": "yuv420p10le"}
TO_BE_DONE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another codec": ({"codec": "h264"}, {}),
    "twelve bits": ({"bit_depth": 12, "pixel_format": "yuv420p12le"}, {}),
    "4:2:2": ({"chroma": "422", "pixel_format": "yuv422p10le"}, {}),
    "4:4:4": ({"chroma": "444", "pixel_format": "yuv444p10le"}, {}),
    "RGB": ({"chroma": "rgb", "pixel_format": "gbrp10le"}, {}),
    "RGB, chroma kept": ({"chroma": "rgb", "pixel_format": "gbrp10le"}, {"keep": {"chroma"}}),
    "interlaced": ({"fields": "interlaced", "flagged_interlaced": True}, {}),
    "telecine": ({"fields": "telecine", "flagged_interlaced": True}, {}),
    "transparent": ({"alpha": True}, {}),
    "too high": ({}, {"max_height": 480}),
    "too high as it is turned": ({"rotation": 90}, {"max_height": 1000}),
}


@pytest.mark.parametrize(("changes", "options"), TO_BE_DONE.values(), ids=TO_BE_DONE.keys())
def test_a_film_that_is_not_yet_in_the_wanted_shape_is_encoded(changes: dict[str, Any], options: Any) -> None:
    plan = planned(a_media(**{**WANTED, **changes}), **options)
    assert not plan.is_remux
    assert value_of(plan.arguments(), "-c:v:0") == "libx265"


ALREADY: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "ten bits": ({}, {}),
    "eight bits": ({"bit_depth": 8, "pixel_format": "yuv420p"}, {}),
    "turned": ({"rotation": 90}, {}),
    "mirrored": ({"mirrored": True}, {}),
    "low enough": ({}, {"max_height": 720}),
    "low enough as it is turned": ({"rotation": 270}, {"max_height": 1280}),
    "4:2:2, kept": ({"chroma": "422", "pixel_format": "yuv422p10le"}, {"keep": {"chroma"}}),
    "HDR10": ({"colour": Colour("tv", 9, PQ, 9), "hdr": Hdr(light=(1000, 400))}, {}),
    "full range": ({"colour": Colour("pc", 1, 1, 1)}, {}),
    "for mkv": ({}, {"container": "mkv"}),
    "whatever the quality": ({}, {"crf": 40, "preset": "slow"}),
}


@pytest.mark.parametrize(("changes", "options"), ALREADY.values(), ids=ALREADY.keys())
def test_a_film_that_is_h265_in_the_wanted_shape_is_only_copied(changes: dict[str, Any], options: Any) -> None:
    media = a_media(some_audio("flac"), **{**WANTED, **changes})
    plan = planned(media, **options)
    arguments = plan.arguments()
    assert plan.is_remux
    assert (value_of(arguments, "-map"), value_of(arguments, "-c:v:0")) == ("0:0", "copy")
    assert not {"-crf", "-preset", "-pix_fmt:v:0", "-x265-params", "-fps_mode"} & set(arguments)
    picture, video = plan.picture, media.video
    assert (picture.width, picture.height, picture.rotation) == (video.width, video.height, video.rotation)
    assert (picture.colour, picture.hdr, picture.mirrored) == (video.colour, video.hdr, video.mirrored)
    assert (plan.container == "mp4") == ("hvc1" in arguments)


@pytest.mark.parametrize(("container", "holds"), [("mp4", MP4_VIDEO), ("mkv", MKV_VIDEO)])
@pytest.mark.parametrize("codec", sorted({*MKV_VIDEO, "wmv2", "flv1", "rv40", "qtrle", "?"}))
def test_a_picture_is_kept_in_a_container_that_can_hold_it(codec: str, container: str, holds: frozenset[str]) -> None:
    plan = plan_keeping(a_media(some_audio("flac"), codec=codec), asked(container=container))
    assert (plan is not None) == (codec in holds)
    if plan is not None:
        assert plan.is_remux
        assert plan.picture.codec == codec
        assert ("-tag:v:0" in plan.arguments()) == (codec == "hevc" and container == "mp4")


def test_a_picture_that_is_kept_loses_nothing_that_an_encode_would() -> None:
    media = a_media(chroma="422", alpha=True, fields="interlaced", flagged_interlaced=True, rotation=90)
    plan = plan_keeping(media, asked(max_height=480))
    assert plan is not None
    assert plan.dropped == ()
    assert (plan.picture.width, plan.picture.height, plan.picture.rotation) == (1280, 720, 90)


@pytest.mark.parametrize("container", sorted(UNTIMED))
def test_a_stream_without_times_is_encoded_as_a_copy_would_have_none(container: str) -> None:
    media = a_media(facts={"container": container}, **WANTED)
    assert not planned(media).is_remux
    assert plan_keeping(media, asked()) is None


@pytest.mark.parametrize(("container", "is_copied"), [("mp4", True), ("mkv", False)])
def test_frames_that_an_edit_list_hides_are_not_copied_into_matroska_which_would_show_them(
    container: str, is_copied: bool
) -> None:
    media = a_media(hidden_frames=5, **WANTED)
    assert planned(media, container=container).is_remux == is_copied
    assert (plan_keeping(media, asked(container=container)) is not None) == is_copied
