"""What ``Storage`` writes and signs, clients use that are not boto3: the ``minio`` SDK, urllib and http.client."""

import http.client
import io
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from minio import Minio, S3Error

from functions.shared.errors import SourceMissing, SourceSuperseded
from functions.shared.storage import PresignedPut
from functions.shared.storage_errors import ObjectExists, ObjectMissing
from local.objectstore import minio_client
from tests.support.buckets import PART_BYTES, Bucket, request_target

CONTENT = bytes(range(256))
PARTS = bytes(PART_BYTES) + b"the end"


@pytest.fixture
def other(bucket: Bucket) -> Minio:
    """The second client, with the keys of the first."""
    return minio_client(bucket.settings)


def read_with(other: Minio, bucket: Bucket) -> bytes:
    response = other.get_object(bucket.name, bucket.key())
    try:
        return response.read()
    finally:
        response.close()
        response.release_conn()


def test_the_second_client_reads_what_storage_wrote(bucket: Bucket, other: Minio) -> None:
    info = bucket.put(CONTENT, attempt="3")
    fact = other.stat_object(bucket.name, bucket.key())
    assert (fact.size, fact.etag, fact.content_type) == (info.size, info.etag, "video/mp4")
    assert fact.metadata is not None
    assert fact.metadata["x-amz-meta-attempt"] == "3"
    assert read_with(other, bucket) == CONTENT


def test_the_second_client_reads_what_storage_wrote_in_parts(bucket: Bucket, other: Minio) -> None:
    bucket.store.put_parts_once(bucket.name, bucket.key(), io.BytesIO(PARTS), "video/mp4", {"attempt": "3"}, PART_BYTES)
    fact = other.stat_object(bucket.name, bucket.key())
    assert fact.etag == bucket.store.head(bucket.name, bucket.key())[0].etag
    assert fact.content_type == "video/mp4"
    assert read_with(other, bucket) == PARTS


@pytest.mark.parametrize("content", [CONTENT, PARTS, b""], ids=["single", "parts", "empty"])
def test_storage_reads_what_the_second_client_wrote(bucket: Bucket, other: Minio, content: bytes) -> None:
    written = other.put_object(
        bucket.name, bucket.key(), io.BytesIO(content), len(content), metadata={"attempt": "4"}, part_size=PART_BYTES
    )
    info, metadata = bucket.store.head(bucket.name, bucket.key())
    assert (info.size, info.etag, metadata) == (len(content), (written.etag or "").strip('"'), {"attempt": "4"})
    (listed,) = bucket.store.list_prefix(bucket.name, bucket.key())
    assert (listed.size, listed.etag) == (info.size, info.etag)
    if content:
        assert bucket.read(info, 1) == content[1:]


def test_the_same_bytes_have_the_same_etag_from_both(bucket: Bucket, other: Minio) -> None:
    ours = bucket.put(CONTENT, "ours.mp4")
    theirs = other.put_object(bucket.name, bucket.key("theirs.mp4"), io.BytesIO(CONTENT), len(CONTENT))
    assert (theirs.etag or "").strip('"') == ours.etag
    assert {item.etag for item in bucket.store.list_prefix(bucket.name, bucket.folder)} == {ours.etag}


def test_storage_does_not_write_over_what_the_second_client_wrote(bucket: Bucket, other: Minio) -> None:
    other.put_object(bucket.name, bucket.key(), io.BytesIO(b"theirs"), 6)
    with pytest.raises(ObjectExists):
        bucket.put(b"ours")
    with pytest.raises(ObjectExists):
        bucket.store.put_parts_once(bucket.name, bucket.key(), io.BytesIO(b"ours"), "video/mp4", {}, PART_BYTES)
    assert read_with(other, bucket) == b"theirs"


def test_an_object_that_the_second_client_replaced_is_superseded_and_one_it_removed_missing(
    bucket: Bucket, other: Minio
) -> None:
    info = bucket.put(CONTENT)
    other.put_object(bucket.name, bucket.key(), io.BytesIO(CONTENT[::-1]), len(CONTENT))
    with pytest.raises(SourceSuperseded):
        bucket.read(info)
    other.remove_object(bucket.name, bucket.key())
    with pytest.raises(SourceMissing):
        bucket.read(info)
    with pytest.raises(ObjectMissing):
        bucket.store.head(bucket.name, bucket.key())


def test_what_storage_deleted_is_gone_for_the_second_client(bucket: Bucket, other: Minio) -> None:
    bucket.store.delete(bucket.name, bucket.put().key)
    with pytest.raises(S3Error) as raised:
        other.stat_object(bucket.name, bucket.key())
    assert raised.value.code == "NoSuchKey"


@pytest.fixture
def link(bucket: Bucket) -> PresignedPut:
    return bucket.store.presign_put(bucket.name, bucket.key(), "video/mp4", len(CONTENT), None)


def test_links_work_with_urllib(bucket: Bucket, other: Minio, link: PresignedPut) -> None:
    request = urllib.request.Request(link.url, CONTENT, link.headers, method="PUT")  # noqa: S310
    with urllib.request.urlopen(request) as stored:  # noqa: S310
        assert stored.headers["ETag"].strip('"') == other.stat_object(bucket.name, bucket.key()).etag
    with pytest.raises(urllib.error.HTTPError, match="412"):
        urllib.request.urlopen(request)  # noqa: S310
    url = bucket.store.presign_get(bucket.name, bucket.key(), "inline", "video/mp4")
    with urllib.request.urlopen(url) as answer:  # noqa: S310
        assert answer.read() == CONTENT == read_with(other, bucket)


def test_links_work_with_http_client(bucket: Bucket, other: Minio, link: PresignedPut) -> None:
    connection = http.client.HTTPConnection(urlsplit(link.url).netloc, timeout=60)
    try:
        connection.request("PUT", request_target(link.url), CONTENT, link.headers)
        stored = connection.getresponse()
        assert (stored.status, stored.read()) == (200, b"")
        connection.request(
            "GET", request_target(bucket.store.presign_get(bucket.name, bucket.key(), "inline", "video/mp4"))
        )
        assert connection.getresponse().read() == CONTENT == read_with(other, bucket)
    finally:
        connection.close()
