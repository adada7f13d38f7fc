"""The plan as a whole: what ffmpeg is asked for, and that nothing of a source's words gets into it."""

import pytest

from functions.converter.dropping import Dropped
from functions.converter.plan import (
    summary,
)
from tests.support.plans import planned, value_of, values_of
from tests.support.probes import a_media, another, some_audio


@pytest.mark.parametrize("preset", ["ultrafast", "veryfast", "medium", "slow"])
@pytest.mark.parametrize(("crf", "written"), [(26, "26"), (26.0, "26"), (18.5, "18.5"), (0, "0")])
def test_the_rows_options_reach_the_encoder(preset: str, crf: float, written: str) -> None:
    arguments = planned(a_media(), preset=preset, crf=crf).arguments()
    assert value_of(arguments, "-preset") == preset
    assert value_of(arguments, "-crf") == written


def test_every_mp4_is_hvc1_with_its_index_first_and_untouched_timestamps() -> None:
    arguments = planned(a_media()).arguments()
    expected = {
        "-c:v:0": "libx265",
        "-tag:v:0": "hvc1",
        "-movflags": "+faststart",
        "-f": "mp4",
        "-fps_mode": "passthrough",
        "-enc_time_base:v:0": "demux",
    }
    assert {name: value_of(arguments, name) for name in expected} == expected


def test_matroska_has_no_options_of_mp4() -> None:
    arguments = planned(a_media(), container="mkv").arguments()
    assert value_of(arguments, "-f") == "matroska"
    assert not {"-tag:v:0", "-movflags", "-video_track_timescale"} & set(arguments)


def test_the_main_video_is_mapped_wherever_it_stands_and_first() -> None:
    others = (another("cover", "png", index=0), another("video", "h264", index=5))
    media = a_media(some_audio(index=1), facts={"other": others}, index=2)
    arguments = planned(media).arguments()
    assert values_of(arguments, "-map") == ["[picture]", "0:1", "0:0"]
    assert planned(media).picture.graph(32).startswith("[0:2]")
    assert value_of(arguments, "-c:v:1") == "copy"


def test_every_option_of_the_picture_names_the_picture() -> None:
    """Cover art is a video as well: an option for all videos would spoil it, or end the encode."""
    media = a_media(facts={"other": (another("cover", "png", index=1),)}, width=161)
    words = planned(media).arguments()
    assert not {"-vf", "-c:v", "-pix_fmt", "-tag:v", "-bsf:v", "-b:v", "-enc_time_base:v"} & set(words)


def test_nothing_of_the_source_comes_along_that_was_not_planned() -> None:
    arguments = planned(a_media(facts={"tags": {"title": "A film", "encoder": "x"}})).arguments()
    assert [value_of(arguments, f"-map_metadata:{of}") for of in "gs"] == ["-1", "-1"]
    assert values_of(arguments, "-metadata") == ["title=A film"]


def test_a_bounded_plan_differs_in_nothing_but_its_rate() -> None:
    plan = planned(a_media(some_audio("flac"), width=161))
    bounded = plan.at_crf(33.5)
    assert value_of(bounded.arguments(), "-crf") == "33.5"
    assert _without(bounded.arguments(), "-crf") == _without(plan.arguments(), "-crf")
    assert (bounded.tracks, bounded.dropped, bounded.tags) == (plan.tracks, plan.dropped, plan.tags)


def _without(arguments: list[str], option: str) -> list[str]:
    at = arguments.index(option)
    return arguments[:at] + arguments[at + 2 :]


WORST = {
    "newline": "a\nb",
    "carriage return": "a\r\nb",
    "NUL": "a\0b",
    "option": "-y -f mp4 /etc/passwd",
    "quotes": "'\"`$(id)",
    "equals": "a=b=c",
    "filter": "[in]null[out];movie=/etc/passwd",
    "percent": "%d%s%n",
    "escape": "\x1b[2J",
    "right to left": "\u202e4pm",
    "line separator": "a\u2028b\x85c",
}


@pytest.mark.parametrize("words", WORST.values(), ids=WORST.keys())
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_hostile_title_stays_one_argument_on_one_line(words: str, container: str) -> None:
    media = a_media(some_audio(title=words, language=words), facts={"tags": {"title": words, "comment": words}})
    harmless = a_media(some_audio(title="a", language="a"), facts={"tags": {"title": "a", "comment": "a"}})
    arguments = planned(media, container=container).arguments()
    assert len(arguments) == len(planned(harmless, container=container).arguments())
    assert all(not set(word) & set("\0\n\r\u2028\x85") for word in arguments)
    assert sum(word.startswith("title=") for word in arguments) == 2


def test_where_a_film_was_shot_is_left_out_and_said_so_unless_it_is_asked_for() -> None:
    media = a_media(facts={"tags": {"location": "+52.5+013.4/"}})
    plan = planned(media)
    assert [one.what for one in plan.dropped] == ["location"]
    assert "location" not in plan.tags
    kept = planned(media, keep={"location"})
    assert (kept.dropped, kept.tags) == ((), {"location": "+52.5+013.4/"})


def test_the_summary_tells_what_was_decided() -> None:
    plan = planned(a_media(some_audio("flac")), audio="none")
    reason = "Left out, as asked."
    assert summary(plan) == {
        "container": "mp4",
        "video": "encoded",
        "tracks": [],
        "dropped": [Dropped("audio", reason, 1, "flac").as_json()],
    }
