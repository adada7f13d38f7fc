"""What is no event of a storage is malformed: never a crash, for a message that crashes comes back for ever."""

import json
from typing import Any

import pytest

from functions.shared.events import MalformedEvent, ObjectCreated, object_created

GOOD: dict[str, Any] = {
    "eventName": "ObjectCreated:Put",
    "s3": {"bucket": {"name": "uploads"}, "object": {"key": "a/source", "size": 5, "eTag": "e1"}},
}
FOUND = ObjectCreated("uploads", "a/source", 5, "e1")


def body(*records: Any) -> str:
    return json.dumps({"Records": list(records)})


def changed(**changes: Any) -> dict[str, Any]:
    """A record with other facts of its object; None takes a fact away."""
    facts = {**GOOD["s3"]["object"], **changes}
    return {**GOOD, "s3": {**GOOD["s3"], "object": {k: v for k, v in facts.items() if v is not None}}}


BAD_RECORDS: dict[str, Any] = {
    "a number": 5,
    "null": None,
    "a list": [],
    "without a name": {"s3": GOOD["s3"]},
    "a name that is no text": {**GOOD, "eventName": 5},
    "without s3": {"eventName": "ObjectCreated:Put"},
    "s3 is text": {**GOOD, "s3": "uploads/a/source"},
    "a bucket that is text": {**GOOD, "s3": {**GOOD["s3"], "bucket": "uploads"}},
    "without a key": changed(key=None),
    "without an ETag": changed(eTag=None),
    "NUL in the key": changed(key="a%00b"),
    "half a surrogate pair": changed(key="a\ud800b"),
    "a negative size": changed(size=-1),
    "a size that is no number": changed(size="large"),
    "an infinite size": changed(size=float("inf")),
    "a size beyond any object": changed(size=2**63),
    "a size that is a list": changed(size=[1]),
}


@pytest.mark.parametrize("record", BAD_RECORDS.values(), ids=BAD_RECORDS.keys())
def test_a_bad_record_is_malformed(record: Any) -> None:
    with pytest.raises(MalformedEvent):
        object_created(body(record))


@pytest.mark.parametrize("record", BAD_RECORDS.values(), ids=BAD_RECORDS.keys())
def test_a_bad_record_fails_alone(record: Any) -> None:
    assert object_created(body(GOOD, record, GOOD)) == [FOUND, FOUND]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{",
        "null",
        "5",
        '"Records"',
        "[]",
        "{}",
        '{"Records": null}',
        '{"Records": {}}',
        '{"Records": "x"}',
        "[" * 100_000,
        '{"Records":' * 50_000,
        "\ufffd\ufffd\0",
        '{"Records": [' + "9" * 5000 + "]}",
    ],
)
def test_what_is_no_event_is_malformed(text: str) -> None:
    with pytest.raises(MalformedEvent):
        object_created(text)


def test_a_size_may_be_absent_and_an_etag_quoted() -> None:
    assert object_created(body(changed(size=None, eTag='"e1"'))) == [ObjectCreated("uploads", "a/source", 0, "e1")]


@pytest.mark.parametrize(
    "name",
    [
        "ObjectRemoved:Delete",
        "s3:ObjectRemoved:Delete",
        "s3:ObjectAccessed:Get",
        "ObjectTagging:Put",
        "s3:ObjectCreatedX:Put",
        "ReducedRedundancyLostObject",
    ],
)
def test_other_kinds_of_events_name_nothing(name: str) -> None:
    assert object_created(body({**GOOD, "eventName": name})) == []


@pytest.mark.parametrize("kind", ["Put", "Post", "Copy", "CompleteMultipartUpload"])
@pytest.mark.parametrize("prefix", ["", "s3:"])
def test_every_way_of_storing_an_object_counts(kind: str, prefix: str) -> None:
    assert object_created(body({**GOOD, "eventName": f"{prefix}ObjectCreated:{kind}"})) == [FOUND]
