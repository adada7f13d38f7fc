"""Every frame at its time: variable and unusual rates, edit lists, starts other than zero, sound that starts apart."""

import io
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.support.clips import H264, Clips, picture, tone
from tests.support.conversions import convert_file
from tests.support.seeing import see

VARIABLE = ["-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr"]
BOTH = ["-map", "0:v", "-map", "1:a", "-c", "copy"]
B_FRAMES = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-x264-params", "open-gop=1:keyint=8:bframes=4:b-pyramid=normal"]
LONG = ["-i", "{long.mp4}"]
LATE = ["-itsoffset", "0.3", *LONG]
AS_THEY_ARE = ["-c", "copy", "-avoid_negative_ts", "disabled", "-output_ts_offset", "-0.4"]
TWICE = "if(eq(mod(N\\,5)\\,4)\\,PTS-40\\,PTS)"

RECIPES = {
    "variable.mkv": [*picture(), *H264, *VARIABLE],
    "variable.mp4": [*picture(), *H264, *VARIABLE],
    "variable.webm": [*picture(), "-c:v", "libvpx", "-b:v", "2M", *VARIABLE],
    "four.mp4": [*picture(rate="4", seconds=2), *H264],
    "hundred_twenty.mp4": [*picture(rate="120"), *H264],
    "hundred_twenty.mkv": [*picture(rate="120"), *H264],
    "odd_rate.mp4": [*picture(rate="17/3", seconds=2), *H264],
    "b_pyramid.mp4": [*picture(), *B_FRAMES],
    "b_pyramid.ts": [*picture(), *B_FRAMES],
    "b_pyramid.mkv": [*picture(), *B_FRAMES],
    "long.mp4": [*picture(seconds=2), *tone(2, 48_000), *H264, "-g", "250", "-c:a", "aac"],
    "twice.mkv": [*picture(), *H264, "-bf", "0", "-bsf:v", f"setts=ts={TWICE.replace('40', '0.04/TB')}"],
    "cut.mp4": ["-ss", "0.7", *LONG, "-c", "copy"],
    "empty_edit.mp4": [*LATE, *LONG, *BOTH],
    "ten_hours.ts": [*LONG, "-c", "copy", "-output_ts_offset", "36000"],
    "five_seconds.mkv": [*LONG, "-c", "copy", "-output_ts_offset", "5"],
    "before_zero.mp4": [*LONG, *AS_THEY_ARE],
    "before_zero.mkv": [*LONG, *AS_THEY_ARE],
    "sound_late.mp4": [*LONG, *LATE, *BOTH],
    "sound_late.mkv": [*LONG, *LATE, *BOTH],
    "sound_late.ts": [*LONG, *LATE, *BOTH],
    "sound_early.mp4": [*LATE, *LONG, *BOTH],
    "sound_early.mkv": [*LATE, *LONG, *BOTH],
    "sound_early.ts": [*LATE, *LONG, *BOTH],
    "one.mp4": [*picture(), *H264, "-frames:v", "1"],
    "one.mkv": [*picture(), *H264, "-frames:v", "1"],
    "one.ts": [*picture(), *H264, "-frames:v", "1"],
    "one.gif": [*picture(), "-frames:v", "1"],
    "moving.gif": [*picture(rate="10")],
    "uneven.gif": [*picture(rate="10"), "-vf", "select='not(eq(n,4))'", "-fps_mode", "vfr"],
}  # fmt: skip
SAME_TIMES = [
    "variable.mkv", "variable.mp4", "variable.webm", "four.mp4", "hundred_twenty.mp4", "hundred_twenty.mkv",
    "odd_rate.mp4", "b_pyramid.mp4", "b_pyramid.ts", "b_pyramid.mkv", "long.mp4", "cut.mp4", "ten_hours.ts",
    "five_seconds.mkv", "before_zero.mp4", "moving.gif", "uneven.gif",
]  # fmt: skip


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("times"), RECIPES)


def starts(path: Path) -> tuple[float, float]:
    """When picture and sound begin, without what a player skips."""
    found = {}
    for kind in ("video", "audio"):
        with av.open(io.BytesIO(path.read_bytes()), "r") as container:
            stream = getattr(container.streams, kind)[0]
            found[kind] = min(float(frame.time or 0) for frame in container.decode(stream))
    return found["video"], found["audio"]


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("name", SAME_TIMES)
def test_every_frame_keeps_its_time(clips: Clips, tmp_path: Path, name: str, container: str) -> None:
    """MP4 exactly; Matroska to its millisecond."""
    source, result = see(clips(name)), see(convert_file(clips(name), tmp_path, container=container).output)
    rounding = Fraction(0) if container == "mp4" else Fraction(1, 1000)
    assert len(result.steps) == len(source.steps)
    assert all(abs(got - wanted) <= rounding for got, wanted in zip(result.steps, source.steps, strict=True))


def test_frames_of_the_same_moment_all_stay(clips: Clips, tmp_path: Path) -> None:
    source, result = see(clips("twice.mkv")), see(convert_file(clips("twice.mkv"), tmp_path).output)
    assert len(set(source.steps)) == 20
    assert len(result.steps) == len(source.steps) == 25
    assert result.steps == pytest.approx(source.steps, abs=0.001)


@pytest.mark.parametrize("name", ["before_zero.mkv", "before_zero.mp4", "cut.mp4"])
def test_what_lies_before_zero_is_no_reason_to_lose_the_rest(clips: Clips, tmp_path: Path, name: str) -> None:
    source, result = see(clips(name)), see(convert_file(clips(name), tmp_path).output)
    assert len(result.lumas) == len(source.lumas)


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("audio", ["auto", "aac"])
@pytest.mark.parametrize(
    "name",
    [
        "long.mp4", "empty_edit.mp4", "ten_hours.ts", "five_seconds.mkv", "sound_late.mp4", "sound_late.mkv",
        "sound_late.ts", "sound_early.mp4", "sound_early.mkv", "sound_early.ts",
    ],
)  # fmt: skip
def test_sound_starts_as_far_from_the_picture_as_it_did(
    clips: Clips, tmp_path: Path, name: str, audio: str, container: str
) -> None:
    picture_s, sound_s = starts(clips(name))
    got_picture_s, got_sound_s = starts(convert_file(clips(name), tmp_path, audio=audio, container=container).output)
    assert got_sound_s - got_picture_s == pytest.approx(sound_s - picture_s, abs=0.03)


@pytest.mark.parametrize("name", ["one.mp4", "one.mkv", "one.ts", "one.gif"])
def test_one_frame_is_a_film(clips: Clips, tmp_path: Path, name: str) -> None:
    done = convert_file(clips(name), tmp_path)
    assert (done.rendition.outcome, len(see(done.output).lumas)) == ("converted", 1)
