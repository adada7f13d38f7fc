"""The judgement over a measured output: each difference is told with its figures, and nothing else is one."""

from typing import Any

import pytest

from functions.converter.plan import EncodePlan, plan_encode
from functions.converter.verify import AUDIO_TOLERANCE_S, compare
from tests.support.probes import a_media, some_audio

MEDIA = a_media(some_audio(), frames=250, duration_s=10.0)
PLAN: EncodePlan = plan_encode(MEDIA, {"preset": "veryfast", "crf": 26})
PERFECT: dict[str, Any] = {
    "faststart": True,
    "codec": "hevc",
    "tag": "hvc1",
    "pixel_format": "yuv420p",
    "size": [1280, 720],
    "source_frames": 250,
    "output_packets": 250,
    "output_frames": 250,
    "broken_frames": 0,
    "duration_s": 10.0,
    "misplaced": None,
    "audio_s": [1.0],
}


def judged(**changes: Any) -> list[str]:
    return compare(PERFECT | changes, PLAN, MEDIA)


def test_a_perfect_output_passes() -> None:
    assert judged() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"output_packets": 249, "output_frames": 249}, "frames in the result: 249 instead of 250"),
        ({"output_packets": 251, "output_frames": 251}, "frames in the result: 251 instead of 250"),
        ({"output_frames": 248}, "frames that decode: 248 instead of 250"),
        ({"broken_frames": 3}, "damaged frames: 3 instead of 0"),
        ({"codec": "h264"}, "codec: h264 instead of hevc"),
        ({"tag": "hev1"}, "sample entry: hev1 instead of hvc1"),
        ({"faststart": False}, "index before the data: False instead of True"),
        ({"pixel_format": "yuv420p10le"}, "pixel format: yuv420p10le instead of yuv420p"),
        ({"size": [640, 360]}, "sides of the picture: [360, 640] instead of [720, 1280]"),
        ({"audio_s": []}, "audio tracks: 0 instead of 1"),
        ({"audio_s": [1.0, 1.0]}, "audio tracks: 2 instead of 1"),
        ({"audio_s": [0.2]}, "audio track 0: 0.20 s instead of 1.00 s"),
        ({"duration_s": 8.0}, "duration: 8.000 s instead of 10.000 s"),
        ({"duration_s": 10.2}, "duration: 10.200 s instead of 10.000 s"),
        ({"misplaced": {"frame": 7, "shift_s": -0.04}}, "frame 7 is shown -0.0400 s from its time"),
    ],
)
def test_a_difference_is_told_with_its_figures(changes: dict[str, Any], said: str) -> None:
    assert said in judged(**changes)


def test_all_differences_are_told() -> None:
    assert len(judged(codec="h264", tag="avc1", duration_s=5.0)) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"duration_s": 10.08},
        {"duration_s": 9.92},
        {"audio_s": [1.0 + AUDIO_TOLERANCE_S]},
        {"audio_s": [1.0 - AUDIO_TOLERANCE_S]},
        {"size": [720, 1280]},
    ],
)
def test_what_containers_and_coders_round_is_no_difference(changes: dict[str, Any]) -> None:
    assert judged(**changes) == []


def test_hidden_frames_of_the_source_are_not_missed() -> None:
    """The source's count may be lower than what the probe counted in packets: decoding all of it is the judge."""
    assert judged(source_frames=248, output_packets=248, output_frames=248) == []
