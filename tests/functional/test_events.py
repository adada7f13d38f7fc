"""Events exactly as AWS, MinIO and versitygw send them; MinIO's come from the real one, through the real queue."""

import asyncio
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

import nats
import pytest

from functions.shared.events import ObjectCreated, object_created
from functions.shared.wiring import storage
from local import jetstream
from tests.support.clips import Clips
from tests.support.servers import Servers
from tests.support.storage_events import (
    AWS_PUT,
    AWS_TEST_EVENT,
    VERSITYGW_DELETED,
    VERSITYGW_IN_PARTS,
    VERSITYGW_ODD_KEY,
    VERSITYGW_PUT,
    VERSITYGW_TAGGED,
)
from tests.support.world import DONE, World, message

ODD = "größe + 100% &=?#'\"/source"


def aws(**facts: Any) -> str:
    """The documented event with other facts of its object."""
    event = json.loads(AWS_PUT)
    event["Records"][0]["s3"]["object"].update(facts)
    return json.dumps(event)


def test_an_event_of_aws_names_its_object() -> None:
    assert object_created(AWS_PUT) == [
        ObjectCreated("amzn-s3-demo-bucket", "HappyFace.jpg", 1024, "d41d8cd98f00b204e9800998ecf8427e")
    ]


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("red+flower.jpg", "red flower.jpg"),
        ("red%2Bflower.jpg", "red+flower.jpg"),
        ("a%252Fb", "a%2Fb"),
        ("gr%C3%B6%C3%9Fe", "größe"),
        ("%E6%97%A5%E6%9C%AC/source", "日本/source"),
        ("a%26b%3Dc%3Fd%23e", "a&b=c?d#e"),
        ("plain/source", "plain/source"),
        ("100%25", "100%"),
    ],
)
def test_keys_of_aws_are_decoded(sent: str, key: str) -> None:
    assert object_created(aws(key=sent))[0].key == key


def test_the_test_event_of_aws_names_nothing(world: World) -> None:
    assert object_created(AWS_TEST_EVENT) == []
    assert world.handle(message(AWS_TEST_EVENT)) == DONE


def test_every_record_of_an_event_counts() -> None:
    event = json.loads(AWS_PUT)
    event["Records"] = [*event["Records"], *json.loads(aws(key="second"))["Records"]]
    assert [created.key for created in object_created(json.dumps(event))] == ["HappyFace.jpg", "second"]


def test_events_of_versitygw_name_their_objects() -> None:
    assert object_created(VERSITYGW_PUT) == [
        ObjectCreated("uploads", "01928f5e-7c3a-7d6b-9c55-0f2f6b1d2a11/source", 4, "bdbd6db1d8cc09a957e86180fda9442a")
    ]


def test_keys_of_versitygw_are_taken_as_they_are() -> None:
    assert object_created(VERSITYGW_ODD_KEY)[0].key == "a b+c%2Fü&x=1/source"


@pytest.mark.parametrize("event", [VERSITYGW_TAGGED, VERSITYGW_DELETED])
def test_other_events_of_versitygw_name_nothing(event: str) -> None:
    assert object_created(event) == []


def test_an_upload_in_parts_is_converted_although_versitygw_says_it_is_empty(world: World, clips: Clips) -> None:
    created = object_created(VERSITYGW_IN_PARTS)[0]
    assert (created.size, created.etag) == (0, "9affad555af89da9b0bfcd5e45bc93da-1")
    upload = world.upload(clips("h264.mp4"))
    event = VERSITYGW_IN_PARTS.replace("mp/source", upload.key).replace(created.etag, upload.etag)
    assert world.handle(message(event)) == DONE
    row = world.row(upload)
    assert (row["status"], row["source_size"]) == ("Completed", upload.size)


def told_by_minio(servers: Servers, key: str, store: Callable[[str, str], object]) -> list[str]:
    """What MinIO tells the queue when an object is stored: one message for each of its two targets."""
    bucket = servers.desk.settings().uploads_bucket

    async def listen() -> list[str]:
        queue = await nats.connect(servers.desk.nats_url)
        try:
            events = await queue.subscribe(jetstream.STORED)
            await queue.flush()
            await asyncio.to_thread(store, bucket, key)
            told: list[str] = []
            async with asyncio.timeout(30):
                while len(told) < 2:
                    body = (await events.next_msg(timeout=30)).data.decode()
                    told += [body] if json.loads(body)["Key"] == f"{bucket}/{key}" else []
            return told
        finally:
            await queue.close()

    return asyncio.run(listen())


def put(content: bytes) -> Callable[[str, str], object]:
    return lambda bucket, key: storage().client.put_object(Bucket=bucket, Key=key, Body=content)


def in_parts(content: bytes) -> Callable[[str, str], object]:
    return lambda bucket, key: storage().put_parts_once(bucket, key, io.BytesIO(content), "video/mp4", {}, len(content))


def by_copy(content: bytes) -> Callable[[str, str], object]:
    def store(bucket: str, key: str) -> None:
        put(content)(bucket, f"{key}.original")
        storage().client.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": f"{key}.original"})

    return store


@pytest.mark.parametrize(
    ("store", "name"),
    [
        (put(b"film"), "s3:ObjectCreated:Put"),
        (in_parts(b"film"), "s3:ObjectCreated:CompleteMultipartUpload"),
        (by_copy(b"film"), "s3:ObjectCreated:Copy"),
    ],
    ids=["put", "in parts", "by copy"],
)
@pytest.mark.usefixtures("env")
def test_minio_tells_of_every_way_to_store_an_object(
    servers: Servers, store: Callable[[str, str], object], name: str
) -> None:
    key = f"{uuid4()}/source"
    for body in told_by_minio(servers, key, store):
        assert json.loads(body)["EventName"] == name
        bucket = servers.desk.settings().uploads_bucket
        etag = storage().head(bucket, key)[0].etag
        assert object_created(body) == [ObjectCreated(bucket, key, 4, etag)]


@pytest.mark.usefixtures("env")
def test_minio_escapes_keys_and_leaves_out_a_size_of_zero(servers: Servers) -> None:
    key = f"{uuid4()}/{ODD}"
    for body in told_by_minio(servers, key, put(b"")):
        item = json.loads(body)["Records"][0]["s3"]["object"]
        assert item["key"] == quote_plus(key)
        assert "size" not in item
        (created,) = object_created(body)
        assert (created.key, created.size) == (key, 0)


def test_the_real_event_of_an_upload_converts_it_once(world: World, servers: Servers, clips: Clips) -> None:
    content = clips("h264.mp4").read_bytes()
    upload = world.upload(content, stored_path_original=f"{uuid4()}/{ODD}")
    told = told_by_minio(servers, upload.key, put(content))
    assert [world.handle(message(body, f"message-{number}")) for number, body in enumerate(told)] == [DONE, DONE]
    row = world.row(upload)
    assert (row["status"], row["attempt"], world.ffmpeg_runs) == ("Completed", 1, 1)


def test_the_real_event_of_an_empty_object_fails_its_row(world: World, servers: Servers) -> None:
    upload = world.upload(b"")
    (body, _) = told_by_minio(servers, upload.key, put(b""))
    assert world.handle(message(body)) == DONE
    row = world.row(upload)
    assert (row["status"], row["error_code"], row["attempt"]) == ("Failed", "empty_object", 1)
