"""The inspector's judgements on made-up frames and packets: fields, orientation, times."""

import math
import struct
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from functions.converter.inspector.fields import judged
from functions.converter.inspector.picture import FIXED_ONE, _hdr, _mastering, _turn
from functions.converter.inspector.tally import Tally


@pytest.mark.parametrize(
    ("interlaced", "progressive", "repeated", "frames", "kind"),
    [
        (300, 0, 0, 300, "interlaced"),
        (100, 30, 0, 300, "interlaced"),
        (60, 240, 0, 300, "interlaced"),
        (59, 241, 0, 300, "progressive"),
        (0, 300, 0, 300, "progressive"),
        (0, 5, 0, 300, "progressive"),
        (0, 4, 0, 300, "interlaced"),  # nothing told: the flag is believed
        (0, 0, 0, 300, "interlaced"),
        (0, 0, 0, 0, "interlaced"),
        (0, 0, 300, 300, "interlaced"),  # a still: every field repeats
        (120, 180, 120, 300, "telecine"),
        (120, 180, 75, 300, "telecine"),
        (120, 180, 74, 300, "interlaced"),
        (10, 290, 120, 300, "progressive"),  # fields repeat and nothing combs: animation
    ],
)
def test_a_film_that_is_flagged_as_interlaced_is_what_its_frames_show(
    interlaced: int, progressive: int, repeated: int, frames: int, kind: str
) -> None:
    assert judged(interlaced, progressive, repeated, frames) == kind


@dataclass
class Side:
    """Data beside a frame, as PyAV hands it over."""

    kind: str
    data: bytes

    @property
    def type(self) -> Any:
        return SimpleNamespace(name=self.kind)

    def __bytes__(self) -> bytes:
        return self.data


def frame_with(*sides: Side) -> Any:
    return SimpleNamespace(side_data=list(sides))


def matrix(degrees: int, *, mirrored: bool) -> bytes:
    """A picture that is mirrored first, if it is, and then turned clockwise."""
    cosine, sine = round(math.cos(math.radians(degrees))), round(math.sin(math.radians(degrees)))
    way = -1 if mirrored else 1
    rows = (way * cosine, way * sine, 0, -sine, cosine, 0, 0, 0)
    return struct.pack("=9i", *(value * FIXED_ONE for value in rows), 1 << 30)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_each_of_eight_orientations_is_read(degrees: int, mirrored: bool) -> None:
    frame = frame_with(Side("DISPLAYMATRIX", matrix(degrees, mirrored=mirrored)))
    assert _turn([frame]) == (degrees, mirrored)


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [frame_with()],
        [frame_with(Side("DISPLAYMATRIX", b"short"))],
        [frame_with(Side("DISPLAYMATRIX", bytes(36)))],
        [frame_with(Side("DISPLAYMATRIX", matrix(45, mirrored=False)))],
    ],
)
def test_what_says_no_quarter_turn_turns_nothing(frames: list[Any]) -> None:
    assert _turn(frames)[0] == 0


def test_an_orientation_that_only_a_later_frame_tells_is_read() -> None:
    assert _turn([frame_with(), frame_with(Side("DISPLAYMATRIX", matrix(90, mirrored=False)))]) == (90, False)


def display(*, primaries: int = 1, luminance: int = 1, denominator: int = 50_000) -> bytes:
    pairs = [number for value in range(10) for number in (value + 1, denominator)]
    return struct.pack("=22i", *pairs, primaries, luminance)


def test_a_mastering_display_is_ten_fractions() -> None:
    assert _mastering(display()) == [f"{value}/50000" for value in range(1, 11)]


@pytest.mark.parametrize(
    "data", [None, b"", b"x" * 87, display(primaries=0), display(luminance=0), display(denominator=0)]
)
def test_a_mastering_display_that_was_never_set_is_none(data: bytes | None) -> None:
    assert _mastering(data) is None


