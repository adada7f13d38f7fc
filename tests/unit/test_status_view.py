"""``GET /status`` shows a row under the contract's names."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from functions.status.models import StatusAnswer
from functions.status.view import status_json

STARTED = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)


def row(**changes: Any) -> dict[str, Any]:
    """A row that waits for its upload, with ``changes``."""
    return {
        "transaction_id": UUID(int=1), "user_id": UUID(int=2), "filename": "holiday.mov", "original_format": "mov",
        "original_codec": None, "target_format": "mp4", "target_codec": "h265", "status": "Pending",
        "start_time": STARTED, "updated_time": STARTED, "progress": None, "queue_ahead": None, "attempt": 0,
        "source_size": None, "source_etag": None, "converted_size": None, "converted_sha256": None, "media": None,
        "error_code": None, "error_reason": None, "worker": None, "converting_since": None, "converting_until": None,
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
