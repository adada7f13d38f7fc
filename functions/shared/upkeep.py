"""Rows as the keepers of order see them: reconciler, dead letters, redrive, metrics."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from functions.shared.database import Database, Row
from functions.shared.errors.kinds import GIVEN_UP, RETRIED
from functions.shared.repository import SQL, note_stored
from functions.shared.transactions import REISSUE_FIRST_S, Source


@dataclass(frozen=True)
class Sample:
    """A figure as Prometheus has it: ``bucket265_stage_seconds_count`` of ``{"stage": "fetch"}``."""

    name: str
    labels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Upkeep:
    """Statements that belong to no single attempt."""

    database: Database

    def due(self, expire_after_s: float, limit: int) -> list[Row]:
        """Rows that nobody works on and that are due for a look."""
        return self.database.rows(SQL["due_for_reconciling"], {"expire_after_s": expire_after_s, "limit": limit})

    def reconciled(self, transaction_id: UUID, reissues: int, wait_s: float | None) -> None:
        """Look at the row again in ``wait_s``; never again if None."""
        params = {"transaction_id": str(transaction_id), "reissues": reissues, "wait_s": wait_s}
        self.database.rows(SQL["reconciled"], params)

    def note_found(self, source: Source) -> None:
        """Record an object that arrived unheard, as its event would have been."""
        note_stored(self.database, source)

    def expire(self, transaction_id: UUID, expire_after_s: float) -> bool:
        """Mark a row whose link ended unused; False if an object came meanwhile."""
        params = {"transaction_id": str(transaction_id), "expire_after_s": expire_after_s}
        return bool(self.database.rows(SQL["expire"], params))

    def unswept(self, after_s: float, limit: int) -> list[Row]:
        """Ended rows whose attempts' leftovers are due: ``after_s`` after their end, and once more after an hour."""
        return self.database.rows(SQL["unswept"], {"after_s": after_s, "limit": limit})

    def swept(self, transaction_id: UUID) -> None:
        self.database.rows(SQL["swept"], {"transaction_id": str(transaction_id)})

    def dead_letter(self, bucket: str, key: str, code: str, reason: str, prefix: str) -> bool:
        """Fail the row of a dead-lettered message; False if it is terminal or somebody works on it."""
        params: dict[str, Any] = {
            "bucket": bucket, "key": key, "error_code": code, "error_reason": reason, "prefix": prefix,
            "retried": RETRIED, "given_up": GIVEN_UP,
        }  # fmt: skip
        return bool(self.database.rows(SQL["dead_letter"], params))

    def redrive(self, transaction_id: UUID) -> Source | None:
        """Give a failed row a fresh attempts budget; its source, to re-issue the event for, or None if not Failed."""
        params = {"transaction_id": str(transaction_id), "reconcile_in_s": REISSUE_FIRST_S}
        rows = self.database.rows(SQL["redrive"], params)
        return source_of(rows[0]) if rows else None

    def status(self, transaction_id: UUID) -> str | None:
        """Whoever's it is; None if there is no such transaction."""
        rows = self.database.rows(SQL["get"], {"transaction_id": str(transaction_id)})
        return str(rows[0]["status"]) if rows else None

    def failed_ids(self) -> list[UUID]:
        return [UUID(str(row["transaction_id"])) for row in self.database.rows(SQL["failed_ids"])]

    def count_by_status(self) -> dict[str, int]:
        return {row["status"]: row["count"] for row in self.database.rows(SQL["count_by_status"])}

    def add_to_metrics(self, increments: list[Sample]) -> None:
        """Add to the sums over all workers."""
        params = {
            "samples": [one.name for one in increments],
            "labels": [json.dumps(one.labels) for one in increments],
            "values": [one.value for one in increments],
        }
        self.database.rows(SQL["add_to_metrics"], params)

    def metrics(self) -> list[Sample]:
        """The sums over all workers, living and dead."""
        return [Sample(row["sample"], row["labels"], row["value"]) for row in self.database.rows(SQL["metrics"])]

    def schema_version(self) -> str:
        """The newest applied migration."""
        return str(self.database.rows(SQL["ping"])[0]["version_num"])


def source_of(row: Row) -> Source:
    """The source object that a row recorded."""
    return Source(
        bucket=row["uploads_bucket"],
        key=row["stored_path_original"],
        size=row["source_size"],
        etag=row["source_etag"],
    )
