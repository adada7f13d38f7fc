"""The row of a new upload."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from functions.shared.options import Options
from functions.shared.settings import Settings
from functions.shared.transactions import NewTransaction, link_end, source_key
from functions.upload.accept import extension


def new_transaction(
    settings: Settings,
    transaction_id: UUID,
    user_id: UUID,
    filename: str,
    content_type: str,
    size: int,
    sha256: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> NewTransaction:
    """A row with the checked options and today's defaults frozen in it; its link's hour begins now."""
    return NewTransaction(
        transaction_id=transaction_id,
        user_id=user_id,
        filename=filename,
        content_type=content_type,
        declared_size=size,
        declared_sha256=sha256,
        upload_expires_at=link_end(settings.link_ttl_s),
        uploads_bucket=settings.uploads_bucket,
        stored_path_original=source_key(transaction_id),
        converted_bucket=settings.converted_bucket,
        original_format=extension(filename),
        options=Options.resolve(options or {}, settings).as_json(),
    )
