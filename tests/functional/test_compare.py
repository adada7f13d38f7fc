"""A source beside its result, end to end: real decoding and measuring, the picture and the page."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import httpx
import numpy as np
import pytest
from PIL import Image

from functions.converter.pictures import Size
from local.cli import main
from local.client import ApiClient
from local.compare.films import open_film
from local.compare.report import Report, compare
from local.ondesk import Workplace, workplace
from tests.support.attempts import settings_with
from tests.support.clips import Clips, run_ffmpeg
from tests.support.conversions import convert_file
from tests.support.media import BIG_BUCK_BUNNY
from tests.support.pictures import HDR10

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> \"'&amp;\u202e\n.mp4"
LOSSLESS = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0"]
NUMBERED = "geq=lum='40+8*N':cb=128:cr=128,format=yuv420p"
"""Each frame is as bright as its number says."""

GREEN, RED = (32, 160, 64), (200, 40, 40)


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture
def place() -> Iterator[Workplace]:
    with workplace(settings_with()) as made:
        yield made


@pytest.fixture(scope="module")
def bunny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a half of the real clip, small."""
    path = tmp_path_factory.mktemp("bunny") / "bunny.mp4"
    run_ffmpeg(["-i", str(BIG_BUCK_BUNNY), "-t", "1.5", "-vf", "scale=320:180", "-c:v", "libx264", "-an", str(path)])
    return path


@pytest.fixture(scope="module")
def bunny_result(bunny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert_file(bunny, tmp_path_factory.mktemp("result"), crf=34).output


def compared(source: Path, result: Path, place: Workplace, frames: int = 4) -> Report:
    beside = replace(place, folder=place.folder / "beside")
    beside.folder.mkdir()
    one = open_film(source.name, place.bring(source), place)
    other = open_film(result.name, beside.bring(result), beside)
    return compare(one, other, frames, {}, place)


def mean_vmaf(source: Path, result: Path, folder: Path) -> float:
    """Measured without any of the product's code."""
    log = folder / "independent.json"
    both = ["-i", str(result), "-i", str(source)]
    run_ffmpeg([*both, "-lavfi", f"[0:v][1:v]libvmaf=log_fmt=json:log_path={log}", "-f", "null", "-"])
    return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])


def brightness(image: Image.Image) -> float:
    return float(np.asarray(image.convert("L")).mean())


def size_of(path: Path) -> Size:
    with Image.open(path) as image:
        image.load()
        return image.size


