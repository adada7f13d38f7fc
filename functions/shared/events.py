"""Object-created events of S3, MinIO and versitygw → ``ObjectCreated``. An event is a hint; the row decides."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus


class MalformedEvent(Exception):
    """The message is not an event that storage sends."""


@dataclass(frozen=True)
class ObjectCreated:
    """One object that storage says was made. ``etag`` is unquoted; ``size`` in bytes."""

    bucket: str
    key: str
    size: int
    etag: str


def object_created(body: str) -> list[ObjectCreated]:
    """The created objects that one message names; an empty list for a test event or for other kinds of events.

    Raises ``MalformedEvent`` for anything that no storage sends.
    """
    try:
        event = json.loads(body)
    except ValueError as exc:
        raise MalformedEvent("not JSON") from exc
    if not isinstance(event, dict):
        raise MalformedEvent("not an object")
    if event.get("Event") == "s3:TestEvent":
        return []
    records = event.get("Records")
    if not isinstance(records, list):
        raise MalformedEvent("no Records")
    return [_object(record) for record in records if _is_creation(record)]


def _is_creation(record: Any) -> bool:
    name = record.get("eventName") if isinstance(record, dict) else None
    if not isinstance(name, str):
        raise MalformedEvent("a record without eventName")
    return name.removeprefix("s3:").startswith("ObjectCreated:")


def _object(record: dict[str, Any]) -> ObjectCreated:
    try:
        s3 = record["s3"]
        item = s3["object"]
        return ObjectCreated(
            bucket=str(s3["bucket"]["name"]),
            key=_decoded(str(item["key"]), str(s3.get("configurationId", ""))),
            size=int(item.get("size", 0)),
            etag=str(item["eTag"]).strip('"'),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise MalformedEvent("a record without bucket, key or eTag") from exc


def _decoded(key: str, configuration_id: str) -> str:
    """S3 and MinIO send the key query-escaped; versitygw, whose only targets are named "…-global", as it is."""
    return key if configuration_id.endswith("-global") else unquote_plus(key)
