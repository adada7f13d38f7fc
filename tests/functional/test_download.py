"""``GET /download`` and ``GET /stream``: a link to the result under the user's file name."""

from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from functions.shared.settings import settings
from functions.shared.wiring import storage, transactions
from local.objectstore import minio_client
from tests.support.http import Api, environment
from tests.support.problems import problem_of
from tests.support.rows import CONVERTED, CONVERTED_SHA256, claimed, completed, pending

BOTH = pytest.mark.parametrize(("path", "kind"), [("/download", "attachment"), ("/stream", "inline")])


def ask(api: Api, path: str, user_id: str, transaction_id: Any, method: str = "GET", **headers: str) -> httpx.Response:
    params = {"user_id": user_id, "transaction_id": str(transaction_id)}
    return api.request(method, path, params=params, headers=headers)


@BOTH
def test_the_answer_redirects_to_the_result_and_holds_the_link_too(
    api: Api, user_id: str, path: str, kind: str
) -> None:
    row, _ = completed(user_id)
    response = ask(api, path, user_id, row.transaction_id)
    assert response.status_code == 307
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert set(body) == {"url", "expires_at", "filename", "size", "sha256"}
    assert response.headers["location"] == body["url"]
    assert (body["filename"], body["size"], body["sha256"]) == ("holiday.mp4", len(CONVERTED), CONVERTED_SHA256)
    assert body["expires_at"].endswith("Z")
    result = httpx.get(body["url"])
    assert result.content == CONVERTED
    assert result.headers["content-type"] == "video/mp4"
    expected = f"{kind}; filename=\"holiday.mp4\"; filename*=UTF-8''holiday.mp4"
    assert result.headers["content-disposition"] == expected


@BOTH
@pytest.mark.parametrize("accept", ["application/json", "application/json;q=0.9, text/plain", "APPLICATION/JSON"])
def test_a_client_that_names_json_gets_200(api: Api, user_id: str, path: str, kind: str, accept: str) -> None:
    row, _ = completed(user_id)
    response = ask(api, path, user_id, row.transaction_id, Accept=accept)
    assert response.status_code == 200
    assert "location" not in response.headers
    assert f"response-content-disposition={kind}" in response.json()["url"]


@pytest.mark.parametrize(
    "accept", ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json;q=0", "video/mp4"]
)
def test_other_clients_are_redirected(api: Api, user_id: str, accept: str) -> None:
    row, _ = completed(user_id)
    assert ask(api, "/download", user_id, row.transaction_id, Accept=accept).status_code == 307


@BOTH
def test_the_link_takes_range_requests(api: Api, user_id: str, path: str, kind: str) -> None:
    row, _ = completed(user_id)
    url = ask(api, path, user_id, row.transaction_id).json()["url"]
    answer = httpx.get(url, headers={"Range": "bytes=4-11"})
    assert answer.status_code == 206
    assert answer.content == CONVERTED[4:12]
    assert answer.headers["content-range"] == f"bytes 4-11/{len(CONVERTED)}"


@BOTH
def test_a_head_request_leads_to_the_results_headers(api: Api, user_id: str, path: str, kind: str) -> None:
    row, _ = completed(user_id)
    response = ask(api, path, user_id, row.transaction_id, "HEAD")
    assert response.status_code == 307
    result = httpx.head(response.headers["location"])
    assert (result.status_code, result.headers["content-length"]) == (200, str(len(CONVERTED)))
    assert result.headers["content-disposition"].startswith(kind)


@pytest.mark.parametrize(
    ("filename", "saved"),
    [
        ("Пляж 🏖️ 日本.mov", "Пляж 🏖️ 日本.mp4"),
        ('say "hi"; x=1.mkv', "say _hi_; x=1.mp4"),
        ("100% & more + #1.webm", "100% & more + #1.mp4"),
        ("two\r\nX-Evil: 1.mov", "two__X-Evil_ 1.mp4"),
        ("..\\..\\up.mov", "_.._up.mp4"),
        ("clip\u202evom.mov", "clipvom.mp4"),
        ("no extension", "no extension.mp4"),
    ],
)
def test_the_file_is_saved_under_the_users_name(api: Api, user_id: str, filename: str, saved: str) -> None:
    row, _ = completed(user_id, filename)
    body = ask(api, "/download", user_id, row.transaction_id).json()
    assert body["filename"] == saved
    header = httpx.get(body["url"]).headers["content-disposition"]
    assert unquote(header.partition("filename*=UTF-8''")[2]) == saved


