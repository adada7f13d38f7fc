"""Rows in PostgreSQL: every state change is one conditional statement from queries.sql."""

import re
from contextlib import suppress
from datetime import datetime
from importlib import resources
from typing import Any
from uuid import UUID

from psycopg2.extras import Json

from functions.shared.database import Database, Row, Statements
from functions.shared.errors import DatabaseUnavailable, IdempotencyConflict, NotOwner, TransactionNotFound
from functions.shared.transactions import (
    ATTEMPTS_LIMIT,
    REISSUE_FIRST_S,
    Claim,
    ClaimResult,
    Duplicate,
    Exhausted,
    GiveBack,
    NewTransaction,
    Progress,
    Result,
    Source,
    Status,
)

PUBLISHED_EARLIER = Duplicate("already_ended")


def _load_queries() -> dict[str, str]:
    text = resources.files("functions.shared").joinpath("queries.sql").read_text()
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


SQL = _load_queries()


class Transactions:
    """The rows of ``transactions``, as the functions need them. ``lease_s``: how long a claim lives unrenewed."""

    def __init__(self, database: Database, lease_s: float = 60.0) -> None:
        self._database = database
        self._lease_s = lease_s

    def warm_up(self) -> None:
        """Open a connection; a database that is away shows when it is needed."""
        with suppress(DatabaseUnavailable):
            self._database.rows("SELECT 1")

    def insert(self, new: list[NewTransaction]) -> None:
        """Store new rows, all or nothing."""
        if len(new) == 1:
            self._database.rows(SQL["insert"], _insert_params(new[0]))
            return
        with self._database.db_transaction() as db:
            for row in new:
                db.rows(SQL["insert"], _insert_params(row))

    def insert_once(self, key: str, endpoint: str, fingerprint: str, new: list[NewTransaction]) -> list[UUID]:
        """Store new rows under an idempotency key; return the ids that the key stands for, ours or the earlier ones.

        Raises ``IdempotencyConflict`` if the key stands for another request.
        """
        ids = [row.transaction_id for row in new]
        scope = {"user_id": str(new[0].user_id), "endpoint": endpoint, "key": key}
        with self._database.db_transaction() as db:
            if _remember(db, scope, fingerprint, ids):
                for row in new:
                    db.rows(SQL["insert"], _insert_params(row))
                return ids
            return _recalled_ids(db.rows(SQL["recall_key"], scope), fingerprint)

    def recall(self, user_id: UUID, endpoint: str, key: str, fingerprint: str) -> list[UUID]:
        """The ids that an idempotency key stands for, or an empty list."""
        rows = self._database.rows(SQL["recall_key"], {"user_id": str(user_id), "endpoint": endpoint, "key": key})
        return _recalled_ids(rows, fingerprint) if rows else []

    def forget(self, ids: list[UUID]) -> None:
        """Take back rows whose object could not be stored, with the idempotency keys that stand for them."""
        self._database.rows(SQL["forget"], {"ids": [str(i) for i in ids]})

    def extend_link(self, transaction_id: UUID, user_id: UUID, expires_at: datetime) -> bool:
        """Let a fresh upload link live until ``expires_at``; False once an object is there."""
        params = {
            "transaction_id": str(transaction_id),
            "user_id": str(user_id),
            "upload_expires_at": expires_at,
            "reconcile_in_s": REISSUE_FIRST_S,
        }
        return bool(self._database.rows(SQL["extend_link"], params))

    def get(self, transaction_id: UUID, user_id: UUID) -> Row:
        """One row, with ``queue_ahead`` where it waits in the queue.

        Raises ``TransactionNotFound`` or, for another's row, ``NotOwner``.
        """
        rows = self._database.rows(SQL["get"], {"transaction_id": str(transaction_id)})
        if not rows:
            raise TransactionNotFound
        if str(rows[0]["user_id"]) != str(user_id):
            raise NotOwner
        return rows[0] | {"queue_ahead": self._queue_ahead(rows[0])}

    def _queue_ahead(self, row: Row) -> int | None:
        if row["stored_at"] is None or row["status"] not in (Status.PENDING, Status.RETRYING):
            return None
        ahead: int = self._database.rows(SQL["queue_ahead"], {"stored_at": row["stored_at"]})[0]["ahead"]
        return ahead

    def note_stored(self, source: Source) -> bool:
        """Record that an object arrived, before anybody claims it: it orders the queue and shows in status."""
        return note_stored(self._database, source)

    def claim(self, source: Source, message_id: str, worker: str) -> ClaimResult:
        """Take the row of ``source`` for one attempt, or say why not. The event is a hint, the row decides."""
        params = _source_params(source) | {
            "message_id": message_id,
            "worker": worker,
            "lease_s": self._lease_s,
            "attempts_limit": ATTEMPTS_LIMIT,
        }
        rows = self._database.rows(SQL["claim"], params)
        if rows:
            row = rows[0]
            return Claim(
                transaction_id=UUID(str(row["transaction_id"])),
                attempt=row["attempt"],
                attempts_base=row["attempts_base"],
                source=source,
                converted_bucket=row["converted_bucket"],
                options=row["options"],
            )
        return _why_not(self._database.rows(SQL["why_not_claimed"], params), message_id)

    def renew(self, claim: Claim, progress: Progress) -> bool:
        """Extend the lease and show progress; False if another attempt owns the row."""
        return self._fenced("renew", claim, lease_s=self._lease_s, progress=Json(progress.as_json()))

    def record_media(
        self, claim: Claim, original_format: str, original_codec: str, media: dict[str, Any], encoder: str
    ) -> bool:
        """Store what the probe measured, and for good which encoder the first attempt had."""
        return self._fenced(
            "record_media",
            claim,
            original_format=original_format,
            original_codec=original_codec,
            media=Json(media),
            encoder=encoder,
        )

    def complete(self, claim: Claim, result: Result) -> bool:
        """The fenced commit. True as well when an earlier, unanswered call of this attempt had already done it."""
        if self._fenced("complete", claim, **_result_params(result)):
            return True
        return self._fenced("completed_with", claim, key=result.key)

    def fail(self, claim: Claim, error_code: str, error_reason: str) -> bool:
        """End the transaction for good."""
        return self._fenced("fail", claim, error_code=error_code, error_reason=error_reason)

    def retry(self, claim: Claim, error_code: str, error_reason: str, delay_s: float, *, counts: bool = True) -> bool:
        """Hand the row back for another attempt in ``delay_s``; ``counts=False``: it cost no attempt."""
        return self._fenced(
            "retry",
            claim,
            error_code=error_code,
            error_reason=error_reason,
            delay_s=delay_s,
            given_back=0 if counts else 1,
            reconcile_in_s=delay_s + self._lease_s,
        )

    def _fenced(self, query: str, claim: Claim, **params: Any) -> bool:
        params |= {"transaction_id": str(claim.transaction_id), "attempt": claim.attempt}
        return bool(self._database.rows(SQL[query], params))


