"""``POST /upload`` with JSON: what is accepted, and what is refused in which words."""

import json
from typing import Any
from uuid import uuid4

import pytest

from functions.shared.settings import GIB
from functions.shared.storage import Storage
from tests.support.declaring import DEFAULTS, FILE, declare
from tests.support.http import Api, environment
from tests.support.problems import problem_of
from tests.support.rows import rows_of


def test_a_declared_file_gives_a_pending_row_and_a_link(api: Api, user_id: str) -> None:
    response = declare(api, user_id, {**FILE, "sha256": "AB" * 32, "options": {}})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    answer = response.json()
    assert set(answer) == {"message", "transaction_id", "upload"}
    upload = answer["upload"]
    assert set(upload) == {"method", "url", "headers", "expires_at"}
    assert upload["method"] == "PUT"
    assert upload["headers"] == {
        "Content-Type": "video/quicktime",
        "Content-Length": "12",
        "If-None-Match": "*",
        "x-amz-checksum-sha256": "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=",
    }
    (row,) = rows_of(user_id)
    assert str(row["transaction_id"]) == answer["transaction_id"]
    assert (row["status"], row["filename"], row["original_format"]) == ("Pending", "holiday.mov", "mov")
    assert (row["declared_size"], row["declared_sha256"]) == (12, "ab" * 32)
    assert (row["target_format"], row["target_codec"]) == ("mp4", "h265")
    assert row["options"] == DEFAULTS
    assert upload["expires_at"].endswith("Z")


def test_the_users_file_name_never_enters_a_key(api: Api, user_id: str) -> None:
    answer = declare(api, user_id, {**FILE, "filename": "../secret ü.mov"}).json()
    (row,) = rows_of(user_id)
    assert row["stored_path_original"] == f"{answer['transaction_id']}/source"
    assert row["filename"] == "secret ü.mov"


def test_a_list_gives_transactions_in_its_order(api: Api, user_id: str) -> None:
    names = [f"clip {i}.mp4" for i in (3, 1, 2)]
    files = [{"filename": name, "content_type": "video/mp4", "size": 5} for name in names]
    response = declare(api, user_id, {"files": files})
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == {"message", "transactions"}
    assert [t["filename"] for t in answer["transactions"]] == names
    for t in answer["transactions"]:
        assert set(t) == {"transaction_id", "filename", "upload"}
        assert t["transaction_id"] in t["upload"]["url"]
    assert {str(row["transaction_id"]): row["filename"] for row in rows_of(user_id)} == {
        t["transaction_id"]: t["filename"] for t in answer["transactions"]
    }


def test_a_list_with_one_bad_file_stores_nothing(api: Api, user_id: str) -> None:
    response = declare(api, user_id, {"files": [FILE, {**FILE, "content_type": "text/plain"}, FILE]})
    assert problem_of(response) == (400, "invalid_file_type", "Invalid file type. Only videos are allowed.")
    assert rows_of(user_id) == []


