"""Commands of the terminal that only ask: what they write where, against a service played by one function."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from local import cli
from local.client import ApiClient
from local.commands import receipt, thumbnail

ID = str(uuid4())
USER = UUID("11111111-1111-4111-8111-111111111111")
RECEIPT = b'{ "source":{} }'
CUES = "WEBVTT\n\n00:00.000 --> 00:05.000\nhttp://storage.test/sprite#xywh=0,0,160,90\n"
Answer = Callable[[httpx.Request], httpx.Response]


def finished(request: httpx.Request) -> httpx.Response:
    """A service whose film has all that there can be beside it."""
    if request.url.path == "/receipt":
        return httpx.Response(200, content=RECEIPT)
    if request.url.path == "/status":
        return httpx.Response(200, json={"status": "Completed", "filename": "../my film.mov"})
    if request.url.path == "/thumbnail" and request.url.params["kind"] == "storyboard":
        return httpx.Response(200, text=CUES)
    if request.url.path == "/thumbnail":
        name = f"../film.{request.url.params['kind']}.jpg"
        return httpx.Response(
            200, json={"url": "http://storage.test/x", "filename": name, "size": 4, "sha256": None, "expires_at": ""}
        )
    return httpx.Response(200, stream=httpx.ByteStream(b"\xff\xd8\xff\xe0"))


def missing(request: httpx.Request) -> httpx.Response:
    detail = "There is no such preview of this film."
    return httpx.Response(404, json={"detail": detail, "code": f"{request.url.path.removeprefix('/')}_missing"})


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Answer], None]:
    """Let the commands ask this service."""
    monkeypatch.chdir(tmp_path)

    def use(answer: Answer) -> None:
        def client(*_: Any) -> ApiClient:
            return ApiClient("http://api.test", USER, transport=httpx.MockTransport(answer), pause=lambda _: None)

        for command in (receipt, thumbnail):
            monkeypatch.setattr(command, "client_of", client)

    use(finished)
    return use


@pytest.mark.usefixtures("answers")
def test_a_receipt_goes_to_standard_output_or_byte_for_byte_to_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["receipt", ID]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(RECEIPT)
    assert cli.main(["receipt", ID, "--out", "r.json"]) == 0
    assert capsys.readouterr().out == "r.json\n"
    assert (tmp_path / "r.json").read_bytes() == RECEIPT
    assert cli.main(["receipt", ID, "--out", "r.json"]) == 1
    assert "r.json exists already; --force replaces it." in capsys.readouterr().err


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ([], "_film.poster.jpg"),
        (["--kind", "sprite"], "_film.sprite.jpg"),
        (["--kind", "preview", "--out", "p.webp"], "p.webp"),
    ],
)
def test_a_picture_is_saved_under_the_users_name_in_this_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], name: str
) -> None:
    assert cli.main(["thumbnail", ID, *arguments]) == 0
    assert capsys.readouterr().out == f"{name}\n"
    assert (tmp_path / name).read_bytes() == b"\xff\xd8\xff\xe0"
    assert cli.main(["thumbnail", ID, *arguments]) == 1
    assert cli.main(["thumbnail", ID, "--force", *arguments]) == 0


@pytest.mark.usefixtures("answers")
def test_a_storyboard_is_saved_with_its_links(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["thumbnail", ID, "--kind", "storyboard", "-o", "boards/"]) == 0
    assert capsys.readouterr().out == "boards/my film.storyboard.vtt\n"
    assert (tmp_path / "boards" / "my film.storyboard.vtt").read_text() == CUES


def test_what_is_not_there_is_told_in_one_sentence_and_leaves_no_file(
    answers: Callable[[Answer], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(missing)
    for command in (["receipt", ID, "-o", "r"], ["thumbnail", ID], ["thumbnail", ID, "--kind", "storyboard"]):
        assert cli.main(command) == 1
        assert capsys.readouterr().err == "error: There is no such preview of this film.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_python_without_our_packages_says_which_environment_to_activate() -> None:
    bare = [sys.executable, "-S", "-m", "local", "estimate", "film.mov"]
    ran = subprocess.run(bare, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert ran.returncode == 1
    assert ". .venv/bin/activate" in ran.stderr
    assert "Traceback" not in ran.stderr
