"""Estimates of films beside what their conversion comes to, and of films that are no usual ones."""

import json
from pathlib import Path

import pytest

from functions.converter.estimating import LOW, Estimate, estimate_film
from functions.converter.foretelling import Band
from functions.shared.options import Options
from local.cli import main
from local.ondesk import convert_here, plan_here, workplace
from tests.support.attempts import settings_with
from tests.support.clips import H264, Clips, picture, run_ffmpeg
from tests.support.media import BIG_BUCK_BUNNY
from tests.support.vmaf import every_frame

QUICK = Options(preset="ultrafast", crf=30, previews=False)
AIMED = Options(preset="ultrafast", crf=None, vmaf=80.0, floor=60.0, previews=False)


def estimated(source: Path, options: Options = QUICK) -> Estimate:
    with workplace(settings_with()) as place:
        planned = plan_here(place.bring(source), options, place)
        found = estimate_film(planned.job, planned.plan, options, place.inspector)
        assert not [path for path in planned.job.folder.iterdir() if path.suffix in (".raw", ".hevc", ".sizes")]
        return found


@pytest.fixture(scope="module")
def bunny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the real clip, small, twice: longer than three samples."""
    path = tmp_path_factory.mktemp("bunny") / "bunny.mp4"
    scaled = ["-vf", "scale=160:90", "-c:v", "libx264", "-crf", "12", "-c:a", "aac"]
    run_ffmpeg(["-stream_loop", "1", "-i", str(BIG_BUCK_BUNNY), *scaled, str(path)])
    return path


@pytest.fixture(scope="module")
def whole(bunny: Path) -> Estimate:
    """What is foretold of it, with all of it read."""
    return estimated(bunny)


def test_a_real_film_comes_to_what_three_samples_foretell(bunny: Path, whole: Estimate) -> None:
    found = whole
    with workplace(settings_with()) as place:
        done = convert_here(plan_here(place.bring(bunny), QUICK, place), place)
        output = done.rendition.output
        assert found.outcome == done.rendition.outcome
        assert within(found.size, output.stat().st_size)
        assert found.vmaf
        assert within(found.vmaf, every_frame(bunny, output).mean)
    assert [sample["frames"] for sample in found.samples] == [60, 60, 60]
    assert found.work.search == 0


def within(band: Band, value: float) -> bool:
    return band.low <= value <= band.high


@pytest.mark.parametrize(
    "name",
    [
        "one_frame.mp4",
        "smallest.mp4",
        "long_audio.mp4",
        "late_picture.ts",
        "variable.mkv",
        "interlaced.ts",
        "held_last_frame.mp4",
        "alpha.mov",
        "rotated.mp4",
    ],
)
def test_odd_films_have_an_estimate(clips: Clips, name: str) -> None:
    found = estimated(clips(name), AIMED)
    assert found.size.low > 0
    assert found.seconds.low > 0
    assert found.cost_usd.low > 0
    assert found.samples
    json.dumps(found.as_json(), allow_nan=False)


@pytest.mark.parametrize("filters", ["null", "noise=alls=90:allf=t"])
def test_stills_and_noise_have_an_estimate(tmp_path: Path, filters: str) -> None:
    path = tmp_path / "film.mp4"
    run_ffmpeg([*picture("96x64", source="smptebars"), "-vf", filters, *H264, str(path)])
    assert estimated(path, AIMED).size.estimate > 0


def test_a_film_too_large_to_be_read_whole_is_sampled_by_what_its_source_spends(
    bunny: Path, whole: Estimate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.converter.looking.READ_WHOLE_MEGAPIXELS", 0.0)
    found = estimated(bunny)
    assert [sample["frames"] for sample in found.samples] == [60, 60, 60]
    assert found.size.estimate == pytest.approx(whole.size.estimate, rel=0.3)


def test_a_result_larger_than_its_source_is_foretold(clips: Clips) -> None:
    found = estimated(clips("vp9_opus.webm"), Options("ultrafast", 4.0, previews=False))
    assert (found.outcome, found.crf, found.vmaf) == ("kept_original", None, None)
    assert found.size.high <= clips("vp9_opus.webm").stat().st_size
    assert "its picture is kept" in (found.reason or "")


def test_hdr_is_estimated_without_vmaf(tmp_path: Path) -> None:
    path = tmp_path / "hdr.mkv"
    hdr = ["-vf", "format=yuv420p10le,setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc"]
    run_ffmpeg([*picture(), *hdr, "-c:v", "ffv1", str(path)])
    found = estimated(path, AIMED)
    assert (found.outcome, found.vmaf, found.work.search) == ("converted", None, 0)
    assert found.crf == AIMED.starting_crf
    assert [sample["vmaf"] for sample in found.samples] == [None]


def test_the_terminal_shows_a_table_or_json(clips: Clips, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(clips("h264_aac.mp4"))
    assert main(["estimate", source, "--crf", "30", "--speed", "fastest"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "h264_aac.mp4: converted (crf 30, speed fastest)"
    assert [line.split(" ")[0] for line in shown[2:6]] == ["size", "VMAF", "time", "cost"]
    assert "less than the source" in shown[2]
    assert main(["estimate", source, "--crf", "30", "--speed", "fastest", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["crf"] == 30


def test_the_terminal_tells_in_a_line_what_is_wrong(
    clips: Clips, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear film,\n" * 100)
    for args in ([str(tmp_path / "none.mp4")], [str(letter)], [str(clips("h264.mp4")), "--crf", "99"]):
        assert main(["estimate", *args]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert len(told.err.splitlines()) == 1
        assert told.err.startswith("error: ")


def test_uneven_samples_are_told(tmp_path: Path) -> None:
    """Noise that comes and goes: three samples say three different things."""
    path = tmp_path / "uneven.mp4"
    uneven = "geq=lum='128+60*between(mod(N,50),0,24)*(random(1)-0.5)*gt(N,150)*(N/250)':cb=128:cr=128"
    run_ffmpeg(["-f", "lavfi", "-i", "color=gray:s=96x64:r=25:d=14", "-vf", uneven, *H264, "-crf", "8", str(path)])
    found = estimated(path)
    assert found.confidence == LOW
    assert found.reason
