"""A target is met on films of all kinds, and nothing that goes wrong with measuring fails a conversion."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

import pytest

from functions.converter import cutting, gate, probing, ratesearch, rendering, target
from functions.converter.encode import Encoded, GrewTooLarge, encode
from functions.converter.making import Maker
from functions.converter.pictureplan import PicturePlan
from functions.converter.plan import ConversionPlan
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
from functions.converter.rendering import CONVERTED, Rendition
from functions.converter.samples import Window, gate_windows, sampling
from functions.converter.target import LOG_BYTES, SIZE_DOUBT
from functions.converter.tinypictures import FRAME_BYTES
from functions.shared.errors import (
    EncodeFailed,
    MediaProcessKilled,
    StaleAttempt,
    TooLongForThisWorker,
)
from functions.shared.options import Options
from functions.shared.qualities import QUALITIES
from local.ondesk import Planned, Workplace, plan_here
from tests.support.attempts import a_lease, settings_with
from tests.support.clips import H264, picture, run_ffmpeg, tone
from tests.support.conversions import Conversion, convert_file, inspector
from tests.support.media import small_bunny
from tests.support.vmaf import every_frame

BALANCED = QUALITIES["balanced"]
AIMED = Options(preset="ultrafast", crf=None, vmaf=BALANCED.vmaf, floor=BALANCED.floor, previews=False)
MakeFilm: TypeAlias = Callable[[str], Path]
Convert: TypeAlias = Callable[[str], Conversion]
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


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> MakeFilm:
    """Each film, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("films")

    @cache
    def make(name: str) -> Path:
        run_ffmpeg([*FILMS[name], str(folder / name)])
        return folder / name

    return make


