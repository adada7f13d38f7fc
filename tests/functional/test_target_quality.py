"""A target is met on films of all kinds, and nothing that goes wrong with measuring fails a conversion."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.converter import gate, probing, ratesearch, target
from functions.converter.making import Maker
from functions.converter.quality import (
    FAILED,
    HDR,
    MET,
    MISSED,
    NO_TIME,
    NOT_MEASURED,
    WHOLE_FILM,
    Quality,
    quality_warnings,
)
from functions.converter.ratesearch import EASIER, FOUND
from functions.shared.errors import EncodeFailed, MediaProcessKilled, StaleAttempt
from functions.shared.options import Options
from functions.shared.qualities import QUALITIES
from local.ondesk import Workplace, plan_here
from tests.support.attempts import a_lease, settings_with
from tests.support.clips import FFMPEG, H264, picture, tone
from tests.support.conversions import Conversion, convert_file, inspector
from tests.support.media import BIG_BUCK_BUNNY
from tests.support.vmaf import every_frame

BALANCED = QUALITIES["balanced"]
AIMED = Options(preset="ultrafast", crf=None, vmaf=BALANCED.vmaf, floor=BALANCED.floor, previews=False)
LOSSLESS = ["-c:v", "ffv1"]
"""Larger than any result, which is then always what is delivered."""

FILMS: dict[str, list[str]] = {
    "shorter_than_a_sample.mkv": [*picture(seconds=0.16), *LOSSLESS],
    "one_frame.mkv": [*picture(size="320x240"), "-frames:v", "1", "-c:v", "rawvideo"],
    "still.mkv": [*picture(source="smptebars", seconds=2), *LOSSLESS],
    "black.mkv": ["-f", "lavfi", "-i", "color=black:size=160x120:rate=25:duration=2", "-c:v", "rawvideo"],
    "noise.mkv": [*picture(), "-vf", "noise=alls=100:allf=t", *LOSSLESS],
    "four_a_second.mkv": [*picture(rate="4", seconds=12), *LOSSLESS],
    "120_a_second.mkv": [*picture(rate="120"), *LOSSLESS],
    "portrait.mkv": [*picture(size="90x160", seconds=2), *LOSSLESS],
    "16x16.mkv": [*picture(size="16x16", seconds=2), *LOSSLESS],
    "ten_bit.mkv": [*picture(seconds=2), "-pix_fmt", "yuv420p10le", *LOSSLESS],
    "variable.mkv": [*picture(seconds=3), "-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr", *LOSSLESS],
    "interlaced.mp4": [
        *picture(rate="50", seconds=2), "-vf", "interlace",
        "-c:v", "mpeg2video", "-qscale:v", "1", "-flags", "+ilme+ildct",
    ],
    "transparent.mkv": [*picture(seconds=2), "-pix_fmt", "yuva420p", *LOSSLESS],
    "gray.mkv": [*picture(seconds=2), "-pix_fmt", "gray", *LOSSLESS],
    "animated.gif": [*picture(rate="10", seconds=4)],
    "held.mkv": [*picture(seconds=2), "-vf", "setpts='if(gt(N,40),PTS+3/TB,PTS)'", "-fps_mode", "vfr", *LOSSLESS],
    "sound_goes_on.mkv": [*picture(seconds=2), *tone(seconds=6), *LOSSLESS, "-c:a", "aac"],
}  # fmt: skip


def made(name: str, folder: Path) -> Path:
    path = folder / name
    subprocess.run([FFMPEG, "-y", "-v", "error", "-nostdin", *FILMS[name], str(path)], check=True, timeout=60)
    return path


def told(conversion: Conversion) -> Quality:
    assert conversion.rendition.quality
    return conversion.rendition.quality


@pytest.mark.parametrize("name", FILMS)
def test_a_film_of_any_kind_gets_a_sensible_rate_factor(name: str, tmp_path: Path) -> None:
    conversion = convert_file(made(name, tmp_path), tmp_path / "job", AIMED)
    quality = told(conversion)
    assert (quality.method, quality.model) == ("vmaf", "vmaf_v0.6.1")
    assert 8.0 <= quality.crf <= 45.0
    assert quality.gate
    assert quality.gate.outcome in (MET, MISSED, WHOLE_FILM)
    assert quality.outcome in (FOUND, EASIER)
    assert quality.gate.vmaf
    assert quality.gate.vmaf > BALANCED.vmaf - 3 or quality_warnings(quality)


def test_what_cannot_look_bad_takes_the_highest_rate_factor(tmp_path: Path) -> None:
    quality = told(convert_file(made("black.mkv", tmp_path), tmp_path / "job", AIMED))
    assert (quality.crf, quality.outcome) == (45.0, EASIER)
    assert quality_warnings(quality) == []


def test_a_film_that_is_its_own_sample_is_encoded_to_the_point(tmp_path: Path) -> None:
    source = made("shorter_than_a_sample.mkv", tmp_path)
    conversion = convert_file(source, tmp_path / "job", AIMED)
    measured = every_frame(source, conversion.output)
    assert measured.mean == pytest.approx(BALANCED.vmaf, abs=1.0)
    assert told(conversion).vmaf == pytest.approx(measured.mean, abs=0.01)


def test_a_real_film_lands_within_a_point(tmp_path: Path) -> None:
    conversion = convert_file(BIG_BUCK_BUNNY, tmp_path / "job", AIMED)
    measured = every_frame(BIG_BUCK_BUNNY, conversion.output)
    assert measured.mean == pytest.approx(BALANCED.vmaf, abs=1.0)
    quality = told(conversion)
    assert quality.outcome == FOUND
    assert quality.gate
    assert quality.gate.outcome == MET
    assert quality.gate.vmaf == pytest.approx(measured.mean, abs=1.5)
    assert conversion.rendition.encoded
    assert quality.search_cpu_s < conversion.rendition.encoded.cpu_s


def test_the_same_film_gets_the_same_rate_factor(tmp_path: Path) -> None:
    source = made("variable.mkv", tmp_path)
    found = [told(convert_file(source, tmp_path / name, AIMED)) for name in ("one", "two")]
    assert found[0].crf == found[1].crf
    assert found[0].samples == found[1].samples


def test_hdr_takes_the_rate_factor_of_the_table_and_says_so(tmp_path: Path) -> None:
    source = tmp_path / "hdr.mkv"
    colours = ["-vf", "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"]
    argv = [FFMPEG, "-y", "-v", "error", *picture(), *colours, *LOSSLESS, str(source)]
    subprocess.run(argv, check=True, timeout=60)
    quality = told(convert_file(source, tmp_path / "job", AIMED))
    assert (quality.method, quality.crf, quality.outcome, quality.gate) == ("crf_table", 26.0, HDR, None)
    assert [warned.code for warned in quality_warnings(quality)] == ["quality_unmeasured"]


@pytest.mark.parametrize("failure", [EncodeFailed(), MediaProcessKilled(), OSError(12, "no memory"), MemoryError()])
def test_a_search_that_fails_leaves_the_table(
    failure: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "measure", raising(failure))
    quality = told(convert_file(made("portrait.mkv", tmp_path), tmp_path / "job", AIMED))
    assert (quality.method, quality.crf, quality.outcome) == ("crf_table", 26.0, FAILED)
    assert [warned.code for warned in quality_warnings(quality)] == ["quality_unmeasured"]
    assert not list((tmp_path / "job" / "made").glob("*.raw"))


def test_an_attempt_that_is_no_longer_ours_ends_its_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "measure", raising(StaleAttempt()))
    with pytest.raises(StaleAttempt):
        convert_file(made("portrait.mkv", tmp_path), tmp_path / "job", AIMED)


def test_a_gate_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "measure", raising(EncodeFailed()))
    quality = told(convert_file(made("portrait.mkv", tmp_path), tmp_path / "job", AIMED))
    assert quality.gate
    assert quality.gate.outcome == NOT_MEASURED
    assert [warned.code for warned in quality_warnings(quality)] == ["quality_unmeasured"]


def test_a_near_deadline_leaves_no_time_for_a_search(tmp_path: Path) -> None:
    copy = tmp_path / "source"
    shutil.copyfile(made("portrait.mkv", tmp_path), copy)
    lease = a_lease(seconds=5.0)
    with inspector() as inspecting:
        planned = plan_here(copy, AIMED, Workplace(tmp_path, inspecting, lease, settings_with()))
        found = target.find_crf(planned.plan, BALANCED, planned.job)
    assert (found.quality.method, found.quality.outcome) == ("crf_table", NO_TIME)


def test_a_film_that_misses_its_target_is_encoded_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ratesearch.search

    def misled(*asked: Any) -> object:
        solution, curve = honest(*asked)
        return replace(solution, crf=solution.crf + 6), curve

    monkeypatch.setattr(ratesearch, "search", misled)
    quality = told(convert_file(made("portrait.mkv", tmp_path), tmp_path / "job", AIMED))
    assert quality.corrected
    assert quality.crf < quality.corrected
    assert quality.vmaf
    assert quality.vmaf > BALANCED.vmaf - 3


def test_a_film_that_still_misses_its_target_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Maker, "_has_time_again", lambda _self: False)
    monkeypatch.setattr(gate, "TOLERANCE", -50.0)
    quality = told(convert_file(made("portrait.mkv", tmp_path), tmp_path / "job", AIMED))
    assert quality.gate
    assert quality.gate.outcome == MISSED
    (warned,) = quality_warnings(quality)
    assert warned.code == "quality_missed"
    assert f"{quality.vmaf:.1f}" in warned.message


def test_a_short_film_that_would_outgrow_its_source_is_measured_at_the_rate_factor_that_it_gets(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    argv = [FFMPEG, "-y", "-v", "error", *picture(size="320x240", seconds=1.2), *H264, "-crf", "31", str(source)]
    subprocess.run(argv, check=True, timeout=60)
    conversion = convert_file(source, tmp_path / "job", AIMED, vmaf=96.0, floor=80.0)
    quality = told(conversion)
    assert (conversion.rendition.outcome, quality.bound_by) == ("converted", "source_size")
    assert quality.gate
    assert quality.gate.frames == conversion.plan.picture.frames
    assert quality.vmaf == pytest.approx(every_frame(source, conversion.output).mean, abs=0.1)


def test_of_a_long_film_only_the_samples_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.converter.cutting.READ_WHOLE_FRAMES", 50)
    source = tmp_path / "long.mp4"
    argv = [FFMPEG, "-y", "-v", "error", *picture(seconds=8), *H264, "-qp", "4", "-g", "25", str(source)]
    subprocess.run(argv, check=True, timeout=60)
    conversion = convert_file(source, tmp_path / "job", AIMED)
    measured = every_frame(source, conversion.output)
    assert told(conversion).outcome == FOUND
    assert measured.mean == pytest.approx(BALANCED.vmaf, abs=3.0)


def raising(failure: Exception) -> Callable[..., object]:
    def fail(*_args: object, **_named: object) -> object:
        raise failure

    return fail
