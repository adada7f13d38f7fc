"""Presigned links to what a conversion delivered."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from functions.download.disposition import content_disposition, download_name
from functions.shared.database import Row
from functions.shared.errors import ConvertedMissing, NotReady
from functions.shared.settings import settings
from functions.shared.storage_errors import ObjectMissing
from functions.shared.transactions import CONTENT_TYPES, UNKNOWN_TYPE, Status, link_end
from functions.shared.web import utc_text
from functions.shared.wiring import storage, transactions


@dataclass(frozen=True)
class Link:
    """Where an object can be fetched. Field names are the contract's."""

    url: str
    expires_at: str
    filename: str
    size: int
    sha256: str | None

    def as_json(self) -> dict[str, Any]:
        return vars(self)


def completed_row(transaction_id: UUID, user_id: UUID) -> Row:
    """The user's own row; raises ``NotReady`` unless it is Completed."""
    row = transactions().get(transaction_id, user_id)
    if row["status"] != Status.COMPLETED:
        raise NotReady
    return row


def make_link(row: Row, kind: str, *, head: bool) -> Link:
    """A link to the result of a completed row; ``kind`` is ``attachment`` or ``inline``, ``head`` for HEAD requests.

    Raises ``ConvertedMissing`` if storage has lost the result.
    """
    extension = row["target_format"]
    own_type = row["content_type"] if row["result"] == "kept_original" else UNKNOWN_TYPE
    content_type = CONTENT_TYPES.get(extension, own_type)
    link = link_to(row, row["stored_path_converted"], kind, extension, content_type, head=head)
    return replace(link, size=row["converted_size"], sha256=row["converted_sha256"])


def link_to(row: Row, key: str, kind: str, extension: str, content_type: str, *, head: bool) -> Link:
    """A link to any object of a completed row; the name is the user's with ``extension``.

    Its checksum is what the object's metadata says, if it does. Raises ``ConvertedMissing`` if storage has lost it.
    """
    bucket = row["converted_bucket"]
    try:
        info, metadata = storage().head(bucket, key)
    except ObjectMissing as exc:
        raise ConvertedMissing from exc
    name = download_name(row["filename"], extension)
    expires_at = link_end(settings().link_ttl_s)
    url = storage().presign_get(bucket, key, content_disposition(kind, name), content_type, head=head)
    return Link(url, utc_text(expires_at), name, info.size, metadata.get("sha256"))
