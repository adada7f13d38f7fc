"""``POST /upload`` with a form: what is stored, what is refused in which words, what is left after a failure."""

import asyncio
import os
from typing import Any

import httpx
import pytest

from functions.shared.errors import StorageUnavailable
from functions.shared.storage import Storage
from functions.shared.wiring import storage
from local.gateway import build_app
from tests.support.declaring import DEFAULTS, FILE, declare
from tests.support.forms import field_part, file_part, form
from tests.support.http import Api, environment
from tests.support.problems import problem_of
from tests.support.rows import rows_of
from tests.support.uploads import content_of, keys_in_storage, left_in_storage, post

CONTENT = os.urandom(20_000)
OTHER = "22222222-2222-4222-8222-222222222222"
NO_FILE = (400, "missing_file", "You must include a video file in the request form-data.")
NOT_A_VIDEO = (400, "invalid_file_type", "Invalid file type. Only videos are allowed.")


def test_a_form_stores_the_file_and_a_pending_row(api: Api, user_id: str) -> None:
    response = post(api, user_id, file_part(CONTENT, "Пляж 1.MOV", "video/quicktime"))
    assert response.status_code == 200
    answer = response.json()
    transaction_id = answer["transaction_id"]
    assert answer == {
        "message": "File uploaded successfully",
        "filename": "Пляж 1.MOV",
        "transaction_id": transaction_id,
    }
    (row,) = rows_of(user_id)
    assert (str(row["transaction_id"]), row["status"], row["original_format"]) == (transaction_id, "Pending", "mov")
    assert row["declared_size"] == len(CONTENT)
    assert row["options"] == DEFAULTS
    assert content_of(transaction_id) == CONTENT
    head = storage().client.head_object(Bucket=row["uploads_bucket"], Key=row["stored_path_original"])
    assert head["ContentType"] == "video/quicktime"


def test_a_file_of_several_parts_arrives_byte_for_byte(api: Api, user_id: str) -> None:
    content = os.urandom(1024) * (17 * 1024) + b"tail"
    answer = post(api, user_id, file_part(content)).json()
    assert content_of(answer["transaction_id"]) == content


def test_several_files_give_several_transactions_in_order(api: Api, user_id: str) -> None:
    parts = [file_part(bytes([i]) * 10, f"{i}.mp4", "video/mp4") for i in range(3)]
    answer = post(api, user_id, *parts).json()
    assert set(answer) == {"message", "transactions"}
    assert [t["filename"] for t in answer["transactions"]] == ["0.mp4", "1.mp4", "2.mp4"]
    for i, transaction in enumerate(answer["transactions"]):
        assert content_of(transaction["transaction_id"]) == bytes([i]) * 10


@pytest.mark.parametrize("user_first", [True, False])
def test_the_user_may_come_as_a_field_before_or_after_the_file(api: Api, user_id: str, user_first: bool) -> None:
    parts = [field_part("user_id", user_id), file_part(CONTENT)]
    answer = post(api, None, *(parts if user_first else reversed(parts)))
    assert answer.status_code == 200
    assert len(rows_of(user_id)) == 1


def test_a_file_without_a_type_is_judged_by_its_name(api: Api, user_id: str) -> None:
    assert post(api, user_id, file_part(CONTENT, "a.mkv", None)).status_code == 200
    assert problem_of(post(api, user_id, file_part(CONTENT, "a.txt", None))) == NOT_A_VIDEO


