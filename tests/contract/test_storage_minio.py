"""Promises of storage that moto cannot keep.

It checks no signature and no checksum of a link, takes no lock on a key, and answers an unknown upload id with a crash.
"""

import hashlib
import http.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from functions.shared.storage import PresignedPut
from functions.shared.storage_errors import ObjectExists, ObjectMissing
from tests.support.buckets import Bucket, request_target
from tests.support.deployment import send
from tests.support.waiting import wait_until

CONTENT = b"twelve bytes"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def link(minio_bucket: Bucket) -> PresignedPut:
    return minio_bucket.store.presign_put(minio_bucket.name, minio_bucket.key(), "video/mp4", len(CONTENT), SHA256)


@pytest.mark.parametrize("header", ["Content-Type", "If-None-Match", "x-amz-checksum-sha256"])
def test_a_link_is_refused_without_any_of_its_headers(minio_bucket: Bucket, link: PresignedPut, header: str) -> None:
    headers = {name: value for name, value in link.headers.items() if name != header}
    assert send("PUT", link.url, CONTENT, headers).status in (400, 403)
    assert minio_bucket.listed() == []


@pytest.mark.parametrize(
    ("header", "value"),
    [("Content-Type", "text/html"), ("If-None-Match", '"e1"'), ("x-amz-checksum-sha256", "A" * 43 + "=")],
)
def test_a_link_is_refused_with_any_header_changed(
    minio_bucket: Bucket, link: PresignedPut, header: str, value: str
) -> None:
    assert send("PUT", link.url, CONTENT, link.headers | {header: value}).status == 403
    assert minio_bucket.listed() == []


@pytest.mark.parametrize("content", [CONTENT + b"!", CONTENT[:-1], b""])
def test_a_link_takes_no_other_size(minio_bucket: Bucket, link: PresignedPut, content: bytes) -> None:
    headers = link.headers | {"Content-Length": str(len(content))}
    assert send("PUT", link.url, content, headers).status == 403
    assert minio_bucket.listed() == []


def test_other_bytes_than_those_of_the_checksum_are_refused(minio_bucket: Bucket, link: PresignedPut) -> None:
    assert send("PUT", link.url, CONTENT[::-1], link.headers).status == 400
    assert minio_bucket.listed() == []


def test_a_download_link_signs_what_it_says(minio_bucket: Bucket) -> None:
    url = minio_bucket.store.presign_get(minio_bucket.name, minio_bucket.put().key, "inline", "video/mp4")
    for signed, other in (("inline", "attachment"), ("film.mp4", "else.mp4"), ("Expires=3600", "Expires=36000")):
        assert signed in url
        assert send("GET", url.replace(signed, other)).status == 403
    assert send("HEAD", url).status == 403
    assert send("GET", url).status == 200


def test_a_link_that_was_used_up_writes_again_only_over_nothing(minio_bucket: Bucket, link: PresignedPut) -> None:
    """Why a conversion records the ETag: after a delete the link works again, until it ends."""
    assert [send("PUT", link.url, CONTENT, link.headers).status for _ in range(2)] == [200, 412]
    minio_bucket.store.delete(minio_bucket.name, minio_bucket.key())
    assert send("PUT", link.url, CONTENT, link.headers).status == 200


def test_of_writes_at_once_one_is_stored(minio_bucket: Bucket) -> None:
    def put(number: int) -> int | None:
        try:
            minio_bucket.put(b"film %d" % number)
        except ObjectExists:
            return None
        return number

    with ThreadPoolExecutor(6) as writers:
        (stored,) = [number for number in writers.map(put, range(6)) if number is not None]
    info, _ = minio_bucket.store.head(minio_bucket.name, minio_bucket.key())
    assert minio_bucket.read(info) == b"film %d" % stored


@contextmanager
def half_sent(link: PresignedPut) -> Iterator[http.client.HTTPConnection]:
    """An upload whose second half is still to come."""
    connection = http.client.HTTPConnection(urlsplit(link.url).netloc, timeout=60)
    try:
        connection.putrequest("PUT", request_target(link.url))
        for name, value in link.headers.items():
            connection.putheader(name, value)
        connection.endheaders(CONTENT[:6])
        yield connection
    finally:
        connection.close()


def test_a_list_is_not_held_up_by_an_upload_under_way(minio_bucket: Bucket, link: PresignedPut) -> None:
    key = minio_bucket.key()
    url = minio_bucket.store.presign_get(minio_bucket.name, key, "inline", "video/mp4", head=True)

    def held_up() -> bool:
        asking = http.client.HTTPConnection(urlsplit(url).netloc, timeout=1)
        try:
            asking.request("HEAD", request_target(url))
            asking.getresponse()
        except TimeoutError:
            return True
        finally:
            asking.close()
        return False

    with half_sent(link) as connection:
        wait_until(held_up, "the upload to hold up reads of its key")
        assert minio_bucket.listed() == []
        connection.send(CONTENT[6:])
        assert connection.getresponse().status == 200
    assert minio_bucket.listed() == [key]


def test_an_upload_that_was_cut_leaves_nothing_and_the_link_still_works(
    minio_bucket: Bucket, link: PresignedPut
) -> None:
    with half_sent(link):
        pass
    assert wait_until(lambda: send("PUT", link.url, CONTENT, link.headers).status == 200, "the cut upload's end")
    assert minio_bucket.listed() == [minio_bucket.key()]


def test_parts_of_an_unknown_upload_are_missing(minio_bucket: Bucket) -> None:
    name, key = minio_bucket.name, minio_bucket.key()
    upload = minio_bucket.store.begin_upload(name, key, "video/mp4")
    etag = minio_bucket.store.put_part(name, key, upload, 1, b"film")
    minio_bucket.store.abort_upload(name, key, upload)
    with pytest.raises(ObjectMissing):
        minio_bucket.store.put_part(name, key, upload, 1, b"film")
    with pytest.raises(ObjectMissing):
        minio_bucket.store.complete_upload(name, key, upload, [etag])