def test_metadata_of_hdr_is_found_on_whichever_frame_has_it() -> None:
    frames = [
        frame_with(),
        frame_with(Side("CONTENT_LIGHT_LEVEL", struct.pack("=2I", 1000, 400)), Side("DYNAMIC_HDR_PLUS", b"x")),
        frame_with(Side("MASTERING_DISPLAY_METADATA", display())),
    ]
    assert _hdr(frames) == {"mastering": _mastering(display()), "light": [1000, 400], "hdr10plus": True}
    assert _hdr([frame_with()]) == {"mastering": None, "light": None, "hdr10plus": False}
    assert _hdr([frame_with(Side("CONTENT_LIGHT_LEVEL", b"short"))])["light"] is None


@dataclass
class Packet:
    """One packet, as PyAV hands it over."""

    pts: int | None
    dts: int | None = None
    duration: int = 40
    content: bytes = b"\x10film"
    is_discard: bool = False
    is_keyframe: bool = True
    stream: Any = field(default=None)

    @property
    def size(self) -> int:
        return len(self.content)

    def __bytes__(self) -> bytes:
        return self.content


def stream_of(codec: str = "mpeg4", container: str = "mov", time_base: Fraction = Fraction(1, 1000)) -> Any:
    codec_of = SimpleNamespace(canonical_name=codec)
    return SimpleNamespace(
        type="video",
        index=0,
        time_base=time_base,
        container=SimpleNamespace(format=SimpleNamespace(name=container)),
        codec_context=SimpleNamespace(codec=codec_of, has_b_frames=True, extradata=None),
    )


def tallied(*packets: Packet, container: str = "mov") -> Tally:
    tally = Tally(stream_of(container=container))
    for packet in packets:
        tally.add(packet)
    return tally


def test_a_film_spans_its_first_frame_to_the_end_of_the_one_that_is_shown_last() -> None:
    """Frames come in the order of decoding."""
    tally = tallied(Packet(1000, duration=40), Packet(1120, duration=80), Packet(1040), Packet(1080))
    assert (tally.first, tally.last, tally.end) == (1000, 1120, 1200)
    assert (tally.start_s, tally.seconds, tally.last_s, tally.end_s) == (1.0, 0.2, 0.08, 1.2)
    assert tally.seconds_of_all() == [0.0, 0.04, 0.08, 0.12]


def test_packets_that_are_empty_or_hidden_are_no_frames() -> None:
    tally = tallied(Packet(0), Packet(40, content=b""), Packet(80, is_discard=True), Packet(120))
    assert (len(tally.times), tally.all_packets) == (2, 3)
    assert tally.seconds == 0.16


def test_a_film_without_times_is_counted_and_said_to_be_incomplete() -> None:
    tally = tallied(Packet(None), Packet(None))
    assert (len(tally.times), tally.untimed, tally.complete, tally.seconds) == (2, 2, False, 0.0)
    guessed = tallied(Packet(None, dts=0), Packet(None, dts=40))
    assert (guessed.untimed, guessed.complete, guessed.seconds) == (0, False, 0.08)


def test_chunks_of_avi_are_timed_by_their_order() -> None:
    tally = tallied(Packet(80, dts=0), Packet(None, dts=40), Packet(40, dts=80), container="avi")
    assert list(tally.times) == [0, 40, 80]
    assert tally.complete
    assert tally.vague_frames == 0
    assert tallied(Packet(0, dts=0), Packet(40, dts=40), Packet(120, dts=120), container="avi").vague_frames > 0
    assert tallied(Packet(0, dts=0), Packet(40, dts=40), Packet(120, dts=120)).vague_frames == 0


def test_a_film_without_a_frame_measures_nothing() -> None:
    tally = tallied()
    assert (tally.seconds, tally.last_s, tally.start_s, tally.end_s, tally.bytes) == (0.0, 0.0, 0.0, 0.0, 0)
