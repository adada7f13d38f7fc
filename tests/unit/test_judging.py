"""The judgement over a measured result: each difference is told with its figures, and nothing else is one."""

from fractions import Fraction
from typing import Any

import pytest

from functions.converter.judging import judge
from functions.converter.media import Chapter, Colour, Hdr, MediaInfo
from functions.converter.plan import ConversionPlan, plan_conversion, plan_keeping
from functions.converter.tinypictures import FrameFigures
from functions.converter.trackjudging import AAC_FRAME, OFFSET_TOLERANCE_S, PADDED_FRAMES
from functions.shared.options import Options
from tests.support.measured import changed, perfect
from tests.support.probes import a_media, another, some_audio, some_subtitles

DISPLAY = ("34000/50000", "16000/50000", "13250/50000", "34500/50000", "7500/50000", "3000/50000", "15635/50000",
           "16450/50000", "50/10000", "10000000/10000")  # fmt: skip
SOUND = some_audio(index=1, duration_s=10.0, language="deu", title="Ton", flags=("default",), payload_bytes=160_000)
MEDIA = a_media(
    SOUND,
    some_audio("vorbis", index=2, duration_s=10.0, language="eng"),
    facts={
        "subtitles": (some_subtitles(index=3, language="fra", flags=("forced",)),),
        "chapters": (Chapter(0.0, 5.0, "One"), Chapter(5.0, 10.0, "Two")),
        "tags": {"title": "A film"},
        "other": (another("cover", "png", index=4),),
    },
    frames=250,
    duration_s=10.0,
    colour=Colour("tv", 9, 16, 9),
    hdr=Hdr(mastering=DISPLAY, light=(1000, 400)),
)
SILENT = a_media(frames=250, duration_s=10.0)
FLAGGED = a_media(frames=250, duration_s=10.0, fields="interlaced", flagged_interlaced=True)
CLEAN = FrameFigures(250, 0.5, 1.2, 17, 1.0, 0.0, ())


def planned(media: MediaInfo, container: str = "mp4", **options: Any) -> ConversionPlan:
    return plan_conversion(media, Options("veryfast", 26, container=container, **options))


def copied(media: MediaInfo) -> ConversionPlan:
    plan = plan_keeping(media, Options("veryfast", 26))
    assert plan is not None
    return plan


def judged(
    changes: dict[str, Any],
    media: MediaInfo = MEDIA,
    plan: ConversionPlan | None = None,
    frames: FrameFigures | None = CLEAN,
    times: list[float] | None = None,
) -> list[str]:
    plan = plan or planned(media)
    return judge(changed(perfect(media, plan), changes), plan, media, frames, times)


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("media", [MEDIA, SILENT], ids=["rich", "silent"])
def test_a_perfect_result_passes(media: MediaInfo, container: str) -> None:
    assert judged({}, media, planned(media, container)) == []


def test_a_perfect_copy_passes() -> None:
    assert judged({}, SILENT, copied(SILENT), frames=None) == []


