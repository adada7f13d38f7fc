"""Where results go: beside the source or where the user says, and never over a file that he did not give up."""

from pathlib import Path

import pytest

from local.naming import delivered_path, output_paths, refuse_overwriting, safe_name
from local.problems import ClientError


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("holiday.mov", "holiday.mp4"),
        ("holiday.mp4", "holiday.h265.mp4"),
        ("HOLIDAY.MP4", "HOLIDAY.h265.mp4"),
        ("a.b.mkv", "a.b.mp4"),
        ("noextension", "noextension.mp4"),
    ],
)
def test_the_result_lies_beside_the_source(tmp_path: Path, source: str, result: str) -> None:
    assert output_paths([tmp_path / source], None) == [tmp_path / result]


@pytest.mark.parametrize(("source", "result"), [("a.mov", "a.mkv"), ("a.mkv", "a.h265.mkv"), ("a.mp4", "a.mkv")])
def test_the_result_has_the_extension_of_the_container_that_was_asked_for(
    tmp_path: Path, source: str, result: str
) -> None:
    assert output_paths([tmp_path / source], None, "mkv") == [tmp_path / result]


KEPT = {"result": "kept_original", "target_format": "avi", "target_codec": "mpeg4"}
REMUXED = {"result": "remuxed", "target_format": "mp4", "target_codec": "h265"}
COPIED = {"result": "remuxed", "target_format": "mp4", "target_codec": "h264"}


@pytest.mark.parametrize(
    ("source", "planned", "state", "name"),
    [
        ("a.mov", "a.mp4", REMUXED, "a.mp4"),
        ("a.mp4", "a.h265.mp4", REMUXED, "a.h265.mp4"),
        ("a.mp4", "a.h265.mp4", COPIED, "a.kept.mp4"),
        ("a.mp4", "a.h265.mp4", {**KEPT, "target_format": "mp4"}, "a.kept.mp4"),
        ("a.avi", "a.mp4", KEPT, "a.kept.avi"),
        ("a.avi", "out/a.mp4", KEPT, "out/a.avi"),
        ("a.avi", "named.mp4", KEPT, "named.avi"),
        ("a.avi", "named", {"target_format": "mp4"}, "named"),
        ("a.mov", "a.mp4", {}, "a.mp4"),
    ],
)
def test_what_is_delivered_gets_a_name_that_is_true_and_never_the_sources(
    tmp_path: Path, source: str, planned: str, state: dict[str, str], name: str
) -> None:
    (tmp_path / source).touch()
    assert delivered_path(tmp_path / planned, tmp_path / source, "mp4", state) == tmp_path / name


def test_out_is_a_file_for_one_source_and_a_folder_for_several(tmp_path: Path) -> None:
    one, two = tmp_path / "one.mov", tmp_path / "two.mp4"
    there, new = tmp_path / "there", tmp_path / "new"
    there.mkdir()
    assert output_paths([one], str(new)) == [new]
    assert output_paths([one], f"{new}/") == [new / "one.mp4"]
    assert output_paths([one], str(there)) == [there / "one.mp4"]
    assert output_paths([one, two], str(new)) == [new / "one.mp4", new / "two.mp4"]


def test_two_results_never_share_a_name(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="2 of the results would be"):
        output_paths([tmp_path / "a" / "clip.mov", tmp_path / "b" / "clip.mkv"], str(tmp_path / "out"))
    (tmp_path / "file").touch()
    with pytest.raises(ClientError, match="is a file; several results need a folder"):
        output_paths([tmp_path / "a.mov", tmp_path / "b.mov"], str(tmp_path / "file"))


def test_nothing_is_overwritten_without_force_and_the_source_never(tmp_path: Path) -> None:
    source, there = tmp_path / "source.mov", tmp_path / "there.mp4"
    for path in (source, there):
        path.touch()
    refuse_overwriting(tmp_path / "new.mp4", force=False, source=source)
    refuse_overwriting(there, force=True, source=source)
    with pytest.raises(ClientError, match="exists already; --force"):
        refuse_overwriting(there, force=False, source=source)
    with pytest.raises(ClientError, match="is the source itself"):
        refuse_overwriting(source, force=True, source=source)
    with pytest.raises(ClientError, match="is a folder"):
        refuse_overwriting(tmp_path, force=True)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("holiday.mp4", "holiday.mp4"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\nb\tc.mp4", "a_b_c.mp4"),
        (".bashrc", "bashrc"),
        ("", "video.mp4"),
        ("été 🎬.mp4", "été 🎬.mp4"),
    ],
)
def test_a_name_from_a_server_stays_in_its_folder(given: str, name: str) -> None:
    assert safe_name(given) == name


def test_a_long_name_keeps_its_extension() -> None:
    name = safe_name("é" * 300 + ".mp4")
    assert len(name.encode()) <= 200
    assert name.endswith("é.mp4")
