"""The object-created event that we issue ourselves, for an object whose own event was lost or has been used up."""

import json
from urllib.parse import quote_plus

from functions.shared.transactions import Source

EVENT_NAME = "s3:ObjectCreated:Put"


def object_created_json(source: Source) -> bytes:
    """The event of ``source`` in MinIO's shape: the consumer needs no second way to read one."""
    stored = {"key": quote_plus(source.key), "size": source.size, "eTag": source.etag}
    record = {
        "eventVersion": "2.0",
        "eventSource": "minio:s3",
        "eventName": EVENT_NAME,
        "s3": {"bucket": {"name": source.bucket}, "object": stored},
    }
    body = {"EventName": EVENT_NAME, "Key": f"{source.bucket}/{source.key}", "Records": [record]}
    return json.dumps(body).encode()
