"""The presigned PUT takes exactly what was declared, once, until it expires: tried with clients that are not boto3."""

import hashlib
import time
import urllib.error
import urllib.request
from typing import Any

import httpx
import pytest

from functions.shared.settings import settings
from local.objectstore import minio_client
from tests.support.declaring import declare
from tests.support.http import Api, environment
from tests.support.waiting import wait_until

CONTENT = b"twelve bytes"
DECLARED = {"filename": "holiday.mov", "content_type": "video/quicktime", "size": len(CONTENT)}


def put(upload: dict[str, Any], content: bytes = CONTENT, changes: dict[str, str] | None = None) -> int:
    """Send the link's request with Python's own client; the status of the answer."""
    headers = upload["headers"] | (changes or {})
    request = urllib.request.Request(upload["url"], content, headers, method=upload["method"])  # noqa: S310
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def upload_of(api: Api, user_id: str, **changes: Any) -> dict[str, Any]:
    answer = declare(api, user_id, DECLARED | changes)
    assert answer.status_code == 200, answer.text
    upload: dict[str, Any] = answer.json()["upload"]
    return upload


def objects_under(upload: dict[str, Any]) -> list[Any]:
    key = upload["url"].partition("?")[0].rpartition(f"/{settings().uploads_bucket}/")[2]
    return list(minio_client(settings()).list_objects(settings().uploads_bucket, key))


def test_what_was_declared_is_stored_and_another_s3_client_reads_it(api: Api, user_id: str) -> None:
    upload = upload_of(api, user_id)
    assert put(upload) == 200
    (stored,) = objects_under(upload)
    client = minio_client(settings())
    fact = client.stat_object(settings().uploads_bucket, stored.object_name)
    assert (fact.size, fact.content_type) == (len(CONTENT), "video/quicktime")
    response = client.get_object(settings().uploads_bucket, stored.object_name)
    assert response.read() == CONTENT
    response.close()


def test_the_link_works_with_any_http_client(api: Api, user_id: str) -> None:
    upload = upload_of(api, user_id)
    response = httpx.request(upload["method"], upload["url"], headers=upload["headers"], content=CONTENT)
    assert response.status_code == 200
    assert response.headers["etag"]


def test_a_link_works_once(api: Api, user_id: str) -> None:
    upload = upload_of(api, user_id)
    assert put(upload) == 200
    assert put(upload) == 412


@pytest.mark.parametrize("content", [CONTENT + b"!", CONTENT[:-1], b"", b"x" * 1000])
def test_another_size_is_refused(api: Api, user_id: str, content: bytes) -> None:
    upload = upload_of(api, user_id)
    assert put(upload, content, {"Content-Length": str(len(content))}) == 403
    assert objects_under(upload) == []


def test_another_type_is_refused(api: Api, user_id: str) -> None:
    upload = upload_of(api, user_id)
    assert put(upload, changes={"Content-Type": "text/html"}) == 403
    assert objects_under(upload) == []


def test_a_declared_checksum_is_checked_by_storage(api: Api, user_id: str) -> None:
    right = upload_of(api, user_id, sha256=hashlib.sha256(CONTENT).hexdigest().upper())
    assert put(right) == 200
    wrong = upload_of(api, user_id, sha256=hashlib.sha256(b"else").hexdigest())
    assert put(wrong) == 400
    assert objects_under(wrong) == []


@pytest.mark.parametrize("header", ["If-None-Match", "x-amz-checksum-sha256"])
def test_no_signed_header_may_be_left_out(api: Api, user_id: str, header: str) -> None:
    upload = upload_of(api, user_id, sha256=hashlib.sha256(CONTENT).hexdigest())
    del upload["headers"][header]
    assert put(upload) in (400, 403)
    assert objects_under(upload) == []


def test_a_link_signs_one_method_and_one_key(api: Api, user_id: str) -> None:
    upload = upload_of(api, user_id)
    assert put(upload | {"method": "GET"}) == 403
    assert put(upload | {"url": upload["url"].replace("/source?", "/other?")}) == 403


def test_an_expired_link_is_refused(user_id: str, api: Api, env: dict[str, str]) -> None:
    with environment({**env, "LINK_TTL_S": "1"}):
        upload = upload_of(api, user_id)
        end = time.strptime(upload["expires_at"], "%Y-%m-%dT%H:%M:%SZ")
        wait_until(lambda: time.gmtime(time.time() - 1) > end, "the end of the link")
        assert put(upload) == 403
        assert objects_under(upload) == []


def test_the_row_and_the_answer_say_when_the_link_ends(api: Api, user_id: str) -> None:
    upload = upload_of(api, user_id)
    signed = httpx.URL(upload["url"]).params
    begun = time.strptime(signed["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    end = time.strptime(upload["expires_at"], "%Y-%m-%dT%H:%M:%SZ")
    assert time.mktime(end) <= time.mktime(begun) + int(signed["X-Amz-Expires"])