def test_another_s3_client_finds_the_result_that_the_link_names(api: Api, user_id: str) -> None:
    row, key = completed(user_id)
    url = ask(api, "/download", user_id, row.transaction_id).json()["url"]
    fact = minio_client(settings()).stat_object(settings().converted_bucket, key)
    assert key in url
    assert fact.size == len(CONVERTED)


@BOTH
def test_a_result_in_another_container_has_its_name_and_type(api: Api, user_id: str, path: str, kind: str) -> None:
    row, _ = completed(user_id, target_format="mkv")
    body = ask(api, path, user_id, row.transaction_id).json()
    assert body["filename"] == "holiday.mkv"
    assert httpx.get(body["url"]).headers["content-type"] == "video/x-matroska"


@BOTH
@pytest.mark.parametrize(
    ("filename", "extension", "content_type"),
    [("holiday.AVI", "avi", "video/x-msvideo"), ("holiday.mov", "mov", "video/quicktime")],
)
def test_a_source_that_was_kept_is_delivered_as_what_it_is(
    api: Api, user_id: str, path: str, kind: str, filename: str, extension: str, content_type: str
) -> None:
    row, _ = completed(user_id, filename, outcome="kept_original", target_format=extension, target_codec="mpeg4")
    body = ask(api, path, user_id, row.transaction_id).json()
    assert body["filename"] == f"holiday.{extension}"
    answer = httpx.get(body["url"])
    assert (answer.headers["content-type"], answer.content) == (content_type, CONVERTED)


def test_a_kept_source_whose_type_we_do_not_know_has_the_one_that_it_was_declared_with(api: Api, user_id: str) -> None:
    row, _ = completed(user_id, "holiday.mj2", outcome="kept_original", target_format="mj2")
    body = ask(api, "/stream", user_id, row.transaction_id).json()
    assert httpx.get(body["url"]).headers["content-type"] == row.content_type == "video/quicktime"


@BOTH
def test_nothing_can_be_fetched_before_it_is_completed(api: Api, user_id: str, path: str, kind: str) -> None:
    row = pending(user_id)
    expected = (409, "not_ready", "File not ready for download")
    assert problem_of(ask(api, path, user_id, row.transaction_id)) == expected
    claim = claimed(row)
    assert problem_of(ask(api, path, user_id, row.transaction_id)) == expected
    transactions().fail(claim, "not_a_video", "No.")
    assert problem_of(ask(api, path, user_id, row.transaction_id)) == expected


@BOTH
def test_a_result_that_storage_has_lost_is_our_fault(api: Api, user_id: str, path: str, kind: str) -> None:
    row, key = completed(user_id)
    storage().delete(row.converted_bucket, key)
    response = ask(api, path, user_id, row.transaction_id)
    assert problem_of(response) == (500, "converted_missing", "Converted file missing")


def test_storage_that_does_not_answer_is_503_with_retry_after(api: Api, user_id: str, env: dict[str, str]) -> None:
    row, _ = completed(user_id)
    with environment({**env, "S3_ENDPOINT_URL": "http://127.0.0.1:9"}):
        response = ask(api, "/download", user_id, row.transaction_id)
    assert problem_of(response)[:2] == (503, "storage_unavailable")
    assert int(response.headers["retry-after"]) > 0


def test_a_link_ends_when_it_says(api: Api, user_id: str, env: dict[str, str]) -> None:
    row, _ = completed(user_id)
    with environment({**env, "LINK_TTL_S": "77"}):
        url = ask(api, "/download", user_id, row.transaction_id).json()["url"]
    assert httpx.URL(url).params["X-Amz-Expires"] == "77"
    assert httpx.get(url.replace("X-Amz-Expires=77", "X-Amz-Expires=7777")).status_code == 403
