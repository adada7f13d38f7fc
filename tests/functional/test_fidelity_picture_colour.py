"""Range, colour description and HDR metadata are those of the source; what is open stays open."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from functions.shared.errors import RequirementNotMet
from tests.support.bitstreams import with_captions
from tests.support.clips import H264, Clips, picture, run_ffmpeg
from tests.support.conversions import convert_file
from tests.support.pictures import DISPLAY, FFV1, HDR10, HLG, HLG_HEVC, PQ, TAGS, X265, tagged
from tests.support.seeing import Seen, line, see

UNSPECIFIED, LIMITED, FULL = 0, 1, 2
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "4M"]
FROM_HDR10 = ["-i", "{hdr10.mp4}"]
WIDE = ["-vf", "scale=out_range=pc,format=yuv420p", "-color_range", "pc"]

RECIPES = {
    "hdr10.mp4": [*HDR10, "-tag:v", "hvc1"],
    "hdr10_12bit.mp4": [*picture(), "-vf", f"{PQ},format=yuv420p12le", *X265, f"log-level=error:{DISPLAY}"],
    "hdr10.webm": [*FROM_HDR10, *VP9],
    "hdr10_vp9.mkv": [*FROM_HDR10, *VP9],
    "hdr10_vp9.mp4": [*FROM_HDR10, *VP9],
    "hdr10_av1.mp4": [*FROM_HDR10, "-c:v", "libaom-av1", "-cpu-used", "8", "-b:v", "4M"],
    "hdr10_av1.mkv": [*FROM_HDR10, "-c:v", "libsvtav1", "-preset", "12", "-crf", "10"],
    "hdr10_prores.mov": [*FROM_HDR10, "-c:v", "prores_ks"],
    "hdr10_prores.mkv": [*FROM_HDR10, "-c:v", "prores_ks"],
    "hdr10_h264.mp4": [*FROM_HDR10, "-c:v", "libx264", "-preset", "ultrafast"],
    "hdr10_h264.ts": [*FROM_HDR10, "-c:v", "libx264", "-preset", "ultrafast"],
    "hlg.mp4": [*HLG_HEVC, "-tag:v", "hvc1"],
    "hlg_prores.mov": [*picture(), "-vf", f"{HLG},format=yuv422p10le", "-c:v", "prores_ks"],
    "full.mp4": [*picture(), *WIDE, "-c:v", "libx264", "-preset", "ultrafast"],
    "full_10bit.mkv": [
        *(*picture(), "-vf", "scale=out_range=pc,format=yuv420p10le", "-color_range", "pc"),
        *("-c:v", "libx264", "-preset", "ultrafast"),
    ],
    "full.avi": [*picture(), "-c:v", "mjpeg", "-pix_fmt", "yuvj422p"],
    "full_bt709.mp4": [*picture(), "-vf", f"scale=out_range=pc,{tagged('bt709', 'pc')[1]},format=yuv420p", *H264],
    "limited.mkv": [*picture(), "-vf", "setparams=range=tv", *H264],
    "open.mp4": [*picture(), *H264],
    "open_10bit.mp4": [*picture(), *H264[:-1], "yuv420p10le"],
    "srgb.mkv": [*picture(), "-vf", "format=gbrp,setparams=color_primaries=bt709:color_trc=iec61966-2-1", *FFV1],
    "captions.h264": [*picture(), *H264, "-x264-params", "aud=1:bframes=0"],
    "interlaced.h264": [*picture(rate="50"), "-vf", "tinterlace", *H264, "-x264-params", "aud=1:bframes=0:tff=1"],
} | {
    f"{name}.{container}": [*picture(), *tagged(name, "tv"), *H264]
    for name in TAGS
    for container in ("mp4", "mkv", "ts")
}  # fmt: skip
STATIC = [name for name in RECIPES if name.startswith("hdr10_") or name == "hdr10.webm"]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("colour"), RECIPES)


def hdr(seen: Seen) -> tuple[list[float], tuple[int, int]]:
    """Chromaticities and luminance of the mastering display, and content light."""
    numbers = struct.unpack_from("=22i", seen.side["MASTERING_DISPLAY_METADATA"])
    values = [numbers[at] / numbers[at + 1] for at in range(0, 20, 2)]
    most, average = struct.unpack_from("=2I", seen.side["CONTENT_LIGHT_LEVEL"])
    return values, (most, average)


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("name", "ranges"),
    [
        ("full.mp4", {FULL}),
        ("full_10bit.mkv", {FULL}),
        ("full.avi", {FULL}),
        ("full_bt709.mp4", {FULL}),
        ("limited.mkv", {LIMITED}),
        ("open.mp4", {UNSPECIFIED, LIMITED}),
        ("open_10bit.mp4", {UNSPECIFIED, LIMITED}),
    ],
)
def test_the_range_and_the_samples_in_it_stay(
    clips: Clips, tmp_path: Path, name: str, ranges: set[int], container: str
) -> None:
    source, result = see(clips(name)), see(convert_file(clips(name), tmp_path, container=container).output)
    gain, offset = line(source.lumas, result.lumas)
    assert result.colour[0] in ranges
    assert result.colour[1:] == source.colour[1:]
    assert abs(gain - 1) < 0.02
    assert abs(offset) < 1.5


@pytest.mark.parametrize("source", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("name", TAGS)
def test_the_colour_description_stays(clips: Clips, tmp_path: Path, name: str, source: str) -> None:
    result = see(convert_file(clips(f"{name}.{source}"), tmp_path).output)
    assert result.colour == (LIMITED, *TAGS[name][3])


def test_rgb_keeps_its_primaries_and_transfer(clips: Clips, tmp_path: Path) -> None:
    assert see(convert_file(clips("srgb.mkv"), tmp_path).output).colour == (LIMITED, 1, 13, 1)


@pytest.mark.parametrize("name", STATIC)
def test_hdr10_is_kept_from_any_container_and_codec(clips: Clips, tmp_path: Path, name: str) -> None:
    done = convert_file(clips(name), tmp_path, require=frozenset({"hdr"}))
    result = see(done.output)
    wanted, light = hdr(see(clips("hdr10.mp4")))
    got, got_light = hdr(result)
    assert (done.rendition.outcome, result.format) == ("converted", "yuv420p10le")
    assert result.colour == (LIMITED, 9, 16, 9)
    assert got == pytest.approx(wanted, abs=2e-5)
    assert got_light == light == (1000, 400)


@pytest.mark.parametrize(("max_height", "outcome"), [(None, "remuxed"), (60, "converted")])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_hdr10_of_hevc_is_kept_by_copy_and_by_encode(
    clips: Clips, tmp_path: Path, max_height: int | None, outcome: str, container: str
) -> None:
    done = convert_file(clips("hdr10.mp4"), tmp_path, max_height=max_height, container=container)
    result = see(done.output)
    assert (done.rendition.outcome, done.dropped, result.colour) == (outcome, set(), (LIMITED, 9, 16, 9))
    assert hdr(result) == hdr(see(clips("hdr10.mp4")))


@pytest.mark.parametrize("name", ["hlg.mp4", "hlg_prores.mov"])
@pytest.mark.parametrize("max_height", [None, 60])
def test_hlg_is_kept(clips: Clips, tmp_path: Path, name: str, max_height: int | None) -> None:
    done = convert_file(clips(name), tmp_path, max_height=max_height, require=frozenset({"hdr"}))
    assert see(done.output).colour == (LIMITED, 9, 18, 9)


def scene(number: int) -> dict[str, Any]:
    """HDR10+ of one frame, as x265 reads it."""
    spread = {"DistributionIndex": [1, 5, 10, 25, 50, 75, 90, 95, 99], "DistributionValues": list(range(0, 9000, 1000))}
    luminance = {"AverageRGB": 1037, "LuminanceDistributions": spread, "MaxScl": [17830, 16895, 14252]}
    curve = {"Anchors": [102, 205, 307, 410, 512, 614, 717, 819, 922], "KneePointX": 0, "KneePointY": 0}
    places = {"SceneFrameIndex": number, "SceneId": 0, "SequenceFrameIndex": number}
    windows = {"NumberOfWindows": 1, "TargetedSystemDisplayMaximumLuminance": 400}
    return {"BezierCurveData": curve, "LuminanceParameters": luminance, **places, **windows}


@pytest.fixture(scope="module")
def hdr10plus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plus")
    whole = {"JSONInfo": {"HDR10plusProfile": "B", "Version": "1.0"}, "SceneInfo": [scene(n) for n in range(25)]}
    (folder / "plus.json").write_text(json.dumps(whole))
    options = [*HDR10[:-1], f"{HDR10[-1]}:dhdr10-info={folder / 'plus.json'}", "-tag:v", "hvc1"]
    run_ffmpeg([*options, str(folder / "plus.mp4")])
    return folder / "plus.mp4"


def test_a_copy_keeps_hdr10plus(hdr10plus: Path, tmp_path: Path) -> None:
    done = convert_file(hdr10plus, tmp_path, require=frozenset({"hdr10plus"}))
    assert (done.rendition.outcome, done.dropped) == ("remuxed", set())
    assert "DYNAMIC_HDR_PLUS" in see(done.output).side


def test_an_encode_reduces_hdr10plus_to_hdr10_and_says_so(hdr10plus: Path, tmp_path: Path) -> None:
    done = convert_file(hdr10plus, tmp_path, max_height=60, require=frozenset({"hdr"}))
    result = see(done.output)
    assert (done.rendition.outcome, done.dropped) == ("converted", {"hdr10plus"})
    assert "DYNAMIC_HDR_PLUS" not in result.side
    assert hdr(result) == hdr(see(hdr10plus))
    with pytest.raises(RequirementNotMet, match="hdr10plus"):
        convert_file(hdr10plus, tmp_path / "again", max_height=60, require=frozenset({"hdr10plus"}))


@pytest.mark.parametrize(
    ("name", "dropped"), [("captions.h264", set()), ("interlaced.h264", {"captions"})], ids=["frames", "fields"]
)
def test_closed_captions_are_kept_or_named(clips: Clips, tmp_path: Path, name: str, dropped: set[str]) -> None:
    raw, film = tmp_path / "film.h264", tmp_path / "film.mp4"
    raw.write_bytes(with_captions(clips(name).read_bytes()))
    run_ffmpeg(["-r", "25", "-i", str(raw), "-c", "copy", str(film)])
    done = convert_file(film, tmp_path / "work")
    wanted, got = see(film).side["A53_CC"], see(done.output).side.get("A53_CC")
    assert (done.rendition.outcome, done.dropped) == ("converted", dropped)
    assert got == (None if dropped else wanted)
