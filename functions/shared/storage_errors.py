"""What storage refuses or cannot do, in our own errors. Foreign ones are translated here and keep their cause."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.errors import (
    Bucket265Error,
    SourceMissing,
    SourceSuperseded,
    StorageRefused,
    StorageUnavailable,
)

RIGHTS = {
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "DeleteObject": "s3:DeleteObject",
    "ListObjectsV2": "s3:ListBucket",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
}
"""The right that each operation needs."""


class ObjectMissing(Bucket265Error):
    code = "object_missing"
    hint = "The object is not in storage."


class ObjectExists(Bucket265Error):
    """A conditional write met an object under its key."""

    code = "object_exists"
    hint = "An object is already there."


@contextmanager
def s3_errors(bucket: str, key: str) -> Iterator[None]:
    """Translate botocore's errors once."""
    try:
        yield
    except ClientError as exc:
        raise _translated(exc, bucket, key) from exc
    except (BotoCoreError, OSError) as exc:
        raise StorageUnavailable from exc


def _translated(exc: ClientError, bucket: str, key: str) -> Bucket265Error:
    code = exc.response.get("Error", {}).get("Code", "")
    operation = exc.operation_name
    if code in {"404", "NoSuchKey", "NoSuchUpload"}:
        return SourceMissing() if operation == "GetObject" else ObjectMissing(key)
    if code in {"412", "PreconditionFailed"}:
        return SourceSuperseded() if operation == "GetObject" else ObjectExists(key)
    if code in {"416", "InvalidRange"}:
        return SourceSuperseded()
    if code in {"403", "AccessDenied"}:
        return StorageRefused(f"{RIGHTS.get(operation, operation)} is not allowed on the bucket {bucket}")
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    outage = status >= 500 or code == "ConditionalRequestConflict"  # another write of the key is just ending
    said = f"storage answered {code or 'an unknown error'}"
    return StorageUnavailable(said) if outage else StorageRefused(f"{said} for the bucket {bucket}")
