"""The plan of the picture: nothing changes that was not asked for, and what must change is said."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from functions.converter.pictureplan import PicturePlan
from functions.converter.picturerules import OVER_BLACK, timescale
from functions.converter.threads import Threads
from functions.shared.qualities import FALLBACK_CRF
from functions.shared.speeds import SPEEDS
from tests.support.plans import planned
from tests.support.probes import a_media


def picture_of(*, keep: frozenset[str] = frozenset(), max_height: int | None = None, **video: Any) -> PicturePlan:
    return planned(a_media(**video), keep=keep, max_height=max_height).picture


def dropped_from(**video: Any) -> list[str]:
    return [one.what for one in planned(a_media(**video)).dropped]


FORMATS = [
    ("yuv420p", "420", 8, "yuv420p", "yuv420p"),
    ("yuv422p", "422", 8, "yuv420p", "yuv422p"),
    ("yuv444p", "444", 8, "yuv420p", "yuv444p"),
    ("rgb24", "rgb", 8, "yuv420p", "yuv444p"),
    ("gray", "gray", 8, "yuv420p", "yuv420p"),
    ("yuva420p", "420", 8, "yuv420p", "yuv420p"),
    ("bgra", "rgb", 8, "yuv420p", "yuv444p"),
    ("pal8", "rgb", 8, "yuv420p", "yuv444p"),
    ("yuv411p", "other", 8, "yuv420p", "yuv444p"),
    ("yuv410p", "other", 8, "yuv420p", "yuv444p"),
    ("yuv420p10le", "420", 10, "yuv420p10le", "yuv420p10le"),
    ("yuv422p10le", "422", 10, "yuv420p10le", "yuv422p10le"),
    ("yuv444p12le", "444", 12, "yuv420p10le", "yuv444p10le"),
    ("gbrp16le", "rgb", 16, "yuv420p10le", "yuv444p10le"),
    ("gray10le", "gray", 10, "yuv420p10le", "yuv420p10le"),
]
"""Pixel format, chroma and bits of the source → what players of H.265 show, and what is made if chroma is kept."""


@pytest.mark.parametrize(("pixel_format", "chroma", "bit_depth", "usual", "fuller"), FORMATS)
def test_what_has_more_than_eight_bits_keeps_ten_and_chroma_is_kept_on_request(
    pixel_format: str, chroma: str, bit_depth: int, usual: str, fuller: str
) -> None:
    video: dict[str, Any] = {"pixel_format": pixel_format, "chroma": chroma, "bit_depth": bit_depth}
    for keep, expected in ((frozenset[str](), usual), (frozenset({"chroma"}), fuller)):
        picture = picture_of(keep=keep, **video)
        arguments = picture.arguments("mp4")
        assert picture.pixel_format == arguments[arguments.index("-pix_fmt:v:0") + 1] == expected
        assert picture.filters[-1] == f"format={expected}"


@pytest.mark.parametrize(("chroma", "told"), [("420", []), ("gray", []), ("422", ["chroma"]), ("444", ["chroma"])])
def test_colour_that_loses_resolution_is_said(chroma: str, told: list[str]) -> None:
    assert dropped_from(chroma=chroma) == told
    assert planned(a_media(chroma=chroma), keep=frozenset({"chroma"})).dropped == ()


@pytest.mark.parametrize(
    ("time_base", "ticks"),
    [
        (Fraction(1, 12800), 12800),
        (Fraction(1, 90000), 90000),
        (Fraction(1, 1000), 1000),
        (Fraction(1001, 30000), 30000),
        (Fraction(1001, 24000), 24000),
        (Fraction(1, 25), 1000),
        (Fraction(1, 24), 1008),
        (Fraction(1, 30), 1020),
        (Fraction(1, 1), 1000),
        (Fraction(1, 10**7), 10**7),
        (Fraction(1, 2**31 - 1), 2**31 - 1),
    ],
)
def test_the_outputs_ticks_hold_every_time_of_the_source(time_base: Fraction, ticks: int) -> None:
    assert timescale(time_base.numerator, time_base.denominator) == ticks
    assert (time_base * ticks).denominator == 1


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 1), (-1, 25), (1, 2**31), (2, 1), (1, 0)])
def test_a_time_base_that_mp4_cannot_have_gets_the_usual_one(numerator: int, denominator: int) -> None:
    assert timescale(numerator, denominator) == 90_000


@pytest.mark.parametrize(
    ("width", "height", "out"),
    [
        (1280, 720, (1280, 720)),
        (161, 120, (160, 120)),
        (160, 121, (160, 120)),
        (161, 121, (160, 120)),
        (17, 17, (16, 16)),
        (8191, 4271, (8190, 4270)),
    ],
)
def test_odd_sides_lose_one_row_or_column(width: int, height: int, out: tuple[int, int]) -> None:
    picture = picture_of(width=width, height=height)
    assert (picture.width, picture.height) == out
    assert any(word.startswith("crop=") for word in picture.filters) == ((width, height) != out)


@pytest.mark.parametrize(
    ("width", "height", "max_height", "out"),
    [
        (1920, 1080, None, (1920, 1080)),
        (1920, 1080, 2160, (1920, 1080)),
        (1920, 1080, 1080, (1920, 1080)),
        (1920, 1080, 720, (1280, 720)),
        (1920, 1080, 721, (1280, 720)),
        (1920, 1080, 480, (852, 480)),
        (720, 576, 288, (360, 288)),
        (161, 121, 120, (160, 120)),
        (161, 121, 121, (160, 120)),
        (3840, 2160, 64, (114, 64)),
    ],
)
def test_only_a_picture_that_is_too_high_is_scaled(
    width: int, height: int, max_height: int | None, out: tuple[int, int]
) -> None:
    picture = picture_of(width=width, height=height, max_height=max_height)
    assert (picture.width, picture.height) == out


@pytest.mark.parametrize(
    ("rotation", "out"), [(0, (1280, 720)), (90, (404, 720)), (180, (1280, 720)), (270, (404, 720))]
)
def test_height_is_that_of_the_picture_as_it_is_shown(rotation: int, out: tuple[int, int]) -> None:
    picture = picture_of(width=1920, height=1080, rotation=rotation, max_height=720)
    assert (picture.width, picture.height) == out


@pytest.mark.parametrize(("rotation", "size"), [(0, (160, 90)), (90, (90, 160)), (180, (160, 90)), (270, (90, 160))])
@pytest.mark.parametrize("mirrored", [False, True])
def test_an_encode_turns_the_picture_itself_and_carries_no_rotation(
    rotation: int, size: tuple[int, int], mirrored: bool
) -> None:
    picture = picture_of(width=160, height=90, rotation=rotation, mirrored=mirrored)
    assert (picture.width, picture.height) == size
    assert (picture.rotation, picture.mirrored) == (0, False)


@pytest.mark.parametrize(
    ("rotation", "shape"),
    [(0, Fraction(16, 11)), (90, Fraction(11, 16)), (180, Fraction(16, 11)), (270, Fraction(11, 16))],
)
def test_pixels_that_are_not_square_stay_so_and_turn_with_the_picture(rotation: int, shape: Fraction) -> None:
    assert picture_of(sample_aspect_ratio=Fraction(16, 11), rotation=rotation).sample_aspect_ratio == shape


@pytest.mark.parametrize(
    ("fields", "flagged", "filtered", "frames", "factor"),
    [
        ("progressive", False, None, 250, Fraction(1)),
        ("progressive", True, "setfield=prog", 250, Fraction(1)),
        ("interlaced", True, "bwdif=mode=send_field:", 500, Fraction(2)),
        ("telecine", True, "fieldmatch=", 200, Fraction(4, 5)),
    ],
)
def test_fields_become_frames_by_what_they_are_and_not_by_their_flag(
    fields: str, flagged: bool, filtered: str | None, frames: int, factor: Fraction
) -> None:
    picture = picture_of(fields=fields, flagged_interlaced=flagged, frames=250, duration_s=10.0)
    assert (picture.frames, picture.frame_factor, picture.duration_s) == (frames, factor, 10.0)
    assert picture.retimed == (factor != 1)
    arguments = picture.arguments("mp4")
    base = arguments[arguments.index("-enc_time_base:v:0") + 1]
    assert base == ("filter" if picture.retimed else "demux")
    if filtered:
        assert picture.filters[0].startswith(filtered)
    else:
        assert not any(name in word for word in picture.filters for name in ("bwdif", "fieldmatch", "setfield"))


def test_a_frame_of_each_field_needs_ticks_twice_as_fine() -> None:
    base = Fraction(1, 90_000)
    assert picture_of(time_base=base, fields="interlaced", flagged_interlaced=True).timescale == 180_000
    assert picture_of(time_base=base, fields="telecine", flagged_interlaced=True).timescale == 90_000
    assert picture_of(time_base=base).timescale == 90_000


@pytest.mark.parametrize("alpha", [False, True])
def test_a_transparent_film_is_shown_over_black_and_said_so(alpha: bool) -> None:
    assert dropped_from(alpha=alpha) == (["alpha"] if alpha else [])
    assert (OVER_BLACK in picture_of(alpha=alpha).filters) == alpha


@pytest.mark.parametrize("last_frame_s", [0.0, 0.04, 0.08])
def test_a_usual_last_frame_needs_nothing(last_frame_s: float) -> None:
    picture = picture_of(last_frame_s=last_frame_s)
    assert picture.held is None
    assert "-bsf:v:0" not in picture.arguments("mp4")


@pytest.mark.parametrize("rate", [0.0, 1.0, 25.0, 240.0])
def test_a_last_frame_that_stands_still_keeps_its_time(rate: float) -> None:
    picture = picture_of(duration_s=12.0, last_frame_s=10.0, frames=3, frame_rate=rate)
    if not rate:
        assert picture.held is None
        return
    assert picture.held is not None
    assert picture.held.from_s == pytest.approx(2.0, abs=0.001)
    assert picture.held.duration_s == 10.0
    arguments = picture.arguments("mp4")
    assert "bframes=0" in arguments[arguments.index("-x265-params") + 1]


def x265_parameters(asked: str, **video: Any) -> dict[str, str]:
    arguments = planned(a_media(**video), parameters=asked).picture.arguments("mp4")
    words = arguments[arguments.index("-x265-params") + 1].split(":")
    found = dict(word.split("=") for word in words)
    assert len(found) == len(words)
    return found


def test_what_a_speed_asks_of_x265_is_asked_once_and_quietly() -> None:
    found = x265_parameters("aq-mode=2:cutree=1:ctu=64")
    assert {"log-level": "error", "aq-mode": "2", "cutree": "1", "ctu": "64"}.items() <= found.items()


@pytest.mark.parametrize(
    ("video", "needed"),
    [
        ({"width": 48}, {"cutree": "0", "min-cu-size": "8", "bframes": "3"}),
        ({"duration_s": 12.0, "last_frame_s": 10.0, "frames": 3}, {"bframes": "0", "cutree": "1", "min-cu-size": "16"}),
    ],
)
def test_what_a_film_needs_of_x265_counts_more_than_what_a_speed_asks(
    video: dict[str, Any], needed: dict[str, str]
) -> None:
    found = x265_parameters("bframes=3:cutree=1:min-cu-size=16:ctu=64", **video)
    assert needed.items() <= found.items()


def test_x265_is_told_its_threads_once_the_encode_has_its_share() -> None:
    plan = planned(a_media(), parameters="frame-threads=9:pools=9")
    words = plan.using(Threads(2, 3)).picture.arguments("mp4")
    assert {"pools=2", "frame-threads=3"} <= set(words[words.index("-x265-params") + 1].split(":"))
    assert plan.using(Threads(2, 3)).picture == replace(plan.picture, threads=Threads(2, 3))


@pytest.mark.parametrize(
    ("parameters", "rows", "wpp"), [("ctu=64", False, "0"), ("ctu=64", True, None), ("", False, None)]
)
def test_a_speed_of_ours_leaves_out_what_one_thread_has_no_use_for(
    parameters: str, rows: bool, wpp: str | None
) -> None:
    """x265's own presets stay what they are."""
    plan = planned(a_media(), parameters=parameters).using(Threads(2, 3, rows))
    words = plan.picture.arguments("mp4")
    told = dict(word.split("=") for word in words[words.index("-x265-params") + 1].split(":"))
    assert told.get("wpp") == wpp
    assert told.get("info") == ("0" if parameters else None)