def test_a_real_film_and_its_result_make_a_picture_and_a_page(
    bunny: Path, bunny_result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["compare", str(bunny), str(bunny_result), "--output", str(out), "--frames", "2"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [str(out / "compare.png"), str(out / "compare.html")]
    figures = re.search(
        r"38 frames measured: mean ([\d.]+), 5th percentile ([\d.]+), worst ([\d.]+) at", "\n".join(said)
    )
    assert figures is not None
    mean, low, worst = map(float, figures.groups())
    assert mean == pytest.approx(mean_vmaf(bunny, bunny_result, tmp_path), abs=0.06)
    assert worst <= low < mean
    assert sum(line.startswith("worst frame ") for line in said) == 2
    assert size_of(out / "compare.png")[0] == 1600
    page = Page((out / "compare.html").read_text())
    assert len(page.of("img")) == 4
    assert all((one["src"] or "").startswith("data:image/webp;base64,") and one["alt"] for one in page.of("img"))
    assert len(page.of("svg")) == 2
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not re.search(r"(src|href|url)[=(]\W*(https?:)?//", (out / "compare.html").read_text())
    assert all(word in page.text for word in ("size", "saved", "VMAF, mean", "h264", "h265", "time (s)", "kbit/s"))


def test_without_a_result_the_source_is_converted_here_and_no_server_is_asked(
    bunny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--crf", "34", "--speed", "fastest", "--max-height", "120"]
    assert main(["compare", str(bunny), "--output", str(tmp_path), *options]) == 0
    page = Page((tmp_path / "compare.html").read_text())
    assert all(word in page.text for word in ("converted", "fastest", "crf", "34", "scaled from 212x120"))
    assert main(["compare", str(bunny), "--output", str(tmp_path), *options]) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith("compare.png exists already; --force replaces it.")


def test_a_transaction_stands_for_its_result(
    bunny: Path,
    bunny_result: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = bunny_result.read_bytes()
    answers = {
        "/status": {"status": "Completed", "options": {"quality": "small", "crf": None}, "quality": {"crf": 33.75}},
        "/download": {"url": "http://storage.test/x", "filename": "source", "size": len(content), "sha256": None},
    }

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path in answers:
            return httpx.Response(200, json=answers[request.url.path])
        return httpx.Response(200, stream=httpx.ByteStream(content))

    service = ApiClient("http://api.test", UUID(int=1), transport=httpx.MockTransport(answer))
    monkeypatch.setattr("local.commands.compare.client_of", lambda *_: service)
    assert main(["compare", str(bunny), str(UUID(int=2)), "--output", str(tmp_path)]) == 0
    assert "38 frames measured" in capsys.readouterr().out
    page = Page((tmp_path / "compare.html").read_text())
    assert "small" in page.text
    assert "33.75" in page.text


def test_a_name_that_would_be_markup_is_only_a_name(bunny: Path, tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(HOSTILE.replace("/", "\u2215").encode() + b"\xff")
    source.write_bytes(bunny.read_bytes())
    assert main(["compare", str(source), str(bunny), "--output", str(tmp_path), "--frames", "1"]) == 0
    page = Page((tmp_path / "compare.html").read_text())
    assert not page.of("script")
    assert len(page.of("img")) == 2
    assert "<img src=x onerror=alert(2)>" in page.text
    assert "\u202e" not in page.text


@pytest.mark.parametrize(
    "options",
    [
        ["-vf", f"{NUMBERED},select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr", "-bf", "3", *LOSSLESS],
        ["-vf", NUMBERED, "-c:v", "libx264", "-bf", "3", "-crf", "12"],
    ],
    ids=["variable rate", "b frames"],
)
def test_the_pictures_of_a_pair_are_of_the_same_moment(options: list[str], tmp_path: Path, place: Workplace) -> None:
    source = tmp_path / "numbered.mkv"
    run_ffmpeg(["-f", "lavfi", "-i", "color=black:size=160x120:rate=10:duration=2.2", *options, str(source)])
    result = convert_file(source, tmp_path / "work", crf=20).output
    report = compared(source, result, place)
    assert len(report.pairs) >= 2
    for pair in report.pairs:
        expected = (40 + 8 * round(pair.time_s * 10) - 16) * 255 / 219
        assert brightness(pair.source) == pytest.approx(expected, abs=3)
        assert brightness(pair.result) == pytest.approx(expected, abs=6)


def test_a_result_of_half_the_frames_is_measured_by_time(bunny: Path, tmp_path: Path, place: Workplace) -> None:
    result = tmp_path / "half.mp4"
    run_ffmpeg(["-i", str(bunny), "-vf", "select='not(mod(n,2))'", "-fps_mode", "vfr", *LOSSLESS, str(result)])
    report = compared(bunny, result, place)
    assert len(report.scores) == 19
    assert report.figures.worst > 94
    assert any("nearest in time" in note for note in report.notes)


def test_fields_that_became_frames_are_measured_as_frames(clips: Clips, tmp_path: Path, place: Workplace) -> None:
    result = convert_file(clips("interlaced.ts"), tmp_path / "work", crf=10).output
    report = compared(clips("interlaced.ts"), result, place)
    assert len(report.scores) == 50
    assert report.figures.mean > 90


def test_a_turned_film_is_shown_upright(clips: Clips, tmp_path: Path, place: Workplace) -> None:
    result = convert_file(clips("rotated.mp4"), tmp_path / "work", crf=20).output
    report = compared(clips("rotated.mp4"), result, place)
    assert {image.size for pair in report.pairs for image in (pair.source, pair.result)} == {(120, 160)}
    assert report.figures.mean > 85


@pytest.mark.parametrize(
    ("matrix", "size", "tagged"),
    [("bt709", "160x120", True), ("bt601", "160x120", True), ("bt601", "160x120", False), ("bt709", "640x720", False)],
)
def test_colours_are_shown_as_players_show_them(
    matrix: str, size: str, tagged: bool, tmp_path: Path, place: Workplace
) -> None:
    source = tmp_path / "colours.mp4"
    halves = [f"color=0x{bytes(rgb).hex()}:size={size}:rate=5:duration=0.4,format=rgb24" for rgb in (GREEN, RED)]
    named = {"bt709": "bt709", "bt601": "smpte170m"}[matrix] if tagged else "unknown"
    shaped = f"hstack,scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p,setparams=colorspace={named}"
    graph = f"{halves[0]}[a];{halves[1]}[b];[a][b]{shaped}"
    run_ffmpeg(["-filter_complex", graph, "-c:v", "libx264", "-qp", "4", str(source)])
    pair = compared(source, source, place, frames=1).pairs[0]
    for image in (pair.source, pair.result):
        left, right = np.hsplit(np.asarray(image), 2)
        assert left[:, :-8].mean(axis=(0, 1)) == pytest.approx(GREEN, abs=3)
        assert right[:, 8:].mean(axis=(0, 1)) == pytest.approx(RED, abs=3)


def test_a_film_that_is_hdr_gets_xpsnr_and_is_told_why(tmp_path: Path, place: Workplace) -> None:
    source, result = tmp_path / "hdr.mkv", tmp_path / "lower.mp4"
    run_ffmpeg([*HDR10, str(source)])
    coarse = ["-c:v", "libx265", "-crf", "34", "-x265-params", "log-level=error", "-pix_fmt", "yuv420p10le"]
    run_ffmpeg(["-i", str(source), *coarse, str(result)])
    report = compared(source, result, place)
    assert report.metric.name == "XPSNR"
    assert 15 < report.figures.worst <= report.figures.mean < 50
    assert "HDR" in report.notes[0]
    assert "VMAF is not valid" in report.notes[0]


def test_a_smallest_film_of_one_frame_is_compared(tmp_path: Path, place: Workplace) -> None:
    source = tmp_path / "one.mkv"
    run_ffmpeg(["-f", "lavfi", "-i", "testsrc=size=16x16:rate=5:duration=0.2", "-c:v", "ffv1", str(source)])
    report = compared(source, source, place)
    assert [pair.time_s for pair in report.pairs] == [0.0]
    assert report.figures.mean > 90


@pytest.mark.parametrize(
    ("source", "result", "said"),
    [
        ("four_seconds.mp4", "h264.mp4", "h264.mp4 has 25 frames in 1.00 s: name the whole result of this source."),
        ("h264.mp4", "audio.m4a", "audio.m4a is not a video: name a video file."),
        ("audio.m4a", None, "audio.m4a is not a video: name a video file."),
        ("h264.mp4", "no-such-thing", "no-such-thing is neither a file nor the ID of a transaction: name one of them"),
        ("h264.mp4", "portrait.mp4", "another shape: name a result that was neither cropped nor stretched."),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(
    clips: Clips, source: str, result: str | None, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run_ffmpeg(["-i", str(clips("h264.mp4")), "-vf", "crop=80:120", str(tmp_path / "portrait.mp4")])
    named = {"no-such-thing": result, "portrait.mp4": str(tmp_path / "portrait.mp4"), None: None}
    other = named[result] if result in named else str(clips(str(result)))
    arguments = [str(clips(source)), *([other] if other else [])]
    assert main(["compare", *arguments, "--output", str(tmp_path / "out")]) == 1
    told = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(told) == 1
    assert said in told[0]
    assert not (tmp_path / "out").exists()
