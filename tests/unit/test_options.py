"""Options of a conversion: what a request comes to, what a row keeps of it, and what is refused in which words."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.shared.askedoptions import FIELD_BYTES, parse_options
from functions.shared.errors import InvalidRequest
from functions.shared.options import Options
from functions.shared.qualities import FALLBACK_CRF, QUALITIES, Target
from functions.shared.settings import Settings, read_settings
from functions.shared.speeds import SPEEDS

BALANCED = Options(
    preset=SPEEDS["balanced"].preset, parameters=SPEEDS["balanced"].parameters, speed="balanced",
    crf=None, quality="balanced", vmaf=92, floor=82,
)  # fmt: skip
FIXED: dict[str, Any] = {"crf": 18.5, "quality": None, "vmaf": None, "floor": None}


@pytest.fixture
def settings() -> Settings:
    return read_settings({"DATABASE_URL": "postgresql://nowhere", "AUTH_MODE": "open"})


def test_whoever_asks_for_nothing_gets_balanced_looks_at_a_balanced_speed(settings: Settings) -> None:
    assert Options.resolve({}, settings) == BALANCED


def test_what_the_operator_has_set_holds_for_whoever_asks_for_nothing(settings: Settings) -> None:
    slow, fixed = replace(settings, x265_preset="slow"), replace(settings, x265_crf=18.5)
    raw: dict[str, Any] = {"preset": "slow", "parameters": "", "speed": None}
    assert Options.resolve({"previews": "off"}, slow) == replace(BALANCED, **raw, previews=False)
    assert Options.resolve({}, fixed) == replace(BALANCED, **FIXED)
    assert Options.resolve({}, replace(slow, x265_crf=18.5)) == Options("slow", 18.5)


@pytest.mark.parametrize("asked", [{"quality": "high"}, {"vmaf": 93}, {"crf": 20}])
def test_what_is_asked_for_counts_more_than_what_the_operator_has_set(
    settings: Settings, asked: dict[str, Any]
) -> None:
    asked = asked | {"speed": "smallest"}
    assert Options.resolve(asked, replace(settings, x265_preset="slow", x265_crf=18.5)) == Options.resolve(
        asked, settings
    )


@pytest.mark.parametrize("quality", QUALITIES)
def test_a_quality_is_a_target_by_name_for_which_no_rate_is_fixed(settings: Settings, quality: str) -> None:
    options = Options.resolve({"quality": quality}, settings)
    target = QUALITIES[quality]
    assert options == replace(BALANCED, quality=quality, vmaf=target.vmaf, floor=target.floor)
    assert (options.target, options.starting_crf) == (target, FALLBACK_CRF[quality])


def test_a_target_by_number_has_no_name_and_a_floor_of_its_own(settings: Settings) -> None:
    options = Options.resolve({"vmaf": 93}, settings)
    assert (options.crf, options.quality, options.vmaf, options.floor) == (None, None, 93, 84)
    assert options.target == Target(93, 84)


def test_a_rate_factor_has_no_target(settings: Settings) -> None:
    options = Options.resolve({"crf": 18.5}, settings)
    assert options == replace(BALANCED, **FIXED)
    assert (options.target, options.starting_crf) == (None, 18.5)


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_speed_is_a_preset_with_parameters_by_name(settings: Settings, speed: str) -> None:
    chosen = SPEEDS[speed]
    options = Options.resolve({"speed": speed}, settings)
    assert options == replace(BALANCED, speed=speed, preset=chosen.preset, parameters=chosen.parameters)


def test_a_crf_of_zero_is_asked_for_and_not_left_out(settings: Settings) -> None:
    assert Options.resolve({"crf": 0}, settings).crf == 0


def test_what_is_required_and_left_out_unless_kept_is_kept(settings: Settings) -> None:
    options = Options.resolve({"keep": ["chroma"], "require": ["location", "hdr"]}, settings)
    assert options.keep == {"chroma", "location"}
    assert options.require == {"location", "hdr"}


EVERYTHING: dict[str, Any] = {
    "crf": 20.5, "speed": "smallest", "max_height": 720, "container": "mkv", "audio": "copy",
    "keep": ["chroma", "location"], "require": ["all_audio", "hdr"], "previews": "off",
}  # fmt: skip


def test_a_row_gives_back_the_options_that_it_was_given(settings: Settings) -> None:
    options = Options.resolve(EVERYTHING, settings)
    stored = options.as_json()
    ours = {"preset": SPEEDS["smallest"].preset, "parameters": SPEEDS["smallest"].parameters}
    assert stored == {**EVERYTHING, **ours, "quality": None, "vmaf": None, "floor": None}
    assert Options.from_row(stored) == options


@pytest.mark.parametrize("asked", [{}, {"quality": "small"}, {"vmaf": 93.5}, {"speed": "fastest"}])
def test_a_row_gives_back_the_target_that_it_was_given(settings: Settings, asked: dict[str, Any]) -> None:
    options = Options.resolve(asked, settings)
    assert Options.from_row(json.loads(json.dumps(options.as_json()))) == options


def test_a_row_of_an_older_version_is_read_with_what_that_version_did() -> None:
    assert Options.from_row({"preset": "fast", "crf": 31}) == Options(preset="fast", crf=31)
    named = Options.from_row({"preset": "veryfast", "crf": 22.0, "quality": "high", "speed": None})
    assert (named.target, named.starting_crf) == (None, 22.0)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (b"", {}),
        (b"{}", {}),
        (b'{"crf": null, "keep": []}', {}),
        (b'{"crf": 51}', {"crf": 51.0}),
        (b'{"crf": 0}', {"crf": 0.0}),
        (b'{"vmaf": 93, "crf": null, "quality": null}', {"vmaf": 93.0}),
        (b'{"max_height": 64, "require": ["hdr", "alpha", "hdr"]}', {"max_height": 64, "require": ["alpha", "hdr"]}),
    ],
)
def test_what_was_asked_has_one_form_however_it_was_written(text: bytes, asked: dict[str, Any]) -> None:
    assert parse_options(text) == asked


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"crf": 99}', "options.crf must be from 0 to 51, not 99."),
        ('{"crf": -0.5}', "options.crf must be from 0 to 51, not -0.5."),
        ('{"crf": true}', "options.crf must be from 0 to 51, not true."),
        ('{"crf": NaN}', "options.crf must be from 0 to 51, not NaN."),
        ('{"crf": "20"}', 'options.crf must be from 0 to 51, not "20".'),
        ('{"vmaf": 49.9}', "options.vmaf must be from 50 to 99, not 49.9."),
        ('{"vmaf": 99.1}', "options.vmaf must be from 50 to 99, not 99.1."),
        ('{"vmaf": "high"}', 'options.vmaf must be from 50 to 99, not "high".'),
        ('{"vmaf": Infinity}', "options.vmaf must be from 50 to 99, not Infinity."),
        ('{"max_height": 63}', "options.max_height must be a whole number from 64 to 8192, not 63."),
        ('{"max_height": 8193}', "options.max_height must be a whole number from 64 to 8192, not 8193."),
        ('{"max_height": 720.5}', "options.max_height must be a whole number from 64 to 8192, not 720.5."),
        ('{"speed": "warp"}', 'options.speed must be one of fastest, fast, balanced, smallest, not "warp".'),
        ('{"container": ["mp4"]}', 'options.container must be one of mp4, mkv, not ["mp4"].'),
        ('{"audio": 1}', "options.audio must be one of auto, copy, aac, none, not 1."),
        ('{"previews": true}', "options.previews must be one of on, off, not true."),
        ('{"keep": "location"}', 'options.keep must be a list, such as ["location"], not "location".'),
        ('{"keep": ["location", "colour"]}', 'options.keep may hold location, chroma, not "colour".'),
        ('{"crf": 20, "quality": "high"}', "options.crf and options.quality exclude each other: give one of them."),
        ('{"vmaf": 93, "quality": "high"}', "options.quality and options.vmaf exclude each other: give one of them."),
        (
            '{"vmaf": 93, "quality": "high", "crf": 20}',
            "options.crf, options.quality and options.vmaf exclude each other: give one of them.",
        ),
        (
            '{"audio": "none", "require": ["all_audio"]}',
            "options.audio is none, but options.require names all_audio: leave one of them out.",
        ),
        ("[]", 'options must be an object, such as {"quality": "high"}, not [].'),
        (
            '{"tune": "grain", "preset": "slow"}',
            "Unknown option(s): 'tune', 'preset'. Leave them out; there are crf, quality, vmaf, speed, max_height,"
            " container, audio, keep, require, previews.",
        ),
    ],
)
def test_a_bad_option_is_refused_with_its_name_what_is_allowed_and_what_came(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_options(text.encode())
    assert refused.value.sentence() == sentence


def test_a_sentence_stays_short_and_plain_whatever_came() -> None:
    for text in ('{"audio": "' + "x" * 3000 + '"}', '{"audio": "\u202egpj"}', '{"' + "y" * 3000 + '": 1}'):
        with pytest.raises(InvalidRequest) as refused:
            parse_options(text.encode())
        sentence = refused.value.sentence()
        assert len(sentence) < 220
        assert "\u202e" not in sentence


@pytest.mark.parametrize("text", [b"{", b"quality=high", b"\xff", b'{"keep": [' + b"[" * 2000])
def test_what_is_no_json_is_refused_as_that(text: bytes) -> None:
    with pytest.raises(InvalidRequest, match="must be a JSON object"):
        parse_options(text)


def test_a_field_that_is_too_long_is_refused_rather_than_cut() -> None:
    with pytest.raises(InvalidRequest, match="at most 4096 bytes"):
        parse_options(b"{" + b" " * FIELD_BYTES + b"}")
