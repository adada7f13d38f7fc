"""``options`` of ``POST /upload``: frozen in the row, per file of a list, for all files of a form, part of a repeat."""

import json
from typing import Any

import pytest

from functions.shared.speeds import SPEEDS
from functions.shared.wiring import database
from functions.upload.idempotency import fingerprint
from tests.support.declaring import DEFAULTS, FILE, declare
from tests.support.forms import field_part, file_part
from tests.support.http import Api, environment
from tests.support.problems import problem_of
from tests.support.rows import rows_of
from tests.support.uploads import keys_in_storage, left_in_storage, post

ASKED = {"quality": "high", "speed": "smallest", "max_height": 720, "require": ["hdr"], "previews": "off"}
SMALLEST = {"preset": SPEEDS["smallest"].preset, "parameters": SPEEDS["smallest"].parameters}
RESOLVED = DEFAULTS | ASKED | SMALLEST | {"crf": None, "vmaf": 95.0, "floor": 88.0}


def options_part(options: Any) -> tuple[str, bytes]:
    return field_part("options", json.dumps(options))


def blob_part(options: Any) -> tuple[str, bytes]:
    """As a browser's script appends a Blob."""
    headers = 'Content-Disposition: form-data; name="options"; filename="blob"\r\nContent-Type: application/json'
    return headers, json.dumps(options).encode()


def test_options_are_resolved_and_frozen_in_the_row(api: Api, user_id: str) -> None:
    assert declare(api, user_id, {**FILE, "options": ASKED}).status_code == 200
    assert rows_of(user_id)[0]["options"] == RESOLVED


def test_what_was_not_asked_for_is_todays_default(api: Api, user_id: str, env: dict[str, str]) -> None:
    with environment({**env, "X265_CRF": "31", "X265_PRESET": "superfast"}):
        declare(api, user_id, {**FILE, "options": {"container": "mkv"}})
    assert rows_of(user_id)[0]["options"] == DEFAULTS | {"crf": 31.0, "preset": "superfast", "container": "mkv"}


def test_unless_the_operator_says_otherwise_a_film_gets_the_rate_that_it_needs(
    api: Api, user_id: str, env: dict[str, str]
) -> None:
    with environment({**env, "X265_CRF": "", "X265_PRESET": ""}):
        declare(api, user_id, FILE)
    balanced = {"speed": "balanced", "preset": SPEEDS["balanced"].preset, "parameters": SPEEDS["balanced"].parameters}
    target = {"crf": None, "quality": "balanced", "vmaf": 92.0, "floor": 82.0}
    assert rows_of(user_id)[0]["options"] == DEFAULTS | balanced | target


def test_a_target_by_number_is_frozen_and_shown_by_status(api: Api, user_id: str) -> None:
    declared = declare(api, user_id, {**FILE, "options": {"vmaf": 93}}).json()
    who = {"user_id": user_id, "transaction_id": declared["transaction_id"]}
    shown = api.request("GET", "/status", params=who).json()["options"]
    assert shown == DEFAULTS | {"crf": None, "vmaf": 93.0, "floor": 84.0}
    assert rows_of(user_id)[0]["options"] == shown


def test_each_file_of_a_list_has_its_own(api: Api, user_id: str) -> None:
    files = [{**FILE, "options": ASKED}, FILE, {**FILE, "options": {"audio": "none"}}]
    ids = [t["transaction_id"] for t in declare(api, user_id, {"files": files}).json()["transactions"]]
    stored = {str(row["transaction_id"]): row["options"] for row in rows_of(user_id)}
    assert [stored[one] for one in ids] == [RESOLVED, DEFAULTS, DEFAULTS | {"audio": "none"}]


def test_a_bad_option_of_a_list_names_its_file_and_stores_nothing(api: Api, user_id: str) -> None:
    answered = problem_of(declare(api, user_id, {"files": [FILE, {**FILE, "options": {"crf": 99}}]}))
    assert answered == (400, "invalid_request", "files.1.options.crf must be from 0 to 51, not 99.")
    assert rows_of(user_id) == []


