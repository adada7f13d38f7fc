"""Form uploads, and what they leave in storage."""

import httpx

from functions.shared.settings import settings
from functions.shared.wiring import storage
from tests.support.forms import form
from tests.support.http import Api


def post(api: Api, user_id: str | None, *parts: tuple[str, bytes], key: str | None = None) -> httpx.Response:
    """Post a form of these parts. ``key`` is the idempotency key."""
    body, headers = form(*parts)
    if key is not None:
        headers["Idempotency-Key"] = key
    return api.request("POST", "/upload", params={"user_id": user_id} if user_id else {}, headers=headers, content=body)


def content_of(transaction_id: str) -> bytes:
    """The source as it lies in storage."""
    answer = storage().client.get_object(Bucket=settings().uploads_bucket, Key=f"{transaction_id}/source")
    return answer["Body"].read()


def left_in_storage(before: set[str]) -> set[str]:
    """Keys of objects and unfinished uploads that were not there before."""
    return keys_in_storage() - before


def keys_in_storage() -> set[str]:
    """Of sources and of unfinished uploads."""
    bucket = settings().uploads_bucket
    objects = {found.key for found in storage().list_prefix(bucket, "")}
    return objects | {key for key, _ in storage().unfinished_uploads(bucket, "")}
