"""Rows and objects brought into a state by the statements that the product itself uses."""

import io
from typing import Any
from uuid import UUID, uuid4

from functions.shared.settings import settings
from functions.shared.transactions import Claim, NewTransaction, Result, Source, output_key
from functions.shared.wiring import database, storage, transactions
from functions.upload.rows import new_transaction

CONVERTED = b"\0\0\0\x1cftypmp42" + bytes(range(256)) * 8
CONVERTED_SHA256 = "f3" * 32


def pending(user_id: str, filename: str = "holiday.mov") -> NewTransaction:
    """A row that waits for its upload."""
    row = new_transaction(settings(), uuid4(), UUID(user_id), filename, "video/quicktime", 12)
    transactions().insert([row])
    return row


def stored(bucket: str, key: str) -> None:
    """The upload under a key arrived, as the event would say; no object is there."""
    assert transactions().note_stored(Source(bucket, key, 12, "e1"))


def claimed(row: NewTransaction) -> Claim:
    """A worker took the row."""
    source = Source(row.uploads_bucket, row.stored_path_original, 12, "e1")
    claim = transactions().claim(source, "message-1", "worker-1")
    assert isinstance(claim, Claim)
    return claim


def completed(user_id: str, filename: str = "holiday.mov") -> tuple[NewTransaction, str]:
    """A finished row whose result is in storage, and the result's key."""
    row = pending(user_id, filename)
    claim = claimed(row)
    key = output_key(row.transaction_id, claim.attempt, "mp4")
    storage().put_once(row.converted_bucket, key, io.BytesIO(CONVERTED), "video/mp4", {})
    assert transactions().complete(claim, Result(key, len(CONVERTED), CONVERTED_SHA256))
    return row, key


def rows_of(user_id: str) -> list[dict[str, Any]]:
    """All rows of a user, oldest first."""
    sql = "SELECT * FROM transactions WHERE user_id = %(user)s ORDER BY start_time"
    return database().rows(sql, {"user": user_id})
