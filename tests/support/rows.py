"""Rows and objects brought into a state by the statements that the product itself uses."""

import hashlib
import io
from typing import Any
from uuid import UUID, uuid4

from functions.shared.settings import settings
from functions.shared.transactions import Claim, NewTransaction, Result, Source, artefact_key, output_key
from functions.shared.wiring import database, storage, transactions
from functions.upload.rows import new_transaction

CONVERTED = b"\0\0\0\x1cftypmp42" + bytes(range(256)) * 8
CONVERTED_SHA256 = "f3" * 32


def pending(user_id: str, filename: str = "holiday.mov", options: dict[str, Any] | None = None) -> NewTransaction:
    """A row that waits for its upload."""
    row = new_transaction(settings(), uuid4(), UUID(user_id), filename, "video/quicktime", 12, options=options)
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


def completed(user_id: str, filename: str = "holiday.mov", **result: Any) -> tuple[NewTransaction, str]:
    """A finished row whose result is in storage, and the result's key; ``result`` is what else the commit stores."""
    row = pending(user_id, filename)
    claim = claimed(row)
    key = output_key(row.transaction_id, claim.attempt, result.get("target_format", "mp4"))
    storage().put_once(row.converted_bucket, key, io.BytesIO(CONVERTED), "video/mp4", {})
    assert transactions().complete(claim, Result(key, len(CONVERTED), CONVERTED_SHA256, **result))
    return row, key


RECEIPT = b'{"source": {"sha256": "00"}, "output": {"sha256": "f3"}}\n'
ARTEFACTS = {
    "receipt.json": RECEIPT,
    "poster.jpg": b"\xff\xd8\xff poster",
    "sprite.jpg": b"\xff\xd8\xff sprite",
    "preview.webp": b"RIFF....WEBP preview",
    "storyboard.vtt": b"WEBVTT\n\n00:00:00.000 --> 00:00:05.000\nsprite.jpg#xywh=0,0,160,90\n\n"
    b"00:00:05.000 --> 00:00:10.000\nsprite.jpg#xywh=160,0,160,90\n",
}
"""What lies beside a result, by name."""


def completed_with_artefacts(user_id: str, *names: str) -> NewTransaction:
    """A finished row, and beside its result the artefacts of these names, else all."""
    row = pending(user_id)
    claim = claimed(row)
    keys = {name: artefact_key(row.transaction_id, claim.attempt, name) for name in names or ARTEFACTS}
    for name, key in keys.items():
        sha256 = hashlib.sha256(ARTEFACTS[name]).hexdigest()
        storage().put_once(row.converted_bucket, key, io.BytesIO(ARTEFACTS[name]), "", {"sha256": sha256})
    output = output_key(row.transaction_id, claim.attempt, "mp4")
    storage().put_once(row.converted_bucket, output, io.BytesIO(CONVERTED), "video/mp4", {})
    previews = {name.partition(".")[0]: key for name, key in keys.items() if name != "receipt.json"}
    result = Result(output, len(CONVERTED), CONVERTED_SHA256, receipt_key=keys.get("receipt.json"), previews=previews)
    assert transactions().complete(claim, result)
    return row


def rows_of(user_id: str) -> list[dict[str, Any]]:
    """All rows of a user, oldest first."""
    sql = "SELECT * FROM transactions WHERE user_id = %(user)s ORDER BY start_time"
    return database().rows(sql, {"user": user_id})