def _remember(db: Statements, scope: dict[str, str], fingerprint: str, ids: list[UUID]) -> bool:
    params = scope | {"fingerprint": fingerprint, "transaction_ids": [str(i) for i in ids]}
    return bool(db.rows(SQL["remember_key"], params))


def _recalled_ids(rows: list[Row], fingerprint: str) -> list[UUID]:
    if rows[0]["fingerprint"] != fingerprint:
        raise IdempotencyConflict
    return [UUID(i) for i in rows[0]["transaction_ids"]]


def _insert_params(new: NewTransaction) -> dict[str, Any]:
    return vars(new) | {
        "transaction_id": str(new.transaction_id),
        "user_id": str(new.user_id),
        "options": Json(new.options),
        "reconcile_in_s": REISSUE_FIRST_S,
    }


def _result_params(result: Result) -> dict[str, Any]:
    return vars(result) | {
        "dropped": Json(list(result.dropped)),
        "warnings": Json(list(result.warnings)),
        "previews": Json(result.previews),
        "quality": None if result.quality is None else Json(result.quality),
    }


def note_stored(database: Database, source: Source) -> bool:
    """Record an object, heard of or found; False if it was known or its row is taken."""
    return bool(database.rows(SQL["note_stored"], _source_params(source) | {"reconcile_in_s": REISSUE_FIRST_S}))


def _source_params(source: Source) -> dict[str, Any]:
    return {"bucket": source.bucket, "key": source.key, "etag": source.etag, "size": source.size}


def _why_not(rows: list[Row], message_id: str) -> ClaimResult:
    if not rows:
        return Duplicate("unknown_key")
    row = rows[0]
    if row["superseded"]:
        return Duplicate("superseded")
    if row["status"] in ("Completed", "Failed"):
        return PUBLISHED_EARLIER
    if row["held_s"] is not None and row["held_s"] > 0:
        return GiveBack(row["held_s"]) if row["message_id"] == message_id else Duplicate("live_lease")
    if row["attempt"] - row["attempts_base"] >= ATTEMPTS_LIMIT:
        return Exhausted(UUID(str(row["transaction_id"])))
    return GiveBack(1.0)  # it became free between the two statements
