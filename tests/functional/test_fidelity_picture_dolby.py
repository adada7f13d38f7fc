"""Dolby Vision by profile: never green. A copy keeps it, an encode is reduced to the picture that all players show."""

import subprocess
from pathlib import Path

import pytest

from functions.shared.errors import DolbyVisionUnsupported, RequirementNotMet
from tests.support.bitstreams import put_record, with_dolby_vision
from tests.support.clips import FFMPEG, Clips, run_ffmpeg
from tests.support.conversions import convert_file
from tests.support.pictures import HDR10, HLG_HEVC
from tests.support.seeing import see

BASES = {
    "hdr10.hevc": HDR10,
    "hlg.hevc": HLG_HEVC,
    "hdr10.mp4": [*HDR10, "-tag:v", "hvc1"],
    "av1.mp4": [*HDR10[: HDR10.index("-c:v")], "-c:v", "libsvtav1", "-preset", "12", "-crf", "10"],
}


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("dolby"), BASES)


def dolby(bases: Clips, path: Path, profile: int, record: int | None, base: str = "hdr10.hevc") -> Path:
    """A film of that profile, with a record of that compatibility or with none."""
    raw, mp4 = path.with_suffix(".hevc"), path.with_suffix(".mp4")
    raw.write_bytes(with_dolby_vision(bases(base).read_bytes(), profile))
    run_ffmpeg(["-r", "25", "-i", str(raw), "-c", "copy", "-tag:v", "hvc1", str(mp4)])
    if record is not None:
        put_record(mp4, profile, record)
    if path.suffix != ".mp4":
        run_ffmpeg(["-i", str(mp4), "-c", "copy", "-strict", "unofficial", str(path)])
    return path


def record_of(path: Path) -> str | None:
    """What ffmpeg tells of the configuration record: profile and compatibility."""
    said = subprocess.run([FFMPEG, "-hide_banner", "-i", str(path)], capture_output=True, text=True).stderr
    lines = [line for line in said.splitlines() if "DOVI configuration record" in line]
    if not lines:
        return None
    told = dict(part.split(": ") for part in lines[0].split("record: ")[1].split(", "))
    return f"{told['profile']}.{told['compatibility id']}"


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("record", [0, None], ids=["recorded", "told by its frames"])
def test_profile_5_is_refused_and_never_green(bases: Clips, tmp_path: Path, container: str, record: int | None) -> None:
    film = dolby(bases, tmp_path / f"film.{container}", 5, record)
    for options in ({}, {"max_height": 60}, {"container": "mkv"}):
        with pytest.raises(DolbyVisionUnsupported, match=r"5\.0"):
            convert_file(film, tmp_path / "work", **options)


@pytest.mark.parametrize(("base", "profile"), [("hdr10.mp4", 5), ("av1.mp4", 10)])
def test_a_record_alone_is_believed(bases: Clips, tmp_path: Path, base: str, profile: int) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bases(base).read_bytes())
    put_record(film, profile, 0)
    with pytest.raises(DolbyVisionUnsupported, match=rf"{profile}\.0"):
        convert_file(film, tmp_path / "work")


@pytest.mark.parametrize(
    ("profile", "compatibility", "base"), [(8, 1, "hdr10.hevc"), (8, 4, "hlg.hevc"), (7, 6, "hdr10.hevc")]
)
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_copy_keeps_the_metadata_and_the_record(
    bases: Clips, tmp_path: Path, profile: int, compatibility: int, base: str, container: str
) -> None:
    film = dolby(bases, tmp_path / "film.mp4", profile, compatibility, base)
    done = convert_file(film, tmp_path / "work", container=container, require=frozenset({"dolby_vision", "hdr"}))
    assert (done.rendition.outcome, done.dropped) == ("remuxed", set())
    assert record_of(done.output) == f"{profile}.{compatibility}"
    assert "DOVI_METADATA" in see(done.output).side


@pytest.mark.parametrize(
    ("profile", "compatibility", "base", "transfer"),
    [(8, 1, "hdr10.hevc", 16), (8, 4, "hlg.hevc", 18), (7, 6, "hdr10.hevc", 16), (8, None, "hdr10.hevc", 16)],
)
def test_an_encode_is_reduced_to_the_base_layer_and_says_so(
    bases: Clips, tmp_path: Path, profile: int, compatibility: int | None, base: str, transfer: int
) -> None:
    film = dolby(bases, tmp_path / "film.mp4", profile, compatibility, base)
    done = convert_file(film, tmp_path / "work", max_height=60)
    result = see(done.output)
    assert done.media.video.hdr.dolby_vision == f"{profile}.{compatibility or 1}"
    assert (done.rendition.outcome, done.dropped) == ("converted", {"dolby_vision"})
    assert record_of(done.output) is None
    assert not [name for name in result.side if name.startswith("DOVI")]
    assert (result.colour, result.size) == ((1, 9, transfer, 9), (80, 60))


def test_dolby_vision_that_is_required_and_would_be_lost_is_refused(bases: Clips, tmp_path: Path) -> None:
    film = dolby(bases, tmp_path / "film.mp4", 8, 1)
    with pytest.raises(RequirementNotMet, match="dolby_vision"):
        convert_file(film, tmp_path / "work", max_height=60, require=frozenset({"dolby_vision"}))