def test_a_list_with_two_rows_that_the_database_refuses_stores_none(
    api: Api, user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = uuid4()
    monkeypatch.setattr("functions.upload.declare.uuid4", lambda: same)
    assert declare(api, user_id, {"files": [FILE, FILE]}).status_code == 500
    assert rows_of(user_id) == []


REFUSED: list[tuple[Any, int, str, str]] = [
    ({**FILE, "content_type": "text/plain"}, 400, "invalid_file_type", "Invalid file type. Only videos are allowed."),
    ({"filename": "a.txt", "size": 1}, 400, "invalid_file_type", "Invalid file type. Only videos are allowed."),
    ({**FILE, "size": 0}, 400, "empty_file", "The file is empty; choose a video file."),
    ({**FILE, "size": 5 * GIB + 1}, 413, "file_too_large", "has 5368709121 bytes. One upload may have at most"),
    ({**FILE, "size": 10**30}, 413, "file_too_large", "cut the video into shorter films"),
    ({**FILE, "size": -1}, 400, "invalid_request", "'size' Input should be greater than or equal to 0"),
    ({**FILE, "size": "12"}, 400, "invalid_request", "'size' Input should be a valid integer"),
    ({**FILE, "size": 1.5}, 400, "invalid_request", "'size' Input should be a valid integer"),
    ({**FILE, "size": True}, 400, "invalid_request", "'size' Input should be a valid integer"),
    ({**FILE, "size": None}, 400, "invalid_request", "'size' Input should be a valid integer"),
    ({"content_type": "video/mp4"}, 400, "invalid_request", "'filename' is missing; 'size' is missing"),
    ({**FILE, "filename": 5}, 400, "invalid_request", "'filename' Input should be a valid string"),
    ({**FILE, "filename": ""}, 400, "invalid_request", "The file name is empty"),
    ({**FILE, "filename": "x" * 300 + ".mov"}, 400, "invalid_request", "The file name has 304 characters"),
    ({**FILE, "sha256": "abc"}, 400, "invalid_request", "'sha256' String should match pattern"),
    ({**FILE, "sha256": "g" * 64}, 400, "invalid_request", "'sha256' String should match pattern"),
    ({**FILE, "colour": "red"}, 400, "invalid_request", "'colour' is not a known field"),
    ({**FILE, "options": {"tune": "grain", "x": 1}}, 400, "invalid_request", "Unknown option(s): 'tune', 'x'. Leave"),
    ({**FILE, "options": []}, 400, "invalid_request", "options must be an object"),
    ({"files": []}, 400, "invalid_request", "'files' List should have at least 1 item"),
    ({"files": [FILE] * 101}, 400, "invalid_request", "'files' List should have at most 100 items"),
    ({"files": FILE}, 400, "invalid_request", "'files' Input should be a valid list"),
    ({"files": [FILE, {**FILE, "size": "x"}]}, 400, "invalid_request", "'files.1.size' Input should be a valid int"),
    ({"files": [FILE], **FILE}, 400, "invalid_request", "'filename' is not a known field"),
    ([FILE], 400, "invalid_request", "must be a JSON object"),
    (b"", 400, "invalid_request", "The body is not valid JSON"),
    (b'{"filename": "a.mov"', 400, "invalid_request", "The body is not valid JSON"),
    (b'{"filename": "\xff.mov", "size": 1}', 400, "invalid_request", "The body is not valid JSON"),
    (b'{"filename": "\\ud800.mov", "size": 1}', 400, "invalid_request", "The body is not valid JSON"),
    (b"[" * 100_000, 400, "invalid_request", "The body is not valid JSON"),
    (b" " * (1024**2 + 1), 413, "body_too_large", "at most 1048576 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "code", "sentence"), REFUSED)
def test_what_cannot_be_uploaded_is_refused_with_a_sentence_and_stores_nothing(
    api: Api, user_id: str, body: Any, status: int, code: str, sentence: str
) -> None:
    answered = problem_of(declare(api, user_id, body))
    assert answered[:2] == (status, code)
    assert sentence in answered[2]
    assert rows_of(user_id) == []


def test_upload_needs_a_user(api: Api) -> None:
    content = json.dumps(FILE).encode()
    headers = {"Content-Type": "application/json"}
    missing = api.request("POST", "/upload", headers=headers, content=content)
    assert problem_of(missing) == (400, "missing_parameter", "Missing required parameter(s): user_id")
    malformed = declare(api, "me", FILE)
    assert problem_of(malformed) == (400, "invalid_parameter", "Invalid UUID format for parameter: 'user_id'")


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded"])
def test_a_post_without_form_data_is_told_to_include_a_file(api: Api, user_id: str, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = api.request("POST", "/upload", params={"user_id": user_id}, headers=headers, content=b"a=b")
    expected = (400, "missing_file", "You must include a video file in the request form-data.")
    assert problem_of(response) == expected


def test_another_content_type_is_refused_by_name(api: Api, user_id: str) -> None:
    response = api.request(
        "POST", "/upload", params={"user_id": user_id}, headers={"Content-Type": "text/xml"}, content=b"<a/>"
    )
    assert problem_of(response) == (
        400,
        "invalid_request",
        "Send multipart/form-data or application/json, not text/xml.",
    )


def test_a_file_of_unknown_type_is_judged_by_its_name(api: Api, user_id: str) -> None:
    upload = declare(api, user_id, {"filename": "a.MKV", "size": 1}).json()["upload"]
    assert upload["headers"]["Content-Type"] == "application/octet-stream"


def test_a_link_lives_as_long_as_the_setting_says(api: Api, user_id: str, env: dict[str, str]) -> None:
    with environment({**env, "LINK_TTL_S": "77"}):
        url = declare(api, user_id, FILE).json()["upload"]["url"]
    assert "X-Amz-Expires=77&" in url


def test_links_are_signed_for_the_public_endpoint(api: Api, user_id: str, env: dict[str, str]) -> None:
    with environment({**env, "S3_PUBLIC_ENDPOINT_URL": "https://files.example.org"}):
        url = declare(api, user_id, FILE).json()["upload"]["url"]
    assert url.startswith("https://files.example.org/uploads/")


def test_no_row_is_stored_when_the_link_cannot_be_signed(
    api: Api, user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no signature")

    monkeypatch.setattr(Storage, "presign_put", broken)
    answered = problem_of(declare(api, user_id, FILE))
    assert answered[:2] == (500, "internal_error")
    assert rows_of(user_id) == []
