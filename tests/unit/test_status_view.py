"""``GET /status`` shows a row under the contract's names."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from functions.status.models import EXAMPLE, StatusAnswer
from functions.status.view import status_json
from tests.support.declaring import DEFAULTS

STARTED = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)


def row(**changes: Any) -> dict[str, Any]:
    """A row that waits for its upload, with ``changes``."""
    return {
        "transaction_id": UUID(int=1), "user_id": UUID(int=2), "filename": "holiday.mov", "original_format": "mov",
        "original_codec": None, "target_format": "mp4", "target_codec": "h265", "status": "Pending",
        "start_time": STARTED, "updated_time": STARTED, "progress": None, "queue_ahead": None, "attempt": 0,
        "source_size": None, "source_etag": None, "converted_size": None, "converted_sha256": None, "media": None,
        "error_code": None, "error_reason": None, "worker": None, "converting_since": None, "converting_until": None,
        "options": {"preset": "veryfast", "crf": 26.0}, "result": None, "result_reason": None, "dropped": [],
        "warnings": [], "receipt_key": None, "previews": {}, "quality": None,
    } | changes  # fmt: skip


def test_the_fields_are_the_contracts_and_as_documented() -> None:
    shown = status_json(row())
    assert set(shown) == set(StatusAnswer.model_fields)
    assert shown["transaction_id"] == "00000000-0000-0000-0000-000000000001"
    assert shown["original_format"] == "mov"
    assert (shown["target_format"], shown["target_codec"]) == ("mp4", "h265")
    assert [shown[name] for name in ("progress", "queue", "source", "converted", "media", "error_code")] == [None] * 6


def test_times_are_iso_8601_in_utc_wherever_the_database_lives() -> None:
    elsewhere = STARTED.astimezone(timezone(timedelta(hours=5, minutes=30)))
    shown = status_json(row(start_time=elsewhere, converting_since=elsewhere))
    assert shown["start_time"] == shown["converting_since"] == "2026-03-01T12:00:00.250000Z"


def test_progress_has_all_its_fields_from_the_first_moment() -> None:
    shown = status_json(row(progress={"stage": "fetch", "percent": 0.0}))
    assert shown["progress"] == {"percent": 0.0, "fps": None, "speed": None, "eta_s": None, "stage": "fetch"}


def test_the_first_in_the_queue_has_nobody_ahead() -> None:
    assert status_json(row(queue_ahead=0))["queue"] == {"ahead": 0}


def test_a_source_that_arrived_shows_size_and_etag() -> None:
    assert status_json(row(source_size=0, source_etag="d41d8"))["source"] == {"size": 0, "etag": "d41d8"}


def test_a_result_shows_size_and_checksum() -> None:
    shown = status_json(row(converted_size=7, converted_sha256="ab" * 32))
    assert shown["converted"] == {"size": 7, "sha256": "ab" * 32}


def test_the_options_are_shown_whole_also_of_a_row_that_holds_only_some() -> None:
    assert status_json(row())["options"] == DEFAULTS


def test_what_was_delivered_is_told_as_the_commit_stored_it() -> None:
    dropped = [{"what": "subtitle", "index": 3, "codec": "hdmv_pgs_subtitle", "language": None, "reason": "MP4."}]
    warnings = [{"code": "damaged_frames", "message": "Frames are missing.", "count": 3}]
    previews = {"sprite": "x/1.sprite.jpg", "poster": "x/1.poster.jpg"}
    kept = row(
        status="Completed", result="kept_original", result_reason="It would grow.", target_format="avi",
        target_codec="mpeg4", dropped=dropped, warnings=warnings, receipt_key="x/1.receipt.json", previews=previews,
    )  # fmt: skip
    shown = status_json(kept)
    assert (shown["result"], shown["result_reason"]) == ("kept_original", "It would grow.")
    assert (shown["target_format"], shown["target_codec"]) == ("avi", "mpeg4")
    assert (shown["dropped"], shown["warnings"]) == (dropped, warnings)
    assert (shown["receipt"], shown["previews"]) == ("available", ["poster", "sprite"])
    assert StatusAnswer.model_validate(shown)


def test_a_result_that_was_encoded_shows_how_good_it_is() -> None:
    target = {"preset": "medium", "crf": None, "quality": "high", "vmaf": 95.0, "floor": 88.0}
    shown = status_json(row(status="Completed", options=target, quality={"crf": 21.4, "vmaf": 95.2, "p5": 90.1}))
    assert (shown["options"]["crf"], shown["options"]["vmaf"]) == (None, 95.0)
    assert shown["quality"] == {"crf": 21.4, "vmaf": 95.2, "p5": 90.1}
    unmeasured = status_json(row(status="Completed", quality={"crf": 26.0}))
    assert unmeasured["quality"] == {"crf": 26.0, "vmaf": None, "p5": None}
    assert StatusAnswer.model_validate(unmeasured)


def test_nothing_was_delivered_before_the_end_and_older_rows_were_converted() -> None:
    assert status_json(row(status="Converting"))["result"] is None
    assert status_json(row(status="Failed"))["result"] is None
    assert status_json(row(status="Completed"))["result"] == "converted"
    assert (status_json(row())["receipt"], status_json(row())["previews"]) == (None, [])


def test_the_documented_example_is_an_answer() -> None:
    assert set(EXAMPLE) == set(StatusAnswer.model_fields)
    assert StatusAnswer.model_validate(EXAMPLE)