@pytest.fixture(scope="module")
def converted(film: MakeFilm, tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """What each film becomes with nothing changed, converted when it is first asked for."""
    return cache(lambda name: convert_file(film(name), tmp_path_factory.mktemp("job"), AIMED))


@contextmanager
def planning(source: Path, folder: Path, seconds: float = 600.0) -> Iterator[Planned]:
    """A film of which nothing is encoded yet; ``seconds``: what its attempt may take."""
    copy = folder / "source"
    shutil.copyfile(source, copy)
    with inspector() as inspecting:
        yield plan_here(copy, AIMED, Workplace(folder, inspecting, a_lease(seconds=seconds), settings_with()))


def told(conversion: Conversion) -> Quality:
    assert conversion.rendition.quality
    return conversion.rendition.quality


@pytest.mark.parametrize("name", FILMS)
def test_a_film_of_any_kind_gets_a_sensible_rate_factor(name: str, converted: Convert) -> None:
    quality = told(converted(name))
    assert (quality.method, quality.model) == ("vmaf", "vmaf_v0.6.1")
    assert 8.0 <= quality.crf <= 45.0
    assert quality.gate
    assert quality.gate.outcome in (MET, MISSED, WHOLE_FILM)
    assert quality.outcome in (FOUND, EASIER)
    assert quality.gate.vmaf
    assert quality.gate.vmaf > BALANCED.vmaf - 3 or quality_warnings(quality)


def test_what_cannot_look_bad_takes_the_highest_rate_factor(converted: Convert) -> None:
    quality = told(converted("black.mkv"))
    assert (quality.crf, quality.outcome) == (45.0, EASIER)
    assert quality_warnings(quality) == []


def test_a_film_that_is_its_own_sample_is_encoded_to_the_point(film: MakeFilm, converted: Convert) -> None:
    conversion = converted("shorter_than_a_sample.mkv")
    measured = every_frame(film("shorter_than_a_sample.mkv"), conversion.output)
    assert measured.mean == pytest.approx(BALANCED.vmaf, abs=1.0)
    assert told(conversion).vmaf == pytest.approx(measured.mean, abs=0.01)


def test_a_real_film_lands_within_a_point(tmp_path: Path) -> None:
    source = small_bunny(tmp_path / "source.mp4", width=480)
    conversion = convert_file(source, tmp_path / "job", AIMED)
    measured = every_frame(source, conversion.output)
    assert measured.mean == pytest.approx(BALANCED.vmaf, abs=1.0)
    quality = told(conversion)
    assert quality.outcome == FOUND
    assert quality.gate
    assert quality.gate.outcome == MET
    assert quality.gate.vmaf == pytest.approx(measured.mean, abs=1.5)
    assert conversion.rendition.encoded
    assert quality.search_cpu_s < conversion.rendition.encoded.cpu_s
    proof = proof_windows(conversion.plan.picture)
    proven = [score for window in proof for score in measured.scores[window.first : window.end]]
    assert quality.gate.mean == pytest.approx(fmean(proven), abs=0.1)


def proof_windows(picture: PicturePlan) -> tuple[Window, ...]:
    """What the gate measures of a film of no more than 60 frames a second."""
    asked = (picture.frames, picture.duration_s)
    searched = sampling(*asked, picture.pace, picture.frame_bytes).windows
    return gate_windows(*asked, picture.frame_bytes, 1, searched)


def test_the_same_film_gets_the_same_rate_factor(film: MakeFilm, converted: Convert, tmp_path: Path) -> None:
    one, two = told(converted("variable.mkv")), told(convert_file(film("variable.mkv"), tmp_path, AIMED))
    assert one.crf == two.crf
    assert one.samples == two.samples


def test_hdr_takes_the_rate_factor_of_the_table_and_says_so(tmp_path: Path) -> None:
    source = tmp_path / "hdr.mkv"
    colours = ["-vf", "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"]
    run_ffmpeg([*picture(), *colours, *LOSSLESS, str(source)])
    quality = told(convert_file(source, tmp_path / "job", AIMED))
    assert (quality.method, quality.crf, quality.outcome, quality.gate) == ("crf_table", 26.0, HDR, None)
    assert [warned.code for warned in quality_warnings(quality)] == ["quality_unmeasured"]


def test_a_search_that_fails_leaves_the_table(film: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with planning(film("portrait.mkv"), tmp_path) as planned:
        for failure in (EncodeFailed(), MediaProcessKilled(), OSError(12, "no memory"), MemoryError()):
            monkeypatch.setattr(probing, "measure", raising(failure))
            quality = target.find_crf(planned.plan, BALANCED, planned.job).quality
            assert (quality.method, quality.crf, quality.outcome) == ("crf_table", 26.0, FAILED)
            assert not list((tmp_path / "made").glob("*.raw"))


def test_a_disk_that_is_full_keeps_no_samples(film: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting.SampleFilm, "part", raising(OSError(28, "no space left")))
    with planning(film("portrait.mkv"), tmp_path) as planned:
        assert target.find_crf(planned.plan, BALANCED, planned.job).quality.outcome == FAILED
    assert not list((tmp_path / "made").glob("*.raw"))


def test_a_search_stays_within_the_room_that_one_film_may_take(film: MakeFilm, tmp_path: Path) -> None:
    with planning(film("portrait.mkv"), tmp_path) as planned:
        narrow = replace(planned.job, settings=replace(planned.job.settings, max_scratch_bytes=1))
        assert target.find_crf(planned.plan, BALANCED, narrow).quality.outcome == FAILED
    assert not list((tmp_path / "made").glob("*.raw"))


def test_a_search_that_fails_fails_no_conversion(
    film: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "measure", raising(MediaProcessKilled()))
    quality = told(convert_file(film("portrait.mkv"), tmp_path / "job", AIMED))
    assert (quality.method, quality.crf, quality.outcome) == ("crf_table", 26.0, FAILED)
    assert [warned.code for warned in quality_warnings(quality)] == ["quality_unmeasured"]
    assert not list((tmp_path / "job" / "made").glob("*.raw"))


def test_an_attempt_that_is_no_longer_ours_ends_its_search(
    film: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "measure", raising(StaleAttempt()))
    with pytest.raises(StaleAttempt):
        convert_file(film("portrait.mkv"), tmp_path / "job", AIMED)


def test_a_gate_that_fails_is_told(film: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "measure", raising(EncodeFailed()))
    quality = told(convert_file(film("portrait.mkv"), tmp_path / "job", AIMED))
    assert quality.gate
    assert quality.gate.outcome == NOT_MEASURED
    assert [warned.code for warned in quality_warnings(quality)] == ["quality_unmeasured"]


def test_a_near_deadline_leaves_no_time_for_a_search(film: MakeFilm, tmp_path: Path) -> None:
    with planning(film("portrait.mkv"), tmp_path, seconds=5.0) as planned:
        found = target.find_crf(planned.plan, BALANCED, planned.job)
    assert (found.quality.method, found.quality.outcome) == ("crf_table", NO_TIME)


def test_a_film_that_misses_its_target_is_encoded_once_more(
    film: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mislead(monkeypatch)
    quality = told(convert_file(film("portrait.mkv"), tmp_path / "job", AIMED))
    assert quality.corrected
    assert quality.crf < quality.corrected
    assert quality.vmaf
    assert quality.vmaf > BALANCED.vmaf - 3


def test_a_correction_that_fails_leaves_the_first_film(
    film: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mislead(monkeypatch)
    verified: list[Path] = []

    def give_up(rendition: Rendition) -> None:
        verified.append(rendition.output)
        if len(verified) > 1:
            raise TooLongForThisWorker

    conversion = convert_file(film("portrait.mkv"), tmp_path / "job", AIMED, harm=give_up)
    assert len(verified) == 2
    quality = told(conversion)
    assert [warned.code for warned in quality_warnings(quality)] == ["quality_missed"]
    measured = every_frame(film("portrait.mkv"), conversion.output)
    assert measured.mean == pytest.approx(quality.vmaf, abs=1.5)


def test_a_correction_that_outgrows_its_source_leaves_the_first_film(
    film: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mislead(monkeypatch)
    crfs: list[float] = []

    def outgrowing(plan: ConversionPlan, *rest: Any) -> Encoded:
        crfs.append(plan.picture.crf)
        if len(crfs) == 2:
            raise GrewTooLarge(5.0)
        return encode(plan, *rest)

    monkeypatch.setattr(rendering, "encode", outgrowing)
    conversion = convert_file(film("portrait.mkv"), tmp_path / "job", AIMED)
    assert len(crfs) > 1
    assert conversion.rendition.outcome == CONVERTED
    quality = told(conversion)
    assert (quality.crf, quality.corrected) == (crfs[0], None)
    assert [warned.code for warned in quality_warnings(quality)] == ["quality_missed"]
    assert every_frame(film("portrait.mkv"), conversion.output).mean == pytest.approx(quality.vmaf, abs=1.5)


@pytest.mark.parametrize("name", ["portrait.mkv", "shorter_than_a_sample.mkv"])
def test_a_film_that_still_misses_its_target_says_so(
    film: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(Maker, "_has_time_again", lambda _self: False)
    monkeypatch.setattr("functions.converter.quality.TOLERANCE", -50.0)
    quality = told(convert_file(film(name), tmp_path / "job", AIMED))
    assert quality.gate
    assert quality.gate.outcome == MISSED
    (warned,) = quality_warnings(quality)
    assert warned.code == "quality_missed"
    assert f"{quality.vmaf:.1f}" in warned.message


def test_a_short_film_that_would_outgrow_its_source_is_measured_at_the_rate_factor_that_it_gets(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    run_ffmpeg([*picture(size="320x240", seconds=1.2), *H264, "-crf", "31", str(source)])
    conversion = convert_file(source, tmp_path / "job", AIMED, vmaf=96.0, floor=80.0)
    quality = told(conversion)
    assert (conversion.rendition.outcome, quality.bound_by) == ("converted", "source_size")
    assert quality.gate
    assert quality.gate.frames == conversion.plan.picture.frames
    assert quality.vmaf == pytest.approx(every_frame(source, conversion.output).mean, abs=0.1)


@pytest.mark.parametrize(("spare", "is_measured"), [(2**16, True), (-1, False)])
def test_a_proof_for_which_there_is_no_room_leaves_the_film_unmeasured(
    film: MakeFilm, converted: Convert, tmp_path: Path, spare: int, is_measured: bool
) -> None:
    source, usual = film("portrait.mkv"), converted("portrait.mkv")
    picture = usual.plan.picture
    proof = proof_windows(picture)
    each = picture.frame_bytes * sum(window.frames for window in proof) + picture.frames * FRAME_BYTES
    foretold = told(usual).estimate
    assert foretold
    result = int(SIZE_DOUBT * int(foretold["size"] or 0))
    settings = settings_with(MAX_SCRATCH_BYTES=str(source.stat().st_size + result + 2 * each + LOG_BYTES + spare))
    conversion = convert_file(source, tmp_path / "job", AIMED, settings=settings)
    quality = told(conversion)
    assert (conversion.rendition.outcome, quality.outcome) == (CONVERTED, FOUND)
    assert (quality.gate is not None) == is_measured
    assert [warned.code for warned in quality_warnings(quality)] == ([] if is_measured else ["quality_unmeasured"])


def test_of_a_long_film_only_the_samples_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.converter.cutting.READ_WHOLE_FRAMES", 50)
    source = tmp_path / "long.mp4"
    run_ffmpeg([*picture(size="96x64", seconds=8), *H264, "-qp", "4", "-g", "25", str(source)])
    conversion = convert_file(source, tmp_path / "job", AIMED)
    measured = every_frame(source, conversion.output)
    assert told(conversion).outcome == FOUND
    assert measured.mean == pytest.approx(BALANCED.vmaf, abs=3.0)


def test_a_long_film_whose_end_stands_still_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.converter.cutting.READ_WHOLE_FRAMES", 50)
    source = tmp_path / "slides.mp4"
    late = ["-vf", "setpts='if(gt(N,190),PTS+60/TB,PTS)'", "-fps_mode", "vfr"]
    run_ffmpeg([*picture(size="96x64", seconds=8), *late, *H264, "-qp", "4", "-g", "25", str(source)])
    assert told(convert_file(source, tmp_path / "job", AIMED)).outcome == FOUND


def mislead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches end far from the target."""
    honest = ratesearch.search

    def misled(*asked: Any) -> object:
        solution, curve = honest(*asked)
        return replace(solution, crf=solution.crf + 6), curve

    monkeypatch.setattr(ratesearch, "search", misled)


def raising(failure: Exception) -> Callable[..., object]:
    def fail(*_args: object, **_named: object) -> object:
        raise failure

    return fail