def test_options_beside_a_list_are_refused_because_each_file_has_its_own(api: Api, user_id: str) -> None:
    answered = problem_of(declare(api, user_id, {"files": [FILE], "options": ASKED}))
    assert answered == (400, "invalid_request", "The request is not valid: 'options' is not a known field.")


def test_other_faults_are_told_beside_those_of_the_options(api: Api, user_id: str) -> None:
    answered = problem_of(declare(api, user_id, {"filename": "a.mov", "options": {"crf": 99, "tune": "x"}}))
    assert answered[2].startswith("The request is not valid: 'size' is missing. Unknown option(s): 'tune'. Leave")
    assert answered[2].endswith("options.crf must be from 0 to 51, not 99.")


@pytest.mark.parametrize("part", [options_part, blob_part])
@pytest.mark.parametrize("first", [True, False])
def test_a_forms_options_hold_for_all_its_files_wherever_they_stand(
    api: Api, user_id: str, part: Any, first: bool
) -> None:
    parts = [part(ASKED), file_part(b"a"), file_part(b"b")]
    assert post(api, user_id, *(parts if first else reversed(parts))).status_code == 200
    assert [row["options"] for row in rows_of(user_id)] == [RESOLVED, RESOLVED]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([options_part({"crf": 99})], "options.crf must be from 0 to 51, not 99."),
        ([options_part({"vmaf": 93, "crf": 20})], "options.crf and options.vmaf exclude each other: give one of them."),
        ([field_part("options", "quality=high")], "must be a JSON object"),
        ([field_part("options", "{" + " " * 100_000 + "}")], "at most 4096 bytes"),
        ([options_part({}), options_part({"crf": 20})], "more than one field options"),
    ],
)
def test_bad_options_of_a_form_are_refused_and_leave_nothing(
    api: Api, user_id: str, parts: list[tuple[str, bytes]], sentence: str
) -> None:
    before = keys_in_storage()
    status, code, detail = problem_of(post(api, user_id, file_part(b"x" * 9_000_000), *parts))
    assert (status, code) == (400, "invalid_request")
    assert sentence in detail
    assert rows_of(user_id) == []
    assert left_in_storage(before) == set()


def test_a_repeat_with_the_same_options_is_the_same_transaction(api: Api, user_id: str, env: dict[str, str]) -> None:
    first = declare(api, user_id, {**FILE, "options": ASKED}, "k1").json()
    with environment({**env, "X265_CRF": "31"}):
        again = declare(api, user_id, {**FILE, "options": dict(reversed(ASKED.items()))}, "k1").json()
    assert again["transaction_id"] == first["transaction_id"]
    assert rows_of(user_id)[0]["options"] == RESOLVED


@pytest.mark.parametrize("other", [None, {"quality": "small"}, ASKED | {"previews": "on"}])
def test_another_options_under_a_key_is_another_request(api: Api, user_id: str, other: Any) -> None:
    declare(api, user_id, {**FILE, "options": ASKED}, "k1")
    assert problem_of(declare(api, user_id, {**FILE, "options": other}, "k1"))[:2] == (409, "idempotency_conflict")
    form = [file_part(b"film"), options_part(ASKED)]
    assert post(api, user_id, *form, key="k2").status_code == 200
    assert post(api, user_id, *form, key="k2").status_code == 200
    before = keys_in_storage()
    answered = problem_of(post(api, user_id, file_part(b"film"), options_part(other or {}), key="k2"))
    assert answered[:2] == (409, "idempotency_conflict")
    assert left_in_storage(before) == set()


def test_a_request_without_options_is_known_again_from_before_there_were_any(api: Api, user_id: str) -> None:
    assert declare(api, user_id, {**FILE, "options": {}}, "k1").status_code == 200
    (kept,) = database().rows(
        "SELECT fingerprint FROM idempotency_keys WHERE user_id = %(user)s AND key = 'k1'", {"user": user_id}
    )
    of_then = {"json": [[FILE["filename"], FILE["content_type"], FILE["size"], None]], "list": False}
    assert kept["fingerprint"] == fingerprint(of_then)
