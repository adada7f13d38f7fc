"""``Storage`` keeps its promises on every storage. Those that moto cannot keep are in ``test_storage_minio``."""

import dataclasses
import hashlib
import io
from collections.abc import Callable

import pytest

from functions.shared.errors import SourceMissing, SourceSuperseded, StorageRefused, StorageUnavailable
from functions.shared.settings import read_settings
from functions.shared.storage import Storage
from functions.shared.storage_errors import ObjectExists, ObjectMissing
from tests.support.buckets import PART_BYTES, Bucket
from tests.support.deployment import send
from tests.support.ports import free_ports

CONTENT = bytes(range(256))


def test_an_object_is_as_it_was_put(bucket: Bucket) -> None:
    bucket.put(CONTENT, attempt="3")
    info, metadata = bucket.store.head(bucket.name, bucket.key())
    assert (info.key, info.size, info.etag) == (bucket.key(), 256, hashlib.md5(CONTENT).hexdigest())  # noqa: S324
    assert metadata == {"attempt": "3"}
    assert bucket.read(info) == CONTENT


def test_an_object_is_put_once(bucket: Bucket) -> None:
    first = bucket.put(b"first")
    with pytest.raises(ObjectExists):
        bucket.put(b"second")
    assert bucket.read(first) == b"first"


def test_what_is_not_there_is_missing(bucket: Bucket) -> None:
    with pytest.raises(ObjectMissing):
        bucket.store.head(bucket.name, bucket.key())
    with pytest.raises(SourceMissing):
        list(bucket.store.open_range(bucket.name, bucket.key(), "e1", 0))


def test_a_list_holds_what_is_under_the_prefix_and_nothing_else(bucket: Bucket) -> None:
    one, two = bucket.put(b"one", "1.mp4"), bucket.put(b"three", "2 ä+&.mp4")
    found = bucket.store.list_prefix(bucket.name, f"{bucket.folder}/")
    assert [(item.key, item.size, item.etag) for item in found] == [(o.key, o.size, o.etag) for o in (one, two)]
    assert all(item.age_s < 600 for item in found)
    assert [item.key for item in bucket.store.list_prefix(bucket.name, bucket.key("1"))] == [one.key]
    assert bucket.store.list_prefix(bucket.name, bucket.key("3")) == []


@pytest.mark.parametrize("start", [0, 1, 255])
def test_reading_begins_at_the_byte_that_was_asked_for(bucket: Bucket, start: int) -> None:
    assert bucket.read(bucket.put(CONTENT), start) == CONTENT[start:]


def test_another_version_than_the_one_that_was_asked_for_is_superseded(bucket: Bucket) -> None:
    old = bucket.put(b"old version")
    bucket.store.delete(bucket.name, old.key)
    new = bucket.put(b"new")
    for start in (0, 2, 5):
        with pytest.raises(SourceSuperseded):
            bucket.read(old, start)
    assert bucket.read(new) == b"new"


def test_a_place_behind_the_end_is_of_another_version(bucket: Bucket) -> None:
    with pytest.raises(SourceSuperseded):
        bucket.read(bucket.put(b"film"), start=4)


def test_a_deleted_object_is_gone_and_may_be_deleted_again(bucket: Bucket) -> None:
    found = bucket.put()
    for _ in range(2):
        bucket.store.delete(bucket.name, found.key)
        assert bucket.listed() == []
    with pytest.raises(SourceMissing):
        bucket.read(found)


def test_parts_are_an_object_once_they_are_complete(bucket: Bucket) -> None:
    key = bucket.key()
    parts: list[bytes | bytearray] = [bytearray(PART_BYTES), b"the end"]
    upload = bucket.store.begin_upload(bucket.name, key, "video/mp4", {"attempt": "3"})
    etags = [bucket.store.put_part(bucket.name, key, upload, number, part) for number, part in enumerate(parts, 1)]
    assert bucket.store.unfinished_uploads(bucket.name, f"{bucket.folder}/") == [(key, upload)]
    assert bucket.store.unfinished_uploads(bucket.name, f"{bucket.folder}x") == []
    assert bucket.listed() == []
    bucket.store.complete_upload(bucket.name, key, upload, etags)
    info, metadata = bucket.store.head(bucket.name, key)
    assert (info.size, metadata) == (PART_BYTES + 7, {"attempt": "3"})
    assert bucket.read(info, PART_BYTES - 1) == b"\0the end"
    assert bucket.store.unfinished_uploads(bucket.name, bucket.folder) == []


def test_parts_do_not_replace_an_object(bucket: Bucket) -> None:
    found = bucket.put(b"first")
    upload = bucket.store.begin_upload(bucket.name, found.key, "video/mp4")
    etag = bucket.store.put_part(bucket.name, found.key, upload, 1, b"second")
    with pytest.raises(ObjectExists):
        bucket.store.complete_upload(bucket.name, found.key, upload, [etag])
    bucket.store.abort_upload(bucket.name, found.key, upload)
    assert bucket.read(found) == b"first"


