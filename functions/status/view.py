"""A row as clients see it. Pure."""

from datetime import datetime
from typing import Any

from functions.shared.options import Options
from functions.shared.transactions import PREVIEWS, Status
from functions.shared.web import utc_text

PROGRESS_FIELDS = ("percent", "fps", "speed", "eta_s", "stage")
QUALITY_FIELDS = ("crf", "vmaf", "p5")


def status_json(row: dict[str, Any]) -> dict[str, Any]:
    """The answer of ``GET /status``; ``row`` is one of ``Transactions.get``."""
    return {
        "transaction_id": str(row["transaction_id"]),
        "user_id": str(row["user_id"]),
        "filename": row["filename"],
        "original_format": row["original_format"],
        "original_codec": row["original_codec"],
        "target_format": row["target_format"],
        "target_codec": row["target_codec"],
        "status": row["status"],
        "start_time": utc_text(row["start_time"]),
        "updated_time": utc_text(row["updated_time"]),
        "progress": _fields(row["progress"], PROGRESS_FIELDS),
        "queue": None if row["queue_ahead"] is None else {"ahead": row["queue_ahead"]},
        "attempt": row["attempt"],
        "source": _source(row),
        "converted": _converted(row),
        "options": Options.from_row(row["options"]).as_json(),
        "media": row["media"],
        **_result(row),
        "error_code": row["error_code"],
        "error_reason": row["error_reason"],
        "worker": row["worker"],
        "converting_since": _maybe_time(row["converting_since"]),
        "converting_until": _maybe_time(row["converting_until"]),
    }


def _fields(stored: dict[str, Any] | None, names: tuple[str, ...]) -> dict[str, Any] | None:
    return None if stored is None else {name: stored.get(name) for name in names}


def _source(row: dict[str, Any]) -> dict[str, Any] | None:
    if row["source_etag"] is None:
        return None
    return {"size": row["source_size"], "etag": row["source_etag"]}


def _converted(row: dict[str, Any]) -> dict[str, Any] | None:
    if row["converted_size"] is None:
        return None
    return {"size": row["converted_size"], "sha256": row["converted_sha256"]}


def _result(row: dict[str, Any]) -> dict[str, Any]:
    """Rows that were completed before results had names were all converted."""
    completed = row["status"] == Status.COMPLETED
    return {
        "result": row["result"] or ("converted" if completed else None),
        "result_reason": row["result_reason"],
        "dropped": row["dropped"],
        "warnings": row["warnings"],
        "quality": _fields(row["quality"], QUALITY_FIELDS),
        "receipt": "available" if row["receipt_key"] else None,
        "previews": [name for name in PREVIEWS if name in row["previews"]],
    }


def _maybe_time(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)
