"""The receipt: its schema holds, its figures are the files', and anybody who has the files can check it again."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from functions.converter import ffmpeg
from functions.converter.publish import Published, sha256_of
from functions.converter.receipt import write_receipt
from functions.shared.qualities import QUALITIES
from local.cli import main
from tests.support.clips import Clips
from tests.support.conversions import Conversion, convert_file

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "receipt.schema.json").read_text())


@dataclass(frozen=True)
class Receipted:
    """A conversion and its receipt, as it is read and as a file."""

    source: Path
    output: Path
    receipt: dict[str, Any]
    path: Path


def with_receipt(source: Path, folder: Path, **options: Any) -> Receipted:
    done: Conversion = convert_file(source, folder, **options)
    published = Published("key", done.output.stat().st_size, sha256_of(done.output, done.job.lease))
    path = write_receipt(done.rendition, done.verified, done.previews, published, [], done.job)
    return Receipted(source, done.output, json.loads(path.read_text()), path)


@pytest.fixture
def verified(capsys: pytest.CaptureFixture[str]) -> Callable[[Path, Path, Path], tuple[int, str]]:
    """``python -m local verify`` in this process: exit code and what it printed."""

    def run(receipt: Path, source: Path, output: Path) -> tuple[int, str]:
        code = main(["verify", str(receipt), "--source", str(source), "--output", str(output)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@pytest.mark.parametrize(
    ("name", "outcome", "method"),
    [
        ("four_seconds.mp4", "converted", "every_frame"),
        ("hevc.mp4", "remuxed", "identical_packets"),
        ("interlaced.ts", "converted", "every_frame"),
        ("hidden_frames.webm", "kept_original", "identical_bytes"),
    ],
)
def test_a_receipt_keeps_to_its_schema_and_names_the_very_files(
    clips: Clips, tmp_path: Path, name: str, outcome: str, method: str
) -> None:
    crf = {"kept_original": 0.0, "converted": 36.0}.get(outcome, 28.0)
    done = with_receipt(clips(name), tmp_path, crf=crf)
    Draft202012Validator(SCHEMA).validate(done.receipt)
    assert (done.receipt["outcome"], done.receipt["verification"]["method"]) == (outcome, method)
    for part, path in (("source", done.source), ("output", done.output)):
        assert done.receipt[part]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert done.receipt["saved_bytes"] == done.source.stat().st_size - done.output.stat().st_size


@pytest.mark.parametrize("name", ["four_seconds.mp4", "one_frame.mp4"])
def test_a_receipt_tells_how_the_quality_was_found(clips: Clips, tmp_path: Path, name: str) -> None:
    target = QUALITIES["small"]
    done = with_receipt(
        clips(name), tmp_path, crf=None, vmaf=target.vmaf, floor=target.floor, audio="none", max_height=64
    )
    Draft202012Validator(SCHEMA).validate(done.receipt)
    told = done.receipt["quality"]
    assert (told["method"], told["target"], told["floor"]) == ("vmaf", target.vmaf, target.floor)
    assert told["crf"] == done.receipt["plan"]["picture"]["crf"]
    assert told["probes"]
    assert told["gate"]["vmaf"]
    assert told["search_cpu_s"] > 0


def test_a_rate_factor_that_was_asked_for_is_told_as_such(clips: Clips, tmp_path: Path) -> None:
    told = with_receipt(clips("four_seconds.mp4"), tmp_path, crf=36.0).receipt["quality"]
    assert (told["method"], told["crf"], told["gate"], told["probes"]) == ("fixed_crf", 36.0, None, [])


def test_it_names_encoder_and_arguments_but_no_folder_of_the_worker(clips: Clips, tmp_path: Path) -> None:
    done = with_receipt(clips("four_seconds.mp4"), tmp_path)
    encoder = done.receipt["encoder"]
    assert encoder["ffmpeg"] == ffmpeg.version()
    assert encoder["x265"].startswith("4.")
    assert f"crf={28:.1f}" in encoder["x265_signature"]
    assert "file:output.mp4" in encoder["arguments"]
    assert str(tmp_path) not in done.path.read_text()


@pytest.mark.parametrize("name", ["four_seconds.mp4", "hevc.mp4", "interlaced.ts"])
def test_a_true_receipt_holds(
    clips: Clips, tmp_path: Path, verified: Callable[[Path, Path, Path], tuple[int, str]], name: str
) -> None:
    done = with_receipt(clips(name), tmp_path, crf=36.0)
    code, said = verified(done.path, done.source, done.output)
    assert (code, "the receipt holds" in said) == (0, True), said


def test_the_source_as_it_is_is_told_by_its_bytes(
    clips: Clips, tmp_path: Path, verified: Callable[[Path, Path, Path], tuple[int, str]]
) -> None:
    done = with_receipt(clips("hidden_frames.webm"), tmp_path, crf=0.0)
    assert verified(done.path, done.source, done.output) == (
        0,
        "the receipt holds: the result is the source, byte for byte\n",
    )


def test_another_result_or_another_source_is_told_with_figures(
    clips: Clips, tmp_path: Path, verified: Callable[[Path, Path, Path], tuple[int, str]]
) -> None:
    done = with_receipt(clips("four_seconds.mp4"), tmp_path / "a")
    other = with_receipt(clips("long_gop.mp4"), tmp_path / "b")
    code, said = verified(done.path, done.source, other.output)
    assert code == 1
    assert f"output: {other.output.stat().st_size} bytes instead of {done.output.stat().st_size}" in said
    assert "frames instead of 100" in said
    code, said = verified(done.path, other.source, done.output)
    assert code == 1
    assert f"source: {other.source.stat().st_size} bytes instead of {done.source.stat().st_size}" in said


def test_a_flipped_bit_of_the_result_is_found(
    clips: Clips, tmp_path: Path, verified: Callable[[Path, Path, Path], tuple[int, str]]
) -> None:
    done = with_receipt(clips("four_seconds.mp4"), tmp_path)
    spoilt = bytearray(done.output.read_bytes())
    spoilt[len(spoilt) // 2] ^= 0x10
    other = tmp_path / "spoilt.mp4"
    other.write_bytes(spoilt)
    code, said = verified(done.path, done.source, other)
    assert code == 1
    assert "output: its SHA-256 is not the receipt's" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "it is not a JSON object"),
        ('{"version": 99}', "this version reads receipts of version 1 and 2, not 99"),
        ('{"version": 1}', "it lacks options, outcome, output"),
    ],
)
def test_what_is_no_receipt_gets_one_sentence(
    clips: Clips,
    tmp_path: Path,
    verified: Callable[[Path, Path, Path], tuple[int, str]],
    text: str,
    said: str,
) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(text)
    code, printed = verified(path, clips("h264.mp4"), clips("h264.mp4"))
    assert code == 1
    assert said in printed
    assert printed.startswith("error: ")


def test_what_is_neither_a_file_nor_an_id_is_said_to_be_that(clips: Clips, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "reciept.json", "--source", str(clips("h264.mp4"))]) == 1
    assert capsys.readouterr().err == "error: reciept.json is neither a file nor the ID of a transaction.\n"
