"""Fields become frames where they are two moments, film where it was film, and nothing changes where the flag lies."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.support.bitstreams import with_pulldown_flags
from tests.support.clips import H264, Clips, picture, run_ffmpeg
from tests.support.conversions import convert_file
from tests.support.media import BIG_BUCK_BUNNY
from tests.support.pictures import HEVC
from tests.support.seeing import Seen, distance, line, see

FILM, NTSC = Fraction(1001, 24000), Fraction(1001, 30000)
BOTH = ["-flags", "+ilme+ildct", "-b:v", "5M"]
MPEG2 = ["-c:v", "mpeg2video", *BOTH]
TOP, BOTTOM = "setfield=tff", "setfield=bff"


def woven(first: str, rate: str = "50", size: str = "320x240", seconds: float = 1.2) -> list[str]:
    """Two pictures, one after the other, as the fields of one frame."""
    flag = TOP if first == "top" else BOTTOM
    return [*picture(size, rate, seconds), "-vf", f"tinterlace=interleave_{first},{flag}"]


DV = [*woven("bottom", size="720x576", seconds=0.4), "-c:v", "dvvideo", "-pix_fmt", "yuv420p"]
TELECINE = [*picture("320x240", "24000/1001", 2), "-vf", f"telecine=first_field=top,{TOP}"]
REAL = ["-t", "3", "-i", str(BIG_BUCK_BUNNY), "-an"]
INTERLACED = {
    "mpeg2_bottom.mpg": [*woven("bottom"), *MPEG2],
    "mpeg2_top.ts": [*woven("top"), *MPEG2],
    "mpeg2_top.mkv": [*woven("top"), *MPEG2],
    "h264_top.mp4": [*woven("top"), *H264, "-x264-params", "tff=1"],
    "h264_bottom.ts": [*woven("bottom"), *H264, "-x264-params", "bff=1"],
    "h264_b_frames.mkv": [*woven("top"), "-c:v", "libx264", "-pix_fmt", "yuv420p", "-x264-params", "tff=1:bframes=3"],
    "h264_ntsc.mp4": [*woven("bottom", rate="60000/1001"), *H264, "-x264-params", "bff=1"],
    "prores.mov": [*woven("top"), "-c:v", "prores_ks", "-flags", "+ilme+ildct", "-pix_fmt", "yuv422p10le"],
    "hevc.mp4": [*woven("top"), *HEVC[:-1], "log-level=error:interlace=tff", "-pix_fmt", "yuv420p"],
    "dv.dv": DV,
    "dv.avi": DV,
}
RECIPES = INTERLACED | {
    "telecine.mp4": [*TELECINE, *H264, "-x264-params", "tff=1"],
    "telecine.ts": [*TELECINE, *MPEG2],
    "telecine.mkv": [*TELECINE, *MPEG2],
    "film.mkv": [*picture("320x240", "24000/1001", 2), "-c:v", "ffv1", "-pix_fmt", "yuv420p"],
    "fields.mkv": [*picture("320x240", "50", 1.2), "-c:v", "ffv1", "-pix_fmt", "yuv420p"],
    "flagged.mp4": [*picture("320x240"), "-vf", TOP, *H264, "-x264-params", "tff=1"],
    "flagged.ts": [*picture("320x240"), "-vf", TOP, *MPEG2],
    "flagged_real.ts": [*REAL, "-vf", f"scale=320:180,{TOP}", *MPEG2],
    "flagged_real.mp4": [*REAL, "-vf", f"scale=320:180,{TOP}", *H264, "-x264-params", "tff=1"],
    "flagged_hevc.mp4": [*picture("320x240"), "-vf", TOP, *HEVC[:-1], "log-level=error:interlace=tff"],
    "separate_hevc.mp4": [
        *(*picture("320x240", "50", 1.2), "-vf", "tinterlace=interleave_top,separatefields", *HEVC[:-1]),
        "log-level=error:interlace=tff",
    ],
    "fake.mp4": [*picture("320x240"), *H264, "-x264-params", "fake-interlaced=1"],
    "combed.mp4": [*picture("320x240", "50", 1.2), "-vf", "tinterlace=interleave_top,setfield=prog", *H264],
    "interlaced_real.ts": [*REAL, "-vf", f"scale=320:180,tinterlace=interleave_top,{TOP}", *MPEG2],
    "telecine_real.ts": [*REAL, "-vf", f"scale=320:180,fps=24000/1001,telecine,{TOP}", *MPEG2],
    "film.m2v": [*picture("320x240", "24000/1001", 2), "-c:v", "mpeg2video", "-b:v", "4M", "-bf", "0"],
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("fields"), RECIPES)


def even_steps(seen: Seen, step: Fraction, tolerance: Fraction = Fraction(1, 50_000)) -> bool:
    return all(abs(time - number * step) <= tolerance for number, time in enumerate(seen.steps))


@pytest.mark.parametrize("name", INTERLACED)
def test_two_moments_in_a_frame_become_two_frames_at_the_rate_of_fields(
    clips: Clips, tmp_path: Path, name: str
) -> None:
    done = convert_file(clips(name), tmp_path)
    source, result = see(clips(name)), see(done.output)
    rate = Fraction(60_000, 1001) if "ntsc" in name else Fraction(50)
    rounded = Fraction(1, 1000) if name.endswith("mkv") else Fraction(1, 50_000)
    assert (done.rendition.outcome, len(result.lumas)) == ("converted", 2 * len(source.lumas))
    assert even_steps(result, 1 / rate, rounded)
    assert abs(line(tuple(frame for frame in source.lumas for _ in range(2)), result.lumas)[0] - 1) < 0.02


@pytest.mark.parametrize("name", ["mpeg2_top.ts", "mpeg2_bottom.mpg", "h264_top.mp4", "hevc.mp4"])
def test_each_frame_is_of_the_moment_of_its_field_and_none_is_swapped(clips: Clips, tmp_path: Path, name: str) -> None:
    moments, result = see(clips("fields.mkv")).lumas, see(convert_file(clips(name), tmp_path).output).lumas
    for number in range(4, 50):
        around = range(number - 2, number + 3)
        assert min(around, key=lambda other: distance(moments[other], result[number])) == number


@pytest.mark.parametrize("name", ["telecine.mp4", "telecine.ts", "telecine.mkv"])
def test_film_that_was_made_television_becomes_film_again(clips: Clips, tmp_path: Path, name: str) -> None:
    done = convert_file(clips(name), tmp_path)
    film, result = see(clips("film.mkv")), see(done.output)
    assert len(result.lumas) == len(see(clips(name)).lumas) * 4 // 5
    assert even_steps(result, FILM, Fraction(1, 1000) if name.endswith("mkv") else Fraction(1, 20_000))
    for number in range(5, 40):
        places = range(number - 3, number + 4)
        nearest = min(places, key=lambda other: distance(film.lumas[other], result.lumas[number]))
        assert abs(nearest - number) <= 1
        assert distance(film.lumas[nearest], result.lumas[number]) < 6


@pytest.mark.parametrize(
    "name",
    ["flagged.mp4", "flagged.ts", "flagged_real.ts", "flagged_real.mp4", "flagged_hevc.mp4", "fake.mp4", "combed.mp4"],
)
def test_whole_pictures_stay_whatever_their_flag_says(clips: Clips, tmp_path: Path, name: str) -> None:
    done = convert_file(clips(name), tmp_path)
    source, result = see(clips(name)), see(done.output)
    assert done.media.video.fields == "progressive"
    assert result.steps == pytest.approx(source.steps, abs=2e-5)
    assert distance(source.lumas[12], result.lumas[12]) < 6


@pytest.mark.parametrize(("name", "fields"), [("interlaced_real.ts", "interlaced"), ("telecine_real.ts", "telecine")])
def test_real_footage_is_told_apart(clips: Clips, tmp_path: Path, name: str, fields: str) -> None:
    done = convert_file(clips(name), tmp_path)
    factor = {"interlaced": Fraction(2), "telecine": Fraction(4, 5)}[fields]
    assert done.media.video.fields == fields
    assert abs(len(see(done.output).lumas) - len(see(clips(name)).lumas) * factor) <= 2


def test_fields_that_are_pictures_of_their_own_are_copied_as_they_are(clips: Clips, tmp_path: Path) -> None:
    """Players of H.265 weave them; a picture of half the height is no film."""
    done = convert_file(clips("separate_hevc.mp4"), tmp_path)
    source, result = see(clips("separate_hevc.mp4")), see(done.output)
    assert (done.rendition.outcome, result.size, len(result.lumas)) == ("remuxed", (320, 120), 60)
    assert result.steps == source.steps


@pytest.mark.parametrize("container", ["mpg", "ts", "mkv"])
def test_film_with_flags_for_television_keeps_its_frames_and_times(
    clips: Clips, tmp_path: Path, container: str
) -> None:
    raw, film = tmp_path / "film.m2v", tmp_path / f"film.{container}"
    raw.write_bytes(with_pulldown_flags(clips("film.m2v").read_bytes()))
    times = "setts=ts=round(ceil(N*2.5)*1001/60000/TB)"
    run_ffmpeg(["-i", str(raw), "-c", "copy", "-bsf:v", times, str(film)])
    done = convert_file(film, tmp_path / "work")
    source, result = see(film), see(done.output)
    assert (done.media.video.fields, len(result.lumas)) == ("progressive", 48)
    assert result.steps == pytest.approx(source.steps, abs=2e-5)