@pytest.mark.parametrize(("size", "ctu"), [((640, 480), "32"), ((960, 540), "64")])
def test_the_fastest_speed_has_smaller_blocks_for_small_pictures(size: tuple[int, int], ctu: str) -> None:
    fastest = SPEEDS["fastest"]
    media = a_media(width=size[0], height=size[1])
    words = planned(media, preset=fastest.preset, parameters=fastest.parameters).picture.arguments("mp4")
    assert f"ctu={ctu}" in words[words.index("-x265-params") + 1].split(":")


@pytest.mark.parametrize(("size", "kept"), [((64, 64), True), ((64, 62), False), ((62, 64), False)])
def test_blocks_of_a_speed_are_left_out_where_the_picture_is_smaller(size: tuple[int, int], kept: bool) -> None:
    found = x265_parameters("ctu=64:max-tu-size=32:qg-size=16:aq-mode=2", width=size[0], height=size[1])
    assert found["aq-mode"] == "2"
    assert [name in found for name in ("ctu", "max-tu-size", "qg-size")] == [kept] * 3


def test_a_target_is_encoded_at_its_fallback_until_another_rate_is_found() -> None:
    plan = planned(a_media(), crf=None, vmaf=92.0, floor=82.0)
    assert plan.picture.crf == FALLBACK_CRF["balanced"]
    assert plan.at_crf(23.4).picture.crf == 23.4


def test_frames_and_duration_are_the_probed_ones() -> None:
    picture = picture_of(frames=1500, duration_s=60.06)
    assert (picture.frames, picture.duration_s) == (1500, 60.06)


def test_tiny_pictures_see_what_the_encoder_gets() -> None:
    picture = picture_of(index=2, width=161, height=121, alpha=True, fields="interlaced", flagged_interlaced=True)
    filters = ",".join(picture.filters)
    assert picture.graph(32).startswith(f"[0:2]{filters},split[picture][seen];[seen]scale=32:32:")
    assert picture.graph(32, encoded=False).startswith(f"[0:2]{filters},scale=32:32:")
    assert all(picture.graph(32, encoded=way).endswith("format=yuv420p[thumbs]") for way in (False, True))
