"""``GET /status``: a row as it is now, from declaration to result, and to its owner alone."""

import subprocess
import sys
from typing import Any
from uuid import uuid4

import httpx
import pytest

from functions.shared.transactions import Progress
from functions.shared.wiring import transactions
from tests.support.http import ROOT, Api
from tests.support.problems import problem_of
from tests.support.rows import CONVERTED, CONVERTED_SHA256, claimed, completed, pending, stored

FIELDS = {
    "transaction_id", "user_id", "filename", "original_format", "original_codec", "target_format", "target_codec",
    "status", "start_time", "updated_time", "progress", "queue", "attempt", "source", "converted", "media",
    "error_code", "error_reason", "worker", "converting_since", "converting_until",
    "options", "result", "result_reason", "dropped", "warnings", "receipt", "previews", "quality",
}  # fmt: skip


def ask(api: Api, **params: str) -> httpx.Response:
    return api.request("GET", "/status", params=params)


def status_of(api: Api, user_id: str, transaction_id: Any) -> dict[str, Any]:
    response = ask(api, user_id=user_id, transaction_id=str(transaction_id))
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body: dict[str, Any] = response.json()
    assert set(body) == FIELDS
    return body


def test_a_declared_upload_is_pending_with_its_extension_as_format(api: Api, user_id: str) -> None:
    row = pending(user_id, "Пляж.MOV")
    shown = status_of(api, user_id, row.transaction_id)
    assert (shown["status"], shown["filename"], shown["original_format"]) == ("Pending", "Пляж.MOV", "mov")
    assert (shown["transaction_id"], shown["user_id"]) == (str(row.transaction_id), user_id)
    assert (shown["target_format"], shown["target_codec"], shown["attempt"]) == ("mp4", "h265", 0)
    assert [shown[name] for name in ("source", "queue", "progress", "converted", "error_code", "worker")] == [None] * 6
    assert shown["start_time"].endswith("Z")


def test_waiting_uploads_show_their_place_in_the_queue(api: Api, user_id: str) -> None:
    rows = [pending(user_id) for _ in range(3)]
    for row in rows:
        stored(row.uploads_bucket, row.stored_path_original)
    places = [status_of(api, user_id, row.transaction_id)["queue"]["ahead"] for row in rows]
    assert places == [places[0], places[0] + 1, places[0] + 2]
    assert status_of(api, user_id, rows[0].transaction_id)["source"] == {"size": 12, "etag": "e1"}
    claimed(rows[0])
    assert status_of(api, user_id, rows[0].transaction_id)["queue"] is None
    assert status_of(api, user_id, rows[2].transaction_id)["queue"]["ahead"] == places[2] - 1


def test_the_row_is_read_each_time(api: Api, user_id: str) -> None:
    claim = claimed(row := pending(user_id))
    for percent in (10.0, 20.5):
        transactions().renew(claim, Progress("encode", percent, 50.0, 2.0, 3.25))
        shown = status_of(api, user_id, row.transaction_id)
        expected = {"percent": percent, "fps": 50.0, "speed": 2.0, "eta_s": 3.2, "stage": "encode"}
        assert shown["progress"] == expected
    assert (shown["status"], shown["attempt"], shown["worker"]) == ("Converting", 1, "worker-1")
    assert shown["converting_since"].endswith("Z")


def test_the_probe_shows_what_it_measured(api: Api, user_id: str) -> None:
    claim = claimed(row := pending(user_id))
    transactions().record_media(claim, "mov,mp4", "h264", {"duration_s": 2.5, "width": 1280}, "x265 test")
    shown = status_of(api, user_id, row.transaction_id)
    assert (shown["original_format"], shown["original_codec"]) == ("mov,mp4", "h264")
    assert shown["media"] == {"duration_s": 2.5, "width": 1280}


def test_a_retry_and_a_failure_say_why(api: Api, user_id: str) -> None:
    claim = claimed(row := pending(user_id))
    transactions().retry(claim, "storage_unavailable", "The storage did not answer.", 0.0)
    shown = status_of(api, user_id, row.transaction_id)
    assert (shown["status"], shown["error_code"]) == ("Retrying", "storage_unavailable")
    transactions().fail(claimed(row), "not_a_video", "The file holds no video.")
    shown = status_of(api, user_id, row.transaction_id)
    assert (shown["status"], shown["attempt"]) == ("Failed", 2)
    assert (shown["error_code"], shown["error_reason"]) == ("not_a_video", "The file holds no video.")


def test_a_completed_conversion_shows_size_and_checksum_of_the_result(api: Api, user_id: str) -> None:
    row, _ = completed(user_id)
    shown = status_of(api, user_id, row.transaction_id)
    assert shown["status"] == "Completed"
    assert shown["converted"] == {"size": len(CONVERTED), "sha256": CONVERTED_SHA256}
    assert shown["progress"]["percent"] == 100.0
    assert shown["converting_until"] >= shown["converting_since"]


ID = "0192d7c1-6d0c-4c2e-9b6d-3f6c1f0e7a11"
MISSING = "Missing required parameter(s): "
MALFORMED = "Invalid UUID format for parameter: "


@pytest.mark.parametrize("path", ["/status", "/download", "/stream"])
@pytest.mark.parametrize(
    ("params", "code", "sentence"),
    [
        ({}, "missing_parameter", MISSING + "user_id, transaction_id"),
        ({"user_id": ID}, "missing_parameter", MISSING + "transaction_id"),
        ({"transaction_id": ID}, "missing_parameter", MISSING + "user_id"),
        ({"user_id": "", "transaction_id": ""}, "missing_parameter", MISSING + "user_id, transaction_id"),
        ({"user_id": "me"}, "missing_parameter", MISSING + "transaction_id"),
        ({"user_id": "me", "transaction_id": ID}, "invalid_parameter", MALFORMED + "'user_id'"),
        ({"user_id": ID, "transaction_id": "42"}, "invalid_parameter", MALFORMED + "'transaction_id'"),
        ({"user_id": "é\0", "transaction_id": "' OR 1=1"}, "invalid_parameter", MALFORMED + "'user_id'"),
    ],
)
def test_missing_and_malformed_parameters_are_named(
    api: Api, path: str, params: dict[str, str], code: str, sentence: str
) -> None:
    assert problem_of(api.request("GET", path, params=params)) == (400, code, sentence)


@pytest.mark.parametrize("path", ["/status", "/download", "/stream"])
def test_an_unknown_transaction_is_not_found(api: Api, user_id: str, path: str) -> None:
    response = api.request("GET", path, params={"user_id": user_id, "transaction_id": str(uuid4())})
    assert problem_of(response) == (404, "transaction_not_found", "Transaction not found")


@pytest.mark.parametrize("path", ["/status", "/download", "/stream"])
def test_anothers_transaction_is_forbidden(api: Api, user_id: str, path: str) -> None:
    row, _ = completed(str(uuid4()))
    response = api.request("GET", path, params={"user_id": user_id, "transaction_id": str(row.transaction_id)})
    assert problem_of(response) == (403, "forbidden", "Forbidden")


def test_the_status_function_starts_without_boto3() -> None:
    code = "import sys, functions.status.handler; print('boto3' in sys.modules or 'botocore' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"
