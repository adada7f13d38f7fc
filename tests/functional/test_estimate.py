"""``POST /estimate``: what a conversion would come to, told of an uploaded film, which stays as it is."""

import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from functions.estimate import service
from functions.shared import wiring
from functions.shared.settings import settings
from functions.shared.transactions import NewTransaction
from functions.shared.wiring import storage
from tests.support.clips import Clips
from tests.support.http import Api
from tests.support.problems import problem_of
from tests.support.rows import pending, rows_of

BANDS = {"estimate", "low", "high"}


@pytest.fixture(autouse=True)
def scratch(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "scratch"
    monkeypatch.setenv("SCRATCH_DIR", str(folder))
    wiring.reset()
    return folder


def uploaded(user_id: str, content: bytes, **options: Any) -> NewTransaction:
    row = pending(user_id, options=options)
    storage().client.put_object(Bucket=row.uploads_bucket, Key=row.stored_path_original, Body=content)
    return row


def ask(api: Api, user_id: str, **body: Any) -> httpx.Response:
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    return api.request("POST", "/estimate", params={"user_id": user_id}, headers=headers, content=content)


def test_an_uploaded_film_is_estimated_and_nothing_changes(api: Api, user_id: str, clips: Clips, scratch: Path) -> None:
    film = clips("h264_aac.mp4").read_bytes()
    row = uploaded(user_id, film, crf=30, speed="fastest")
    before = rows_of(user_id)
    response = ask(api, user_id, transaction_id=str(row.transaction_id))
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    told = response.json()
    assert (told["transaction_id"], told["outcome"], told["crf"]) == (str(row.transaction_id), "converted", 30)
    assert told["options"] == row.options
    assert set(told["vmaf"]) == set(told["time_s"]) == set(told["cost_usd"]) == BANDS
    assert set(told["size"]) == BANDS | {"source"}
    assert told["size"]["source"] == len(film)
    for band in (told["vmaf"], told["size"], told["time_s"], told["cost_usd"]):
        assert 0 < band["low"] < band["estimate"] < band["high"]
    assert [sample["frames"] for sample in told["samples"]] == [25]
    assert rows_of(user_id) == before
    assert storage().list_prefix(settings().converted_bucket, str(row.transaction_id)) == []
    assert list(scratch.iterdir()) == []


def test_options_of_the_request_stand_for_those_of_the_upload(api: Api, user_id: str, clips: Clips) -> None:
    row = uploaded(user_id, clips("h264.mp4").read_bytes(), crf=20)
    told = ask(api, user_id, transaction_id=str(row.transaction_id), options={"vmaf": 80, "speed": "fastest"}).json()
    assert (told["options"]["vmaf"], told["options"]["crf"], told["options"]["speed"]) == (80, None, "fastest")
    assert told["crf"] > 20
    assert abs(told["vmaf"]["estimate"] - 80) < 3


def test_h265_needs_no_samples(api: Api, user_id: str, clips: Clips) -> None:
    film = clips("hevc.mp4").read_bytes()
    told = ask(api, user_id, transaction_id=str(uploaded(user_id, film).transaction_id)).json()
    assert (told["outcome"], told["crf"], told["vmaf"], told["samples"]) == ("remuxed", None, None, [])
    assert told["size"]["estimate"] == pytest.approx(len(film), rel=0.1)
    assert told["reason"]


def test_what_cannot_be_asked_is_refused(api: Api, user_id: str) -> None:
    row = pending(user_id)
    asked = {"transaction_id": str(row.transaction_id)}
    assert problem_of(ask(api, user_id, **asked))[:2] == (409, "not_uploaded")
    assert problem_of(ask(api, str(uuid4()), **asked))[:2] == (403, "forbidden")
    assert problem_of(ask(api, user_id, transaction_id=str(uuid4())))[:2] == (404, "transaction_not_found")
    assert problem_of(ask(api, user_id)) == (400, "missing_parameter", "Missing required parameter(s): transaction_id")
    assert problem_of(ask(api, user_id, transaction_id="x"))[:2] == (400, "invalid_parameter")
    wrong = problem_of(ask(api, user_id, **asked, options={"crf": 99}))
    assert wrong == (400, "invalid_request", "options.crf must be from 0 to 51, not 99.")
    assert "'speed' is not a known field" in problem_of(ask(api, user_id, **asked, speed="fast"))[2]
    form = api.request("POST", "/estimate", params={"user_id": user_id}, headers={"Content-Type": "text/plain"})
    assert problem_of(form)[:2] == (400, "invalid_request")


def test_a_file_that_would_fail_gets_the_code_that_its_conversion_would_have(
    api: Api, user_id: str, clips: Clips, scratch: Path
) -> None:
    film = clips("faststart.mp4").read_bytes()
    for content, code in (
        (b"These are notes.\n" * 100, "not_a_video"),
        (film[: len(film) // 2], "truncated_media"),
        (clips("h264.mp4").read_bytes()[:-2000], "unreadable_media"),
    ):
        row = uploaded(user_id, content)
        refused = problem_of(ask(api, user_id, transaction_id=str(row.transaction_id)))
        assert refused[:2] == (422, code)
        assert list(scratch.iterdir()) == []


def test_one_film_at_a_time(api: Api, user_id: str, clips: Clips) -> None:
    row = uploaded(user_id, clips("h264.mp4").read_bytes())
    with service._at_work:
        refused = ask(api, user_id, transaction_id=str(row.transaction_id))
    assert problem_of(refused)[:2] == (503, "busy")
    assert int(refused.headers["retry-after"]) > 0


def test_what_is_too_much_for_a_request_names_the_way_that_is_left(
    api: Api, user_id: str, clips: Clips, monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> None:
    row = uploaded(user_id, clips("h264.mp4").read_bytes())
    asked = {"transaction_id": str(row.transaction_id)}
    cut_off = scratch / f"{uuid4()}.1"
    cut_off.mkdir(parents=True)
    os.utime(cut_off, (0, 0))
    with monkeypatch.context() as patch:
        patch.setattr(service, "WITHIN_S", 0.0)
        slow = problem_of(ask(api, user_id, **asked))
    monkeypatch.setenv("ESTIMATE_MAX_BYTES", "1000")
    wiring.reset()
    large = problem_of(ask(api, user_id, **asked))
    assert (slow[:2], large[:2]) == ((422, "estimate_too_slow"), (413, "estimate_too_large"))
    assert all("python -m local estimate" in sentence for _, _, sentence in (slow, large))
    assert not list(scratch.iterdir())
