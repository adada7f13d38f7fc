"""A presigned link to a finished result."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from functions.download.disposition import content_disposition, download_name
from functions.shared.errors import ConvertedMissing, NotReady
from functions.shared.settings import settings
from functions.shared.storage import ObjectMissing
from functions.shared.transactions import Status
from functions.shared.web import utc_text
from functions.shared.wiring import storage, transactions

CONTENT_TYPES = {"mp4": "video/mp4"}


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


def make_link(transaction_id: UUID, user_id: UUID, kind: str, *, head: bool) -> Link:
    """A link to the user's own, completed result; ``kind`` is ``attachment`` or ``inline``, ``head`` for HEAD requests.

    Raises ``NotReady`` unless Completed, ``ConvertedMissing`` if storage has lost the result.
    """
    row = transactions().get(transaction_id, user_id)
    if row["status"] != Status.COMPLETED:
        raise NotReady
    bucket, key = row["converted_bucket"], row["stored_path_converted"]
    try:
        storage().head(bucket, key)
    except ObjectMissing as exc:
        raise ConvertedMissing from exc
    name = download_name(row["filename"], row["target_format"])
    content_type = CONTENT_TYPES.get(row["target_format"], "application/octet-stream")
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=settings().link_ttl_s)
    url = storage().presign_get(bucket, key, content_disposition(kind, name), content_type, head=head)
    return Link(url, utc_text(expires_at), name, row["converted_size"], row["converted_sha256"])
