"""A presigned link to a finished result."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from functions.download.disposition import content_disposition, download_name
from functions.shared.database import Row
from functions.shared.errors import ConvertedMissing, NotReady
from functions.shared.settings import settings
from functions.shared.storage_errors import ObjectMissing
from functions.shared.transactions import CONTENT_TYPES, Status, link_end
from functions.shared.web import utc_text
from functions.shared.wiring import storage, transactions


@dataclass(frozen=True)
class Link:
    """Where the result can be fetched. Field names are the contract's."""

    url: str
    expires_at: str
    filename: str
    size: int
    sha256: str

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
    bucket, key = row["converted_bucket"], row["stored_path_converted"]
    try:
        storage().head(bucket, key)
    except ObjectMissing as exc:
        raise ConvertedMissing from exc
    name = download_name(row["filename"], row["target_format"])
    content_type = CONTENT_TYPES.get(row["target_format"], "application/octet-stream")
    expires_at = link_end(settings().link_ttl_s)
    url = storage().presign_get(bucket, key, content_disposition(kind, name), content_type, head=head)
    return Link(url, utc_text(expires_at), name, row["converted_size"], row["converted_sha256"])