def test_a_given_up_upload_leaves_nothing_and_may_be_given_up_again(bucket: Bucket) -> None:
    upload = bucket.store.begin_upload(bucket.name, bucket.key(), "video/mp4")
    bucket.store.put_part(bucket.name, bucket.key(), upload, 1, b"film")
    for _ in range(2):
        bucket.store.abort_upload(bucket.name, bucket.key(), upload)
        assert bucket.store.unfinished_uploads(bucket.name, bucket.folder) == []
    assert bucket.listed() == []


def test_a_large_object_is_put_in_parts_once(bucket: Bucket) -> None:
    def put(content: bytes) -> None:
        body = io.BytesIO(content)
        bucket.store.put_parts_once(bucket.name, bucket.key(), body, "video/mp4", {"attempt": "3"}, PART_BYTES)

    put(bytes(2 * PART_BYTES) + b"end")
    with pytest.raises(ObjectExists):
        put(b"second")
    info, metadata = bucket.store.head(bucket.name, bucket.key())
    assert (info.size, metadata) == (2 * PART_BYTES + 3, {"attempt": "3"})
    assert bucket.store.unfinished_uploads(bucket.name, bucket.folder) == []


def test_a_body_that_breaks_leaves_neither_object_nor_parts(bucket: Bucket) -> None:
    class Breaks(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise RuntimeError("the disk")
            return super().read(size)

    with pytest.raises(RuntimeError, match="the disk"):
        bucket.store.put_parts_once(
            bucket.name, bucket.key(), Breaks(bytes(PART_BYTES + 1)), "video/mp4", {}, PART_BYTES
        )
    assert bucket.store.unfinished_uploads(bucket.name, bucket.folder) == []
    assert bucket.listed() == []


def test_a_download_link_carries_name_and_type_and_takes_ranges(bucket: Bucket) -> None:
    disposition = "attachment; filename=\"a b.mp4\"; filename*=UTF-8''%C3%A4%20b.mp4"
    url = bucket.store.presign_get(bucket.name, bucket.put(CONTENT).key, disposition, "video/quicktime")
    answer = send("GET", url)
    assert (answer.status, answer.body) == (200, CONTENT)
    assert (answer.headers["Content-Disposition"], answer.headers["Content-Type"]) == (disposition, "video/quicktime")
    part = send("GET", url, headers={"Range": "bytes=16-31"})
    assert (part.status, part.body) == (206, CONTENT[16:32])
    assert part.headers["Content-Range"] == "bytes 16-31/256"


def test_a_link_for_head_tells_size_and_etag(bucket: Bucket) -> None:
    found = bucket.put(CONTENT)
    answer = send("HEAD", bucket.store.presign_get(bucket.name, found.key, "inline", "video/mp4", head=True))
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "256", b"")
    assert answer.headers["ETag"].strip('"') == found.etag


def test_an_upload_link_takes_what_was_declared_once(bucket: Bucket) -> None:
    link = bucket.store.presign_put(bucket.name, bucket.key(), "video/mp4", 256, hashlib.sha256(CONTENT).hexdigest())
    assert send("PUT", link.url, CONTENT, link.headers).status == 200
    assert send("PUT", link.url, CONTENT, link.headers).status == 412
    assert bucket.read(bucket.store.head(bucket.name, bucket.key())[0]) == CONTENT
    stored = bucket.store.client.head_object(Bucket=bucket.name, Key=bucket.key())
    assert stored["ContentType"] == "video/mp4"


def test_a_bucket_that_is_not_there_is_a_refusal_and_no_outage(bucket: Bucket) -> None:
    nowhere = dataclasses.replace(bucket, name="nowhere")
    with pytest.raises(StorageRefused):
        nowhere.listed()
    with pytest.raises(StorageRefused):
        nowhere.store.put_once("nowhere", "key", io.BytesIO(b"film"), "video/mp4", {})


OPERATIONS: dict[str, Callable[[Storage], object]] = {
    "head": lambda store: store.head("converted", "key"),
    "list": lambda store: store.list_prefix("converted", ""),
    "read": lambda store: list(store.open_range("converted", "key", "e1", 0)),
    "put": lambda store: store.put_once("converted", "key", io.BytesIO(b"film"), "video/mp4", {}),
    "begin": lambda store: store.begin_upload("converted", "key", "video/mp4"),
    "part": lambda store: store.put_part("converted", "key", "upload", 1, b"film"),
    "complete": lambda store: store.complete_upload("converted", "key", "upload", ['"e1"']),
    "abort": lambda store: store.abort_upload("converted", "key", "upload"),
    "unfinished": lambda store: store.unfinished_uploads("converted", ""),
    "delete": lambda store: store.delete("converted", "key"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_storage_that_does_not_answer_is_unavailable_and_has_refused_nothing(
    moto: dict[str, str], operation: str
) -> None:
    store = closed_storage(moto)
    with pytest.raises(StorageUnavailable) as raised:
        OPERATIONS[operation](store)
    assert not isinstance(raised.value, StorageRefused)
    assert raised.value.__cause__ is not None


def closed_storage(env: dict[str, str]) -> Storage:
    """Storage on a port where nothing listens."""
    return Storage(read_settings({**env, "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_ports(1)[0]}"}))
