"""One file there and back: what a person is told of its result, and under which name it is saved."""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from local.client import ApiClient
from local.conversion import convert, quality_note, result_notes
from local.problems import ClientError

USER = UUID("11111111-1111-4111-8111-111111111111")
FILM = b"a film"


class Told:
    """A display that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def bar(self, name: str, stage: str, total: float) -> Any:
        return lambda done, note: None

    def say(self, text: str) -> None:
        self.lines.append(text)


def service(state: dict[str, Any]) -> ApiClient:
    """API and storage whose conversions end in ``state`` and deliver what was sent."""

    def answer(request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/upload":
                assert json.loads(request.read())["options"] == {"quality": "high"}
                link = {"url": "http://storage.test/in", "headers": {}}
                return httpx.Response(200, json={"transaction_id": "t-1", "upload": link})
            case "/status":
                return httpx.Response(200, json={"status": "Completed", **state})
            case "/download":
                about = {"filename": "x", "size": len(FILM), "sha256": hashlib.sha256(FILM).hexdigest()}
                return httpx.Response(200, json=about | {"url": "http://storage.test/out"})
            case "/in":
                assert request.read() == FILM
                return httpx.Response(200)
        return httpx.Response(200, stream=httpx.ByteStream(FILM))

    return ApiClient("http://api.test", USER, transport=httpx.MockTransport(answer), pause=lambda _: None)


KEPT = {
    "result": "kept_original",
    "result_reason": "H.265 would be larger.",
    "target_format": "avi",
    "target_codec": "mpeg4",
}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.avi"
    path.write_bytes(FILM)
    return path


def converted(film: Path, state: dict[str, Any], told: Told, **more: Any) -> Path:
    out = film.with_name("film.mp4")
    done = convert(service(state), film, out, told, lambda: None, options={"quality": "high"}, **more)
    assert done.state["result"] == state["result"]
    return done.path


def test_an_original_that_is_kept_is_a_success_told_in_one_line_under_its_own_extension(film: Path) -> None:
    told = Told()
    assert converted(film, KEPT, told) == film.with_name("film.kept.avi")
    assert film.with_name("film.kept.avi").read_bytes() == film.read_bytes() == FILM
    assert not film.with_name("film.mp4").exists()
    assert told.lines == ["film.avi: transaction t-1", "film.avi: the original is kept: H.265 would be larger."]


def test_a_name_that_was_not_planned_is_not_overwritten_either(film: Path) -> None:
    kept = film.with_name("film.kept.avi")
    kept.write_text("precious")
    with pytest.raises(ClientError, match=r"film\.kept\.avi exists already; --force"):
        converted(film, KEPT, Told())
    assert kept.read_text() == "precious"
    assert converted(film, KEPT, Told(), force=True).read_bytes() == FILM


def test_a_film_that_was_encoded_needs_no_words_and_one_that_was_remuxed_one_line(film: Path) -> None:
    told = Told()
    encoded = {"result": "converted", "result_reason": None, "target_format": "mp4", "target_codec": "h265"}
    assert converted(film, encoded, told) == film.with_name("film.mp4")
    assert told.lines == ["film.avi: transaction t-1"]
    remuxed = encoded | {"result": "remuxed", "result_reason": "It is H.265 already."}
    assert converted(film, remuxed, told, force=True) == film.with_name("film.mp4")
    assert told.lines[2:] == ["film.avi: not encoded again: It is H.265 already."]


def test_what_was_left_out_and_what_is_damaged_is_told_by_name() -> None:
    dropped = [
        {"what": "subtitle", "index": 3, "codec": "hdmv_pgs_subtitle", "language": "eng", "reason": "Not in MP4."},
        {"what": "location", "index": None, "codec": None, "language": None, "reason": "Not asked for."},
    ]
    warnings = [{"code": "damaged_frames", "message": "3 frames are missing.", "count": 3}]
    assert result_notes({"result": "converted", "dropped": dropped, "warnings": warnings}) == [
        "left out, subtitle (hdmv_pgs_subtitle, eng): Not in MP4.",
        "left out, location: Not asked for.",
        "warning: 3 frames are missing.",
    ]
    assert result_notes({}) == []


def test_how_good_a_result_is_is_told_as_far_as_it_was_measured() -> None:
    measured = {"crf": 23.4, "vmaf": 92.04, "p5": 86.96}
    assert quality_note({"quality": measured}) == "VMAF 92.0, 5th percentile 87.0, crf 23.4"
    assert quality_note({"quality": measured | {"vmaf": None, "p5": None}}) == "crf 23.4"
    assert quality_note({"quality": None}) == quality_note({}) == ""