def test_other_fields_and_files_of_a_form_are_ignored(api: Api, user_id: str) -> None:
    other = ('Content-Disposition: form-data; name="cover"; filename="a.png"\r\nContent-Type: image/png', b"x" * 100)
    answer = post(api, user_id, field_part("title", "t" * 5000), other, file_part(CONTENT), field_part("x", "y"))
    assert answer.status_code == 200
    assert content_of(answer.json()["transaction_id"]) == CONTENT


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [field_part("title", "x")],
        [field_part("file", "not a file")],
        [file_part(b"", "", "application/octet-stream")],
        [('Content-Disposition: form-data; name="video"; filename="a.mp4"\r\nContent-Type: video/mp4', b"x")],
    ],
)
def test_a_form_without_a_file_is_told_to_include_one(api: Api, user_id: str, parts: list[tuple[str, bytes]]) -> None:
    assert problem_of(post(api, user_id, *parts)) == NO_FILE
    assert rows_of(user_id) == []


def test_an_empty_body_is_told_to_include_a_file(api: Api, user_id: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert problem_of(api.request("POST", "/upload", params={"user_id": user_id}, headers=headers)) == NO_FILE


@pytest.mark.parametrize("content_type", ["text/plain", "image/png", "application/pdf", "nonsense"])
def test_a_file_that_is_no_video_is_refused_and_nothing_stored(api: Api, user_id: str, content_type: str) -> None:
    before = keys_in_storage()
    good = file_part(os.urandom(9 * 1024**2), "a.mp4", "video/mp4")
    assert problem_of(post(api, user_id, good, file_part(CONTENT, "b.mp4", content_type))) == NOT_A_VIDEO
    assert rows_of(user_id) == []
    assert left_in_storage(before) == set()


def test_an_empty_file_is_refused(api: Api, user_id: str) -> None:
    expected = (400, "empty_file", "The file is empty; choose a video file.")
    assert problem_of(post(api, user_id, file_part(b""))) == expected
    assert rows_of(user_id) == []


def test_a_form_needs_a_user(api: Api) -> None:
    before = keys_in_storage()
    missing = problem_of(post(api, None, file_part(CONTENT)))
    assert missing == (400, "missing_parameter", "Missing required parameter(s): user_id")
    invalid = (400, "invalid_parameter", "Invalid UUID format for parameter: 'user_id'")
    assert problem_of(post(api, "me", file_part(CONTENT))) == invalid
    assert problem_of(post(api, None, file_part(CONTENT), field_part("user_id", "me"))) == invalid
    assert left_in_storage(before) == set()


def test_a_form_larger_than_allowed_is_refused_and_nothing_stored(api: Api, user_id: str, env: dict[str, str]) -> None:
    before = keys_in_storage()
    with environment({**env, "MAX_UPLOAD_BYTES": "9000000"}):
        assert post(api, user_id, file_part(b"x" * 9_000_000)).status_code == 200
        answered = problem_of(post(api, user_id, file_part(b"x" * 5_000_000), file_part(b"x" * 4_000_001)))
    assert answered[:2] == (413, "file_too_large")
    assert "at most 9000000 bytes: cut the video" in answered[2]
    (row,) = rows_of(user_id)
    assert left_in_storage(before) == {row["stored_path_original"]}


def test_forms_may_have_a_limit_of_their_own_that_names_the_other_way(
    api: Api, user_id: str, env: dict[str, str]
) -> None:
    before = keys_in_storage()
    with environment({**env, "FORM_UPLOAD_MAX_BYTES": "3000000"}):
        assert post(api, user_id, file_part(b"x" * 2_900_000)).status_code == 200
        answered = problem_of(post(api, user_id, file_part(b"x" * 1_600_000), file_part(b"x" * 1_600_000)))
        assert declare(api, user_id, FILE | {"size": 4_000_000_000}).status_code == 200
    assert answered[:2] == (413, "body_too_large")
    assert "at most 3000000 bytes" in answered[2]
    assert "by POST /upload with JSON" in answered[2]
    with environment({**env, "FORM_UPLOAD_MAX_BYTES": "90000000", "MAX_UPLOAD_BYTES": "9000000"}):
        answered = problem_of(post(api, user_id, file_part(b"x" * 9_000_001)))
    assert answered[:2] == (413, "file_too_large")
    stored = {row["stored_path_original"] for row in rows_of(user_id) if row["declared_size"] < 4_000_000}
    assert left_in_storage(before) == stored


def test_two_users_in_one_form_are_refused(api: Api, user_id: str) -> None:
    before = keys_in_storage()
    for parts in (
        [field_part("user_id", OTHER), file_part(CONTENT)],
        [file_part(CONTENT), field_part("user_id", OTHER)],
    ):
        assert problem_of(post(api, user_id, *parts)) == (403, "forbidden", "Forbidden")
    assert post(api, user_id, file_part(CONTENT), field_part("user_id", user_id)).status_code == 200
    assert rows_of(OTHER) == []
    assert len(left_in_storage(before)) == len(rows_of(user_id)) == 1


@pytest.mark.parametrize("cut", [1, 5, 30, 25_000])
def test_a_form_that_ends_early_leaves_nothing(api: Api, user_id: str, cut: int) -> None:
    before = keys_in_storage()
    body, headers = form(file_part(CONTENT + b"x" * 10_000))
    answered = problem_of(
        api.request("POST", "/upload", params={"user_id": user_id}, headers=headers, content=body[: -cut - 4])
    )
    assert answered[:2] == (400, "upload_interrupted")
    assert rows_of(user_id) == []
    assert left_in_storage(before) == set()


def test_more_files_than_allowed_are_refused(api: Api, user_id: str) -> None:
    answered = problem_of(post(api, user_id, *[file_part(b"x")] * 101))
    assert answered == (400, "invalid_request", "The form has more than 100 files.")
    assert rows_of(user_id) == []


def test_a_form_that_is_none_is_refused(api: Api, user_id: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    response = api.request("POST", "/upload", params={"user_id": user_id}, headers=headers, content=b"hello")
    answered = problem_of(response)
    assert answered[:2] == (400, "invalid_request")


def test_a_silent_client_is_not_waited_for(user_id: str, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.shared.body.READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr("functions.shared.envelope.LINGER_IDLE_S", 0.2)
    before = keys_in_storage()
    body, headers = form(file_part(b"x" * 9_000_000))

    async def sends_half_and_waits() -> Any:
        yield body[: len(body) // 2 + 5_000_000]
        await asyncio.Event().wait()

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(build_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.post(
                "/upload", params={"user_id": user_id}, headers=headers, content=sends_half_and_waits()
            )

    assert problem_of(asyncio.run(send()))[:2] == (408, "request_timeout")
    assert rows_of(user_id) == []
    assert left_in_storage(before) == set()


def fails(*_: Any) -> None:
    raise StorageUnavailable


def test_a_file_that_cannot_be_completed_leaves_no_row(api: Api, user_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.upload.incoming.COMPLETE_PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(Storage, "complete_upload", fails)
    before = keys_in_storage()
    assert problem_of(post(api, user_id, file_part(CONTENT)))[:2] == (503, "storage_unavailable")
    assert rows_of(user_id) == []
    assert left_in_storage(before) == set()


def test_a_lost_answer_to_the_completion_is_a_success(api: Api, user_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.upload.incoming.COMPLETE_PAUSES_S", (0.0, 0.0))
    complete = Storage.complete_upload

    def answers_get_lost(*args: Any) -> None:
        complete(*args)
        raise StorageUnavailable

    monkeypatch.setattr(Storage, "complete_upload", answers_get_lost)
    answer = post(api, user_id, file_part(CONTENT))
    assert answer.status_code == 200
    assert content_of(answer.json()["transaction_id"]) == CONTENT


def test_the_row_is_there_before_the_object(api: Api, user_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    complete = Storage.complete_upload
    seen: list[int] = []

    def looks_first(*args: Any) -> None:
        seen.append(len(rows_of(user_id)))
        complete(*args)

    monkeypatch.setattr(Storage, "complete_upload", looks_first)
    assert post(api, user_id, file_part(CONTENT)).status_code == 200
    assert seen == [1]