DIFFERENCES: list[tuple[dict[str, Any], str]] = [
    ({"packets": 249, "frames": 249}, "frames in the result: 249 instead of 250"),
    ({"packets": 251, "frames": 251}, "frames in the result: 251 instead of 250"),
    ({"frames": 248}, "frames that decode: 248 instead of 250"),
    ({"broken_frames": 3}, "damaged frames: 3 instead of 0"),
    ({"codec": "h264"}, "codec: h264 instead of hevc"),
    ({"tag": "hev1"}, "sample entry: hev1 instead of hvc1"),
    ({"faststart": False}, "index before the data: False instead of True"),
    ({"size": [640, 360]}, "size of the picture: [640, 360] instead of [1280, 720]"),
    ({"size": [720, 1280]}, "size of the picture: [720, 1280] instead of [1280, 720]"),
    ({"duration_s": 8.0}, "duration: 8.000 s instead of 10.000 s"),
    ({"duration_s": 10.2}, "duration: 10.200 s instead of 10.000 s"),
    ({"misplaced": {"frame": 7, "shift_s": -0.04}}, "frame 7 is shown -0.0400 s from its time"),
    ({"picture.pixel_format": "yuv420p10le"}, "pixel format: yuv420p10le instead of yuv420p"),
    ({"picture.rotation": 90}, "rotation: (90, False) instead of (0, False)"),
    ({"picture.mirrored": True}, "rotation: (0, True) instead of (0, False)"),
    ({"picture.colour.range": "pc"}, "range: pc instead of tv"),
    ({"picture.colour.range": "unspecified"}, "range: unspecified instead of tv"),
    ({"picture.colour.transfer": 1}, "transfer of the colour: 1 instead of 16"),
    ({"picture.colour.primaries": 2}, "primaries of the colour: 2 instead of 9"),
    ({"picture.colour.matrix": 1}, "matrix of the colour: 1 instead of 9"),
    ({"picture.hdr.light": None}, "content light: None instead of [1000, 400]"),
    ({"picture.hdr.light": [1000, 0]}, "content light: [1000, 0] instead of [1000, 400]"),
    ({"picture.hdr.mastering": None}, "the mastering display is missing"),
    ({"picture.hdr.dolby_vision": "8.1"}, "Dolby Vision: 8.1 instead of None"),
    ({"picture.hdr.hdr10plus": True}, "HDR10+: True instead of False"),
    ({"picture.hdr.mastering": ["1/5", *DISPLAY[1:]]}, "mastering display: ['1/5', "),
    ({"picture.sample_aspect_ratio": [16, 11]}, "shape of a sample: 16/11 instead of 1"),
    ({"tracks.0": None}, "audio tracks: 1 instead of 2"),
    ({"tracks.1": None}, "audio tracks: 1 instead of 2"),
    ({"tracks.2": None}, "subtitle tracks: 0 instead of 1"),
    ({"tracks.3": None}, "cover tracks: 0 instead of 1"),
    ({"tracks.0.seconds": 2.0}, "audio track 0: 2.000 s instead of 10.000 s"),
    ({"tracks.1.seconds": 9.8}, "audio track 1: 9.800 s instead of 10.000 s"),
    ({"tracks.0.start_s": 0.08}, "audio track 0: starts +0.080 s from the picture instead of +0.000 s"),
    ({"tracks.0.start_s": -0.08}, "audio track 0: starts -0.080 s from the picture instead of +0.000 s"),
    ({"tracks.1.start_s": 0.08}, "audio track 1: starts +0.080 s from the picture instead of +0.000 s"),
    ({"start_s": 0.08}, "audio track 0: starts -0.080 s from the picture instead of +0.000 s"),
    ({"tracks.0.channels": 1}, "audio track 0: channels: 1 instead of 2"),
    ({"tracks.1.channels": 6}, "audio track 1: channels: 6 instead of 2"),
    ({"tracks.0.packets": 39}, "audio track 0: packets: 39 instead of 40"),
    ({"tracks.0.payload": "other bytes"}, "audio track 0: its bytes are not the source's"),
    ({"tracks.3.payload": "other bytes"}, "cover track 0: its bytes are not the source's"),
    ({"tracks.0.language": None}, "audio track 0: language: None instead of deu"),
    ({"tracks.0.language": "eng"}, "audio track 0: language: eng instead of deu"),
    ({"tracks.2.language": None}, "subtitle track 0: language: None instead of fra"),
    ({"tracks.0.flags": []}, "audio track 0: lost flags: default"),
    ({"tracks.2.flags": []}, "subtitle track 0: lost flags: forced"),
    ({"chapters.0": None}, "chapters: 1 instead of 2"),
    ({"chapters.1.title": "Too"}, "chapter 1: 'Too' at 5.00 s"),
    ({"chapters.1.start_s": 5.5}, "chapter 1: 'Two' at 5.50 s"),
    ({"tags": {}}, "title: None instead of 'A film'"),
    ({"tags": {"TITLE": "Another"}}, "title: 'Another' instead of 'A film'"),
]


@pytest.mark.parametrize(("changes", "said"), DIFFERENCES, ids=[said for _, said in DIFFERENCES])
def test_a_difference_is_told_with_its_figures(changes: dict[str, Any], said: str) -> None:
    differences = judged(changes)
    assert any(difference.startswith(said) for difference in differences), differences


def test_all_differences_are_told() -> None:
    assert len(judged({"codec": "h264", "tag": "avc1", "duration_s": 5.0})) == 3


def test_what_the_comparison_of_the_frames_found_is_told() -> None:
    fault = "frame 7 differs from its source frame by 60.1 levels of 255"
    assert judged({}, frames=FrameFigures(250, 0.5, 60.1, 7, 1.0, 0.0, (fault,))) == [fault]


def test_frames_that_were_not_compared_are_no_proof() -> None:
    assert judged({}, frames=None) == ["the frames were not compared"]


ROUNDED: list[dict[str, Any]] = [
    {"duration_s": 10.08},
    {"duration_s": 9.92},
    {"tracks.0.seconds": 10.0 + 0.049},
    {"tracks.0.seconds": 10.0 - 0.049},
    {"tracks.1.seconds": 10.0 + PADDED_FRAMES * AAC_FRAME / 48_000 - 0.001},
    {"tracks.0.start_s": OFFSET_TOLERANCE_S - 0.001},
    {"tracks.0.start_s": 0.001 - OFFSET_TOLERANCE_S},
    {"start_s": 2.0, "tracks.0.start_s": 2.0, "tracks.1.start_s": 2.0},
    {"picture.hdr.mastering": ("0.68", *DISPLAY[1:])},
    {"chapters.1.start_s": 5.05},
    {"tags": {"TITLE": "A film"}},
    {"tracks.1.payload": "encoded anew", "tracks.1.packets": 471},
]


