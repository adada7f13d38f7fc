"""Colour and HDR of the plan: what is given is kept, what is open stays open, what cannot be carried is said."""

import pytest

from functions.converter.media import HLG, PQ, UNSPECIFIED, Colour, Hdr
from functions.shared.errors import DolbyVisionUnsupported
from tests.support.plans import planned
from tests.support.probes import a_media

DISPLAY = ("34000/50000", "16000/50000", "13250/50000", "34500/50000", "7500/50000", "3000/50000", "15635/50000",
           "16450/50000", "50/10000", "10000000/10000")  # fmt: skip
LIGHT = (1000, 400)


COLOURS = {
    "unspecified": Colour(),
    "BT.601": Colour("tv", 6, 6, 6),
    "BT.709": Colour("tv", 1, 1, 1),
    "full range": Colour("pc", 1, 1, 1),
    "HDR10": Colour("tv", 9, PQ, 9),
    "HLG": Colour("tv", 9, HLG, 9),
    "partly given": Colour("unspecified", 1, UNSPECIFIED, 1),
}


@pytest.mark.parametrize("colour", COLOURS.values(), ids=COLOURS.keys())
@pytest.mark.parametrize("chroma", ["420", "422", "444", "gray"])
def test_colour_is_kept_as_it_is_described_and_never_guessed(colour: Colour, chroma: str) -> None:
    assert planned(a_media(colour=colour, chroma=chroma)).picture.colour == colour


@pytest.mark.parametrize("keep", [frozenset[str](), frozenset({"chroma"})])
def test_rgb_gets_the_matrix_and_range_that_it_needs_and_keeps_the_rest(keep: frozenset[str]) -> None:
    picture = planned(a_media(chroma="rgb", pixel_format="gbrp", colour=Colour("pc", 9, PQ, 0)), keep=keep).picture
    assert picture.colour == Colour("tv", 9, PQ, 1)
    assert any("out_color_matrix=bt709" in word and "out_range=tv" in word for word in picture.filters)


HDRS = {
    "none": Hdr(),
    "static": Hdr(mastering=DISPLAY, light=LIGHT),
    "light alone": Hdr(light=LIGHT),
    "mastering alone": Hdr(mastering=DISPLAY),
}


@pytest.mark.parametrize("hdr", HDRS.values(), ids=HDRS.keys())
@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_static_metadata_of_hdr_is_kept(hdr: Hdr, transfer: int) -> None:
    plan = planned(a_media(colour=Colour("tv", 9, transfer, 9), hdr=hdr))
    assert plan.picture.hdr == hdr
    assert plan.dropped == ()


@pytest.mark.parametrize(
    ("hdr", "told"),
    [
        (Hdr(mastering=DISPLAY, light=LIGHT, hdr10plus=True), ["hdr10plus"]),
        (Hdr(mastering=DISPLAY, light=LIGHT, dolby_vision="7.6"), ["dolby_vision"]),
        (Hdr(mastering=DISPLAY, light=LIGHT, dolby_vision="8.1"), ["dolby_vision"]),
        (Hdr(mastering=DISPLAY, light=LIGHT, dolby_vision="8.4"), ["dolby_vision"]),
        (Hdr(mastering=DISPLAY, light=LIGHT, dolby_vision="10.1"), ["dolby_vision"]),
        (Hdr(mastering=DISPLAY, light=LIGHT, dolby_vision="8.1", hdr10plus=True), ["dolby_vision", "hdr10plus"]),
    ],
)
def test_dynamic_metadata_is_reduced_to_the_picture_that_all_players_show_and_said_so(
    hdr: Hdr, told: list[str]
) -> None:
    plan = planned(a_media(codec="h264", colour=Colour("tv", 9, PQ, 9), hdr=hdr))
    assert [one.what for one in plan.dropped] == told
    assert plan.picture.hdr == Hdr(mastering=DISPLAY, light=LIGHT)


@pytest.mark.parametrize("profile", ["5.0", "10.0", "unknown"])
def test_dolby_vision_without_a_picture_for_others_is_refused(profile: str) -> None:
    with pytest.raises(DolbyVisionUnsupported, match=profile):
        planned(a_media(hdr=Hdr(dolby_vision=profile)))
