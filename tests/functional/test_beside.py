"""``GET /receipt`` and ``GET /thumbnail``: what lies beside a result, for its owner alone."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from functions.shared.transactions import artefact_key
from functions.shared.wiring import storage, transactions
from tests.support.http import Api, environment
from tests.support.problems import problem_of
from tests.support.reconciling import change
from tests.support.rows import ARTEFACTS, RECEIPT, claimed, completed, completed_with_artefacts, pending

PATHS = pytest.mark.parametrize("path", ["/receipt", "/thumbnail"])
PICTURES = {"poster": "image/jpeg", "sprite": "image/jpeg", "preview": "image/webp"}
NO_PREVIEW = "There is no such preview of this film: none could be made. The result itself is not affected."


def ask(
    api: Api, path: str, user_id: str, transaction_id: Any, method: str = "GET", accept: str = "", **params: str
) -> httpx.Response:
    asked = {"user_id": user_id, "transaction_id": str(transaction_id), **params}
    return api.request(method, path, params=asked, headers={"Accept": accept} if accept else {})


def test_the_receipt_is_what_the_conversion_wrote(api: Api, user_id: str) -> None:
    row = completed_with_artefacts(user_id)
    response = ask(api, "/receipt", user_id, row.transaction_id)
    assert (response.status_code, response.content) == (200, RECEIPT)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert ask(api, "/receipt", user_id, row.transaction_id, "HEAD").status_code == 200


@pytest.mark.parametrize(("kind", "content_type"), PICTURES.items())
def test_a_picture_is_a_redirect_to_a_link_that_shows_it_in_place(
    api: Api, user_id: str, kind: str, content_type: str
) -> None:
    row = completed_with_artefacts(user_id)
    name = next(name for name in ARTEFACTS if name.startswith(kind))
    response = ask(api, "/thumbnail", user_id, row.transaction_id, kind=kind)
    assert response.status_code == 307
    body = response.json()
    assert set(body) == {"url", "expires_at", "filename", "size", "sha256"}
    assert response.headers["location"] == body["url"]
    assert (body["filename"], body["size"]) == (f"holiday.{name}", len(ARTEFACTS[name]))
    assert len(body["sha256"]) == 64
    picture = httpx.get(body["url"])
    assert (picture.content, picture.headers["content-type"]) == (ARTEFACTS[name], content_type)
    assert picture.headers["content-disposition"].startswith("inline;")


def test_without_a_kind_it_is_the_poster_and_json_is_answered_to_who_names_it(api: Api, user_id: str) -> None:
    row = completed_with_artefacts(user_id)
    response = ask(api, "/thumbnail", user_id, row.transaction_id, accept="application/json")
    assert (response.status_code, response.json()["filename"]) == (200, "holiday.poster.jpg")
    assert "location" not in response.headers


def test_a_head_request_leads_to_the_pictures_headers(api: Api, user_id: str) -> None:
    row = completed_with_artefacts(user_id)
    response = ask(api, "/thumbnail", user_id, row.transaction_id, "HEAD")
    picture = httpx.head(response.headers["location"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


def test_the_cues_of_a_storyboard_link_to_the_sprite_wherever_the_player_is(api: Api, user_id: str) -> None:
    row = completed_with_artefacts(user_id)
    response = ask(api, "/thumbnail", user_id, row.transaction_id, kind="storyboard")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/vtt; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    lines = response.text.splitlines()
    cues = [line for line in lines if "#xywh=" in line]
    assert [cue.rpartition("#")[2] for cue in cues] == ["xywh=0,0,160,90", "xywh=160,0,160,90"]
    for cue in cues:
        picture = httpx.get(cue.rpartition("#")[0])
        assert (picture.status_code, picture.content) == (200, ARTEFACTS["sprite.jpg"])
    stored = ARTEFACTS["storyboard.vtt"].decode().splitlines()
    assert [line for line in lines if line not in cues] == [line for line in stored if "#xywh=" not in line]


@PATHS
def test_there_is_nothing_before_the_end(api: Api, user_id: str, path: str) -> None:
    row = pending(user_id)
    expected = (409, "not_ready", "File not ready for download")
    assert problem_of(ask(api, path, user_id, row.transaction_id)) == expected
    transactions().fail(claimed(row), "not_a_video", "No.")
    assert problem_of(ask(api, path, user_id, row.transaction_id)) == expected


@PATHS
def test_strangers_get_nothing(api: Api, user_id: str, path: str) -> None:
    row = completed_with_artefacts(user_id)
    assert problem_of(ask(api, path, str(uuid4()), row.transaction_id)) == (403, "forbidden", "Forbidden")
    unknown = (404, "transaction_not_found", "Transaction not found")
    assert problem_of(ask(api, path, user_id, uuid4())) == unknown
    missing = problem_of(api.request("GET", path))
    assert missing == (400, "missing_parameter", "Missing required parameter(s): user_id, transaction_id")


def test_a_row_without_a_receipt_says_why(api: Api, user_id: str) -> None:
    row, _ = completed(user_id)
    status, code, sentence = problem_of(ask(api, "/receipt", user_id, row.transaction_id))
    assert (status, code) == (404, "receipt_missing")
    assert "older than receipts are" in sentence


@pytest.mark.parametrize("kind", ["poster", "preview", "sprite", "storyboard"])
def test_a_preview_that_is_not_there_says_whether_it_was_off_or_failed(api: Api, user_id: str, kind: str) -> None:
    row, _ = completed(user_id)
    failed = problem_of(ask(api, "/thumbnail", user_id, row.transaction_id, kind=kind))
    assert failed == (404, "thumbnail_missing", NO_PREVIEW)
    change(row.transaction_id, """options = options || '{"previews": "off"}'""")
    status, code, sentence = problem_of(ask(api, "/thumbnail", user_id, row.transaction_id, kind=kind))
    assert (status, code) == (404, "thumbnail_missing")
    assert "with previews off; upload it again" in sentence


def test_a_storyboard_without_its_sprite_is_none(api: Api, user_id: str) -> None:
    row = completed_with_artefacts(user_id, "poster.jpg", "storyboard.vtt")
    answered = problem_of(ask(api, "/thumbnail", user_id, row.transaction_id, kind="storyboard"))
    assert answered == (404, "thumbnail_missing", NO_PREVIEW)
    assert ask(api, "/thumbnail", user_id, row.transaction_id).status_code == 307


@pytest.mark.parametrize("kind", ["thumb", "", "Poster", "../1.mp4"])
def test_a_kind_that_there_is_not_is_refused_with_those_that_there_are(api: Api, user_id: str, kind: str) -> None:
    row = completed_with_artefacts(user_id)
    answered = problem_of(ask(api, "/thumbnail", user_id, row.transaction_id, kind=kind))
    expected = f"kind must be one of poster, storyboard, sprite, preview, not {kind!r}."
    assert answered == (400, "invalid_parameter", expected)


@pytest.mark.parametrize("name", ARTEFACTS)
def test_what_storage_has_lost_is_our_fault(api: Api, user_id: str, name: str) -> None:
    row = completed_with_artefacts(user_id)
    storage().delete(row.converted_bucket, artefact_key(row.transaction_id, 1, name))
    path, params = ("/receipt", {}) if name == "receipt.json" else ("/thumbnail", {"kind": name.partition(".")[0]})
    answered = problem_of(ask(api, path, user_id, row.transaction_id, **params))
    assert answered == (500, "converted_missing", "Converted file missing")


def test_a_receipt_that_no_conversion_writes_is_not_handed_out(
    api: Api, user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = completed_with_artefacts(user_id)
    monkeypatch.setattr("functions.download.beside.RECEIPT_BYTES", len(RECEIPT))
    assert json.loads(ask(api, "/receipt", user_id, row.transaction_id).content) == json.loads(RECEIPT)
    monkeypatch.setattr("functions.download.beside.RECEIPT_BYTES", len(RECEIPT) - 1)
    assert problem_of(ask(api, "/receipt", user_id, row.transaction_id))[:2] == (500, "converted_missing")


@PATHS
def test_storage_that_does_not_answer_is_503(api: Api, user_id: str, env: dict[str, str], path: str) -> None:
    row = completed_with_artefacts(user_id)
    with environment({**env, "S3_ENDPOINT_URL": "http://127.0.0.1:9"}):
        answered = problem_of(ask(api, path, user_id, row.transaction_id))
    assert answered[:2] == (503, "storage_unavailable")