@pytest.mark.parametrize("changes", ROUNDED, ids=[str(changes) for changes in ROUNDED])
def test_what_containers_and_coders_round_is_no_difference(changes: dict[str, Any]) -> None:
    assert judged(changes) == []


def test_a_range_that_was_open_may_be_called_by_its_default_and_by_nothing_else() -> None:
    assert judged({"picture.colour.range": "tv"}, SILENT) == []
    assert judged({"picture.colour.range": "pc"}, SILENT) == ["range: pc instead of unspecified"]


def test_hidden_frames_of_the_source_are_not_missed() -> None:
    """Where packets are not frames, decoding all of the source is the judge."""
    facts = {"source_packets": 260, "decodable": {"frames": 248, "failed": 0}, "packets": 248, "frames": 248}
    assert judged(facts) == []
    facts |= {"packets": 247, "frames": 247}
    assert judged(facts) == ["frames in the result: 247 instead of 248"]


def test_sound_that_began_late_still_does() -> None:
    late = {"sources.1.start_s": 0.3, "sources.2.start_s": 0.3}
    assert len(judged(late)) == 2
    assert judged(late | {"tracks.0.start_s": 0.3, "tracks.1.start_s": 0.3}) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"packets": 249}, "packets of the picture: 249 instead of 250"),
        ({"payload": "another film"}, "what the packets hold: another film instead of the film"),
        ({"codec": "hevc", "tag": "hvc1"}, "codec: hevc instead of h264"),
        ({"picture.rotation": 90}, "rotation: (90, False) instead of (0, False)"),
        ({"misplaced": {"frame": 7, "shift_s": 0.5}}, "frame 7 is shown +0.5000 s from its time"),
    ],
)
def test_a_copy_that_is_none_is_told(changes: dict[str, Any], said: str) -> None:
    assert judged(changes, SILENT, copied(SILENT), frames=None) == [said]


def test_a_rotation_that_a_copy_must_carry_is_missed() -> None:
    media = a_media(rotation=90, frames=250, duration_s=10.0)
    plan = copied(media)
    assert judged({}, media, plan, frames=None) == []
    assert judged({"picture.rotation": 0}, media, plan, frames=None) == ["rotation: (0, False) instead of (90, False)"]


def test_mkv_needs_no_index_before_its_data_and_no_sample_entry() -> None:
    assert judged({"faststart": False, "tag": ""}, plan=planned(MEDIA, "mkv")) == []


FIELD_TIMES = [number / 50 for number in range(500)]


def judged_fields(changes: dict[str, Any], times: list[float] | None = FIELD_TIMES) -> list[str]:
    """Of a film whose fields became frames: their times are those that the encoder was given."""
    return judged(changes, FLAGGED, times=times)


def test_frames_made_of_fields_pass_at_the_times_that_the_encoder_was_given() -> None:
    assert judged_fields({}) == []


def test_a_frame_made_of_a_field_at_another_time_is_told() -> None:
    moved = [time + 0.01 * (number >= 20) for number, time in enumerate(FIELD_TIMES)]
    assert judged_fields({"times": moved}) == ["frame 20 is shown +0.0100 s from its time"]


def test_a_number_of_frames_that_was_not_planned_is_told() -> None:
    said = judged_fields({"packets": 400, "frames": 400, "times": FIELD_TIMES[:400]}, FIELD_TIMES[:400])
    assert said == ["frames after deinterlacing: 400 instead of 500"]


def test_frames_that_are_whole_among_those_made_of_fields_are_counted_once() -> None:
    counted = {"frames": 250, "interlaced": 150, "failed": 0, "corrupt": 0}
    facts = {"packets": 400, "frames": 400, "times": FIELD_TIMES[:400], "decodable": counted}
    assert judged_fields(facts, FIELD_TIMES[:400]) == []
    assert judged_fields(facts | {"decodable": counted | {"interlaced": 170}}, FIELD_TIMES[:400]) == [
        "frames after deinterlacing: 400 instead of 420"
    ]


def test_times_that_were_not_told_are_no_proof() -> None:
    assert "frames in the result: 500 instead of 0" in judged_fields({}, times=None)


def test_frames_made_of_fields_that_are_missing_are_told() -> None:
    said = judged_fields({"packets": 499, "frames": 499, "times": FIELD_TIMES[:499]})
    assert said == ["frames in the result: 499 instead of 500"]


@pytest.mark.parametrize("ratio", [Fraction(1), Fraction(16, 11), Fraction(8, 9)])
def test_the_shape_of_samples_is_that_of_the_source(ratio: Fraction) -> None:
    media = a_media(sample_aspect_ratio=ratio, frames=250, duration_s=10.0)
    assert judged({}, media) == []
    assert len(judged({"picture.sample_aspect_ratio": [4, 3]}, media)) == 1
