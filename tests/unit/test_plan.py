"""The plan of an encode: what the output will be, for every kind of probed source."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from functions.converter.media import AudioStream, MediaInfo
from functions.converter.plan import MP4_AUDIO, EncodePlan, plan_encode, timescale
from tests.support.probes import a_media, some_audio

OPTIONS = {"preset": "veryfast", "crf": 26}


def planned(media: MediaInfo, options: dict[str, Any] = OPTIONS) -> EncodePlan:
    return plan_encode(media, options)


def value_of(arguments: list[str], option: str) -> str | None:
    """What stands behind an option; None if it is not there."""
    return next((value for name, value in pairwise(arguments) if name == option), None)


@pytest.mark.parametrize("preset", ["ultrafast", "veryfast", "medium", "slow"])
@pytest.mark.parametrize(("crf", "written"), [(26, "26"), (26.0, "26"), (18.5, "18.5"), (0, "0")])
def test_the_rows_options_reach_the_encoder(preset: str, crf: float, written: str) -> None:
    arguments = planned(a_media(), {"preset": preset, "crf": crf}).arguments()
    assert value_of(arguments, "-preset") == preset
    assert value_of(arguments, "-crf") == written


def test_every_output_is_hvc1_with_its_index_first_and_untouched_timestamps() -> None:
    arguments = planned(a_media()).arguments()
    expected = {
        "-c:v": "libx265",
        "-tag:v": "hvc1",
        "-movflags": "+faststart",
        "-f": "mp4",
        "-fps_mode": "passthrough",
        "-enc_time_base:v": "demux",
    }
    assert {name: value_of(arguments, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("pixel_format", "bit_depth", "planned_format"),
    [
        ("yuv420p", 8, "yuv420p"),
        ("yuv422p", 8, "yuv420p"),
        ("yuv444p", 8, "yuv420p"),
        ("rgb24", 8, "yuv420p"),
        ("gray", 8, "yuv420p"),
        ("yuva420p", 8, "yuv420p"),
        ("bgra", 8, "yuv420p"),
        ("pal8", 8, "yuv420p"),
        ("yuv420p10le", 10, "yuv420p10le"),
        ("yuv422p10le", 10, "yuv420p10le"),
        ("yuv444p12le", 12, "yuv420p10le"),
        ("gbrp16le", 16, "yuv420p10le"),
    ],
)
def test_what_has_more_than_eight_bits_keeps_ten(pixel_format: str, bit_depth: int, planned_format: str) -> None:
    plan = planned(a_media(pixel_format=pixel_format, bit_depth=bit_depth))
    assert plan.pixel_format == planned_format
    assert value_of(plan.arguments(), "-pix_fmt") == planned_format


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
    plan = planned(a_media(width=width, height=height))
    assert (plan.width, plan.height) == out
    crops = value_of(plan.arguments(), "-vf") is not None
    assert crops == ((width, height) != out)


@pytest.mark.parametrize("codec", sorted(MP4_AUDIO))
def test_audio_that_players_take_in_mp4_is_copied(codec: str) -> None:
    plan = planned(a_media(some_audio(codec)))
    assert [track.codec for track in plan.audio] == ["copy"]
    assert value_of(plan.arguments(), "-b:a:0") is None


@pytest.mark.parametrize(
    "codec",
    ["vorbis", "opus", "flac", "pcm_s16le", "pcm_s24be", "pcm_mulaw", "wmav2", "mp2", "amr_nb", "dts", "truehd", "?"],
)
def test_other_audio_becomes_aac(codec: str) -> None:
    plan = planned(a_media(some_audio(codec, channels=2)))
    assert value_of(plan.arguments(), "-c:a:0") == "aac"
    assert value_of(plan.arguments(), "-b:a:0") == "192000"


@pytest.mark.parametrize(
    ("channels", "bitrate"), [(1, 96_000), (2, 192_000), (6, 576_000), (8, 768_000), (24, 768_000)]
)
def test_aac_gets_its_bits_by_channel(channels: int, bitrate: int) -> None:
    assert planned(a_media(some_audio("flac", channels=channels))).audio[0].bitrate == bitrate


def test_every_audio_track_is_kept_in_its_order() -> None:
    media = a_media(some_audio("aac", index=3), some_audio("vorbis", index=1), some_audio("mp3", index=2))
    arguments = planned(media).arguments()
    maps = [value for name, value in pairwise(arguments) if name == "-map"]
    assert maps == ["0:0", "0:3", "0:1", "0:2"]
    assert [value_of(arguments, f"-c:a:{number}") for number in range(3)] == ["copy", "aac", "copy"]


@pytest.mark.parametrize("empty", [some_audio(channels=0), some_audio(duration_s=0.0)])
def test_an_audio_track_without_sound_is_left_out(empty: AudioStream) -> None:
    assert planned(a_media(empty, some_audio(index=2))).audio[0].index == 2


def test_the_main_video_is_mapped_wherever_it_stands() -> None:
    cover = {"index": 0, "type": "video", "codec": "png"}
    media = a_media(other=(cover, {"index": 3, "type": "subtitle", "codec": "subrip"}), index=2)
    maps = [value for name, value in pairwise(planned(media).arguments()) if name == "-map"]
    assert maps == ["0:2"]


@pytest.mark.parametrize("last_frame_s", [0.0, 0.04, 0.08])
def test_a_usual_last_frame_needs_nothing(last_frame_s: float) -> None:
    plan = planned(a_media(last_frame_s=last_frame_s))
    assert plan.held is None
    assert value_of(plan.arguments(), "-bsf:v") is None


@pytest.mark.parametrize("rate", [0.0, 1.0, 25.0, 240.0])
def test_a_last_frame_that_stands_still_keeps_its_time(rate: float) -> None:
    plan = planned(a_media(duration_s=12.0, last_frame_s=10.0, frames=3, frame_rate=rate))
    if not rate:
        assert plan.held is None
        return
    assert plan.held is not None
    assert plan.held.from_s == pytest.approx(2.0, abs=0.001)
    assert plan.held.duration_s == 10.0
    assert "bframes=0" in str(value_of(plan.arguments(), "-x265-params"))


def test_frames_and_duration_are_the_probed_ones() -> None:
    plan = planned(a_media(frames=1500, duration_s=60.06))
    assert (plan.frames, plan.duration_s, plan.extension) == (1500, 60.06, "mp4")
