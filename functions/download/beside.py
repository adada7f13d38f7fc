"""What lies beside a finished result: its receipt, and the previews of the film."""

import re
from uuid import UUID

from functions.download.links import Link, completed_row, link_to
from functions.shared.database import Row
from functions.shared.errors import ConvertedMissing, InvalidParameter, ReceiptMissing, ThumbnailMissing
from functions.shared.storage_errors import ObjectMissing
from functions.shared.transactions import CONTENT_TYPES, PREVIEWS, UNKNOWN_TYPE
from functions.shared.wiring import storage

RECEIPT_BYTES = 4 * 1024**2
"""Above that of a film with as many chapters, tags and tracks as are read of one; Lambda answers at most 6 MB."""
STORYBOARD_BYTES = 1024**2

SPRITE = re.compile(r"^sprite\.\w+(?=#xywh=)", re.MULTILINE)
"""How a cue of the stored storyboard names the picture that it lies beside."""


def checked_kind(kind: str) -> str:
    """Raises ``InvalidParameter`` for what is no kind of preview."""
    if kind not in PREVIEWS:
        raise InvalidParameter(f"kind must be one of {', '.join(PREVIEWS)}, not {kind[:40]!r}.")
    return kind


def row_with_receipt(transaction_id: UUID, user_id: UUID) -> Row:
    """The user's own completed row; raises ``ReceiptMissing`` if it has no receipt."""
    row = completed_row(transaction_id, user_id)
    if row["receipt_key"] is None:
        raise ReceiptMissing
    return row


def row_with_preview(transaction_id: UUID, user_id: UUID, kind: str) -> Row:
    """The user's own completed row; raises ``ThumbnailMissing`` if it has no such preview."""
    row = completed_row(transaction_id, user_id)
    needed = {kind, "sprite"} if kind == "storyboard" else {kind}
    if needed <= set(row["previews"]):
        return row
    if row["options"].get("previews") == "off":
        raise ThumbnailMissing("This film was uploaded with previews off; upload it again with them on to get one.")
    raise ThumbnailMissing


def receipt(row: Row) -> bytes:
    """The receipt, as the conversion wrote it."""
    return _whole(row, row["receipt_key"], RECEIPT_BYTES)


def preview_link(row: Row, kind: str, *, head: bool) -> Link:
    """A link to a picture, for showing it in place."""
    key = row["previews"][kind]
    extension = key.rpartition(".")[2]
    content_type = CONTENT_TYPES.get(extension, UNKNOWN_TYPE)
    return link_to(row, key, "inline", f"{kind}.{extension}", content_type, head=head)


def storyboard(row: Row) -> str:
    """The cues in WebVTT, each with a link to its part of the sprite."""
    cues = _whole(row, row["previews"]["storyboard"], STORYBOARD_BYTES).decode("utf-8", "replace")
    url = preview_link(row, "sprite", head=False).url
    return SPRITE.sub(lambda _: url, cues)


def _whole(row: Row, key: str, limit: int) -> bytes:
    """A small object; raises ``ConvertedMissing`` if storage has lost it, or holds what we never wrote."""
    bucket = row["converted_bucket"]
    try:
        info, _ = storage().head(bucket, key)
    except ObjectMissing as exc:
        raise ConvertedMissing from exc
    if not 0 < info.size <= limit:
        raise ConvertedMissing
    return b"".join(storage().open_range(bucket, key, info.etag, 0))
