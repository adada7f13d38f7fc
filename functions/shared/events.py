"""Object-created events of S3, MinIO and versitygw → ``ObjectCreated``. An event is a hint; the row decides."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from functions.shared import logs

LARGEST_SIZE = 2**63 - 1


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

    A bad record among good ones is logged and left out. Raises ``MalformedEvent`` for what no storage sends.
    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise MalformedEvent("not JSON") from exc
    if not isinstance(event, dict):
        raise MalformedEvent("not an object")
    if event.get("Event") == "s3:TestEvent":
        return []
    records = event.get("Records")
    if not isinstance(records, list):
        raise MalformedEvent("no Records")
    created, faults = [], []
    for record in records:
        try:
            created += [_object(record)] if _is_creation(record) else []
        except MalformedEvent as exc:
            faults.append(str(exc))
    if faults and not created:
        raise MalformedEvent(faults[0])
    for fault in faults:
        logs.event("event.record_malformed", level=30, why=fault)
    return created


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
            bucket=_name(s3["bucket"]["name"]),
            key=_name(_decoded(str(item["key"]), str(s3.get("configurationId", "")))),
            size=_size(item.get("size", 0)),
            etag=_name(item["eTag"]).strip('"'),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as exc:
        raise MalformedEvent("a record without usable bucket, key, size or eTag") from exc


def _name(value: Any) -> str:
    """Text that a row can hold: neither NUL nor half a surrogate pair is in anything that storage ever named."""
    text = str(value)
    text.encode()
    if "\0" in text:
        raise ValueError("NUL in a name")
    return text


def _size(value: Any) -> int:
    size = int(value)
    if not 0 <= size <= LARGEST_SIZE:
        raise ValueError("a size that no object has")
    return size


def _decoded(key: str, configuration_id: str) -> str:
    """S3 and MinIO send the key query-escaped; versitygw, whose only targets are named "…-global", as it is."""
    return key if configuration_id.endswith("-global") else unquote_plus(key)
