"""The check of the demo's result: it counts frames by decoding them, and believes no header."""

import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from local.demo import check_result
from local.filmfacts import NoFacts, film_facts
from local.problems import ClientError

CONVERTED = {"result": "converted", "target_codec": "h265"}
FRAMES = 25
PICTURE = "testsrc2=size=128x96:rate=25:duration=1"
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")


def film(path: Path, *options: str) -> Path:
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", PICTURE, *options, str(path)]
    subprocess.run(argv, check=True)
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film") / "source.mp4", "-c:v", "libx264", "-preset", "ultrafast")


def test_facts_are_those_of_the_pictures(source: Path) -> None:
    facts = film_facts(source)
    assert (facts.codec, facts.tag, facts.frames) == ("h264", "avc1", FRAMES)
    assert facts.duration_s == pytest.approx(1.0)


def test_h265_with_every_frame_passes(source: Path, tmp_path: Path) -> None:
    before, after = check_result(source, film(tmp_path / "good.mp4", *HEVC, "-tag:v", "hvc1"), CONVERTED)
    assert (after.codec, after.tag, after.frames) == ("hevc", "hvc1", before.frames)


@pytest.mark.parametrize(
    ("options", "figure"),
    [
        ((*HEVC, "-tag:v", "hev1"), "hevc/hev1"),
        (("-c:v", "libx264", "-preset", "ultrafast"), "h264/avc1"),
        ((*HEVC, "-tag:v", "hvc1", "-frames:v", "24"), "24 frames, the source 25"),
    ],
)
def test_another_codec_tag_or_count_is_named(
    source: Path, tmp_path: Path, options: tuple[str, ...], figure: str
) -> None:
    with pytest.raises(ClientError, match=figure):
        check_result(source, film(tmp_path / "bad.mp4", *options), CONVERTED)


@pytest.mark.parametrize(
    ("state", "options"),
    [
        ({"result": "kept_original", "target_codec": "h264"}, ()),
        ({"result": "kept_original", "target_codec": "h265"}, (*HEVC, "-tag:v", "hev1")),
        ({"result": "remuxed", "target_codec": "h264"}, ()),
        ({"result": "remuxed", "target_codec": "h265"}, (*HEVC, "-tag:v", "hvc1")),
    ],
)
def test_what_was_not_encoded_again_is_a_success_as_long_as_every_frame_is_there(
    source: Path, tmp_path: Path, state: dict[str, str], options: tuple[str, ...]
) -> None:
    codec = options or ("-c:v", "libx264", "-preset", "ultrafast")
    before, after = check_result(source, film(tmp_path / "good.mp4", *codec), state)
    assert after.frames == before.frames
    with pytest.raises(ClientError, match="24 frames, the source 25"):
        check_result(source, film(tmp_path / "short.mp4", *codec, "-frames:v", "24"), state)


def test_a_remuxed_film_that_is_said_to_be_h265_must_be(source: Path) -> None:
    with pytest.raises(ClientError, match="h264/avc1, not hevc/hvc1"):
        check_result(source, source, {"result": "remuxed", "target_codec": "h265"})


@pytest.mark.parametrize(("fields", "frames"), [("interlaced", 50), ("telecine", 20), ("progressive", 25)])
def test_a_film_of_fields_has_as_many_frames_as_its_fields_make(
    source: Path, tmp_path: Path, fields: str, frames: int
) -> None:
    state = CONVERTED | {"media": {"video": {"fields": fields}}}
    hevc = (*HEVC, "-tag:v", "hvc1")
    good = film(tmp_path / "good.mp4", "-vf", f"fps={frames}", *hevc)
    assert check_result(source, good, state)[1].frames == frames
    with pytest.raises(ClientError, match=f"{frames - 3} frames, the source 25"):
        check_result(
            source, film(tmp_path / "bad.mp4", "-vf", f"fps={frames}", "-frames:v", f"{frames - 3}", *hevc), state
        )


def test_a_codec_without_a_name_in_the_file_has_none(tmp_path: Path) -> None:
    assert film_facts(film(tmp_path / "film.webm", "-c:v", "libvpx")).tag == ""


def test_what_cannot_be_decoded_is_no_film(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(b"noise" * 1000)
    with pytest.raises(NoFacts):
        film_facts(tmp_path / "noise.mp4")
