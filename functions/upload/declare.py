"""The JSON form of ``POST /upload``: validate, store the rows, hand out presigned PUTs. A list is all or nothing."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from pydantic import ValidationError

from functions.shared.askedoptions import fault_sentences, json_object
from functions.shared.errors import InvalidRequest
from functions.shared.settings import settings
from functions.shared.transactions import NewTransaction
from functions.shared.web import utc_text
from functions.shared.wiring import storage, transactions
from functions.upload.accept import accepted_type, check_size, clean_filename, upload_limit
from functions.upload.idempotency import ENDPOINT, fingerprint
from functions.upload.models import FileRequest, FilesRequest
from functions.upload.rows import new_transaction


def declare(body: bytes, user_id: UUID, key: str | None) -> dict[str, Any]:
    """Answer one JSON request; ``key`` is its idempotency key."""
    files, is_list = parse_request(body)
    new = [_row(file, user_id) for file in files]
    if key is None:
        links = [_link(row) for row in new]
        transactions().insert(new)
        return _answer(new, links, is_list)
    ids = transactions().insert_once(key, ENDPOINT, _fingerprint(files, new, is_list), new)
    if ids == [row.transaction_id for row in new]:
        return _answer(new, [_link(row) for row in new], is_list)
    recalled = [_recalled(transaction_id, row) for transaction_id, row in zip(ids, new, strict=True)]
    return _answer(recalled, [_renewed_link(row) for row in recalled], is_list)


def parse_request(body: bytes) -> tuple[list[FileRequest], bool]:
    """The files of a request and whether they came as a list; raises ``InvalidRequest``."""
    data = json_object(body, "{filename, content_type, size} or {files: […]}")
    try:
        if "files" in data:
            return FilesRequest.model_validate(data).files, True
        return [FileRequest.model_validate(data)], False
    except ValidationError as exc:
        raise InvalidRequest(" ".join(fault_sentences(exc.errors(include_url=False)))) from None


def _row(file: FileRequest, user_id: UUID) -> NewTransaction:
    filename = clean_filename(file.filename)
    content_type = accepted_type(file.content_type, filename)
    check_size(file.size, upload_limit(settings().max_upload_bytes))
    return new_transaction(settings(), uuid4(), user_id, filename, content_type, file.size, file.sha256, _asked(file))


def _asked(file: FileRequest) -> dict[str, Any]:
    return file.options.asked() if file.options else {}


def _fingerprint(files: list[FileRequest], new: list[NewTransaction], is_list: bool) -> str:
    """Of what was asked, not of what the defaults make of it: they may change before the repeat."""
    request: dict[str, Any] = {
        "json": [[row.filename, row.content_type, row.declared_size, row.declared_sha256] for row in new],
        "list": is_list,
    }
    asked = [_asked(file) for file in files]
    return fingerprint(request | ({"options": asked} if any(asked) else {}))


def _link(row: NewTransaction) -> dict[str, Any]:
    size = row.declared_size or 0
    put = storage().presign_put(
        row.uploads_bucket, row.stored_path_original, row.content_type, size, row.declared_sha256
    )
    return {
        "method": "PUT",
        "url": put.url,
        "headers": put.headers,
        "expires_at": utc_text(row.upload_expires_at),
    }


def _recalled(transaction_id: UUID, asked: NewTransaction) -> NewTransaction:
    """The earlier row: what was asked is the same, as the fingerprint is."""
    row = transactions().get(transaction_id, asked.user_id)
    bucket, key = row["uploads_bucket"], row["stored_path_original"]
    return replace(asked, transaction_id=transaction_id, uploads_bucket=bucket, stored_path_original=key)


def _renewed_link(row: NewTransaction) -> dict[str, Any] | None:
    """A fresh link while no object is there. Listed, not read: a PUT in flight would block a read of its key."""
    if storage().list_prefix(row.uploads_bucket, row.stored_path_original):
        return None
    if not transactions().extend_link(row.transaction_id, row.user_id, row.upload_expires_at):
        return None
    return _link(row)


def _answer(rows: list[NewTransaction], links: list[Any], is_list: bool) -> dict[str, Any]:
    if not is_list:
        message = "Upload link created" if links[0] else "The upload of this Idempotency-Key has already arrived"
        return {"message": message, "transaction_id": str(rows[0].transaction_id), "upload": links[0]}
    files = [
        {"transaction_id": str(row.transaction_id), "filename": row.filename, "upload": link}
        for row, link in zip(rows, links, strict=True)
    ]
    return {"message": "Upload links created", "transactions": files}
