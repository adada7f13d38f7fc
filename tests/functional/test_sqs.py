"""The handler on SQS: a failed record is shown again when its retry is due, a dead one goes to the other queue."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from functions.converter import fetch, sqs
from functions.converter.handler import handler
from functions.converter.sqs import crash_delay_s
from functions.shared.errors import DatabaseUnavailable, StorageUnavailable
from functions.shared.queue import Queue
from functions.shared.settings import settings
from functions.shared.transactions import ATTEMPTS_LIMIT
from functions.shared.upkeep import Upkeep
from functions.shared.wiring import transactions
from tests.support.aws import Aws
from tests.support.clips import Clips
from tests.support.sqs import LambdaContext, Sqs
from tests.support.waiting import wait_until
from tests.support.world import DONE, Event, Upload, World, fails, message_failed, object_created, record_of


@pytest.fixture
def world(make_world: Callable[..., World], queues: Sqs) -> World:
    return make_world(**queues.env)


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What visibility was asked for; it is set as well."""
    asked: list[int] = []
    real = Queue.set_visibility

    def noted(self: Queue, receipt_handle: str, seconds: int) -> None:
        asked.append(seconds)
        real(self, receipt_handle, seconds)

    monkeypatch.setattr(Queue, "set_visibility", noted)
    return asked


@pytest.fixture
def clip(clips: Clips) -> Path:
    return clips("h264.mp4")


def body_of(*uploads: Upload) -> str:
    return json.dumps({"Records": [record_of(upload) for upload in uploads]})


def failed(event: Event) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}


def deliver(queues: Sqs) -> tuple[Event, dict[str, Any]]:
    event = queues.receive()
    assert event["Records"]
    return event, handler(event, LambdaContext())


def test_a_message_of_the_queue_is_converted(world: World, queues: Sqs, clip: Path) -> None:
    upload = world.upload(clip)
    queues.send(body_of(upload))
    assert deliver(queues)[1] == DONE
    assert world.row(upload)["status"] == "Completed"


def test_a_retryable_failure_comes_back_when_its_retry_is_due_and_not_when_the_queue_would_show_it(
    world: World, queues: Sqs, clip: Path, monkeypatch: pytest.MonkeyPatch, delays: list[int]
) -> None:
    upload = world.upload(clip)
    queues.send(body_of(upload))
    with monkeypatch.context() as patch:
        patch.setattr(fetch, "fetch", fails(StorageUnavailable()))
        event, answer = deliver(queues)
    assert answer == failed(event)
    assert delays == [5]
    assert queues.receive()["Records"] == []
    again = wait_until(lambda: (got := queues.receive())["Records"] and got, "the record", 30)
    assert handler(again, LambdaContext()) == DONE
    row = world.row(upload)
    assert (row["status"], row["attempt"]) == ("Completed", 2)


def test_the_last_attempt_puts_the_message_aside_and_is_done_with_it(
    world: World, queues: Sqs, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clip)
    world.set_row(upload, f"attempt = {ATTEMPTS_LIMIT - 1}")
    monkeypatch.setattr(fetch, "fetch", fails(StorageUnavailable("no answer")))
    queues.send(body_of(upload))
    assert deliver(queues)[1] == DONE
    (letter,) = queues.dead()
    assert letter == body_of(upload)
    assert world.dead_letter({"Records": [{"messageId": "letter", "body": letter}]}) == DONE
    row = world.row(upload)
    assert (row["status"], row["error_code"]) == ("Failed", "storage_unavailable")


def test_a_message_that_cannot_be_put_aside_is_kept(
    make_world: Callable[..., World], aws: Aws, queues: Sqs, clip: Path, delays: list[int]
) -> None:
    gone = {"UPLOADS_QUEUE_URL": queues.url, "DEAD_LETTER_QUEUE_URL": f"{queues.dead_url}-gone"}
    world = make_world(**aws.env, **gone, S3_REGION="eu-central-1")
    upload = world.upload(clip)
    world.set_row(upload, f"attempt = {ATTEMPTS_LIMIT}, status = 'Retrying', source_etag = '{upload.etag}'")
    queues.send(body_of(upload))
    event, answer = deliver(queues)
    assert answer == failed(event)
    assert delays == [15]


def test_a_record_that_no_row_could_be_read_for_comes_back_later_each_time(
    world: World, queues: Sqs, clip: Path, monkeypatch: pytest.MonkeyPatch, delays: list[int]
) -> None:
    upload = world.upload(clip)
    queues.send(body_of(upload))
    with monkeypatch.context() as patch:
        patch.setattr(transactions(), "claim", fails(DatabaseUnavailable()))
        for _ in range(3):
            event, answer = deliver(queues)
            assert answer == failed(event)
            queues.show(event)
    assert delays == [15, 30, 60]
    assert deliver(queues)[1] == DONE
    assert world.row(upload)["status"] == "Completed"


def test_pauses_after_crashes_double_up_to_a_quarter_of_an_hour() -> None:
    assert [crash_delay_s(n) for n in (0, 1, 2, 6, 7, 8, 1000)] == [15, 15, 30, 480, 900, 900, 900]


def test_a_delay_is_whole_seconds_of_at_most_twelve_hours(world: World, queues: Sqs, delays: list[int]) -> None:
    queues.send("{}")
    (record,) = queues.receive()["Records"]
    for delay_s in (0.0, 0.2, 4.01, 1e9, -3):
        sqs.SqsRedelivery().later(record, delay_s)
    assert delays == [0, 1, 5, 43_200, 0]


def test_a_failure_is_reported_even_if_its_delay_cannot_be_set(
    make_world: Callable[..., World], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()  # no UPLOADS_QUEUE_URL
    upload = world.upload(clip)
    monkeypatch.setattr(fetch, "fetch", fails(StorageUnavailable()))
    event = object_created(upload)
    assert handler(event, LambdaContext()) == failed(event)
    assert world.row(upload)["status"] == "Retrying"


def test_one_bad_record_fails_alone(world: World, queues: Sqs, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = world.upload(clip), world.upload(clip)
    real = fetch.fetch

    def fetch_one(source: Any, *args: Any) -> Any:
        if source.key == bad.key:
            raise StorageUnavailable
        return real(source, *args)

    monkeypatch.setattr(fetch, "fetch", fetch_one)
    queues.send(body_of(good), body_of(bad), "no event at all", '{"Event": "s3:TestEvent", "Bucket": "uploads"}')
    event = queues.receive()
    assert len(event["Records"]) == 4
    (only,) = handler(event, LambdaContext())["batchItemFailures"]
    assert [r["body"] for r in event["Records"] if r["messageId"] == only["itemIdentifier"]] == [body_of(bad)]
    assert (world.row(good)["status"], world.row(bad)["status"]) == ("Completed", "Retrying")


def test_several_objects_in_one_record_share_its_way(
    world: World, queues: Sqs, clip: Path, monkeypatch: pytest.MonkeyPatch, delays: list[int]
) -> None:
    """One that used up its attempts does not take the other one, which waits for its next, with it."""
    spent, waiting, good = world.upload(clip), world.upload(clip), world.upload(clip)
    world.set_row(spent, f"attempt = {ATTEMPTS_LIMIT}, status = 'Retrying', source_etag = '{spent.etag}'")
    real = fetch.fetch

    def fetch_one(source: Any, *args: Any) -> Any:
        if source.key == waiting.key:
            raise StorageUnavailable
        return real(source, *args)

    queues.send(body_of(spent, waiting, good))
    with monkeypatch.context() as patch:
        patch.setattr(fetch, "fetch", fetch_one)
        event, answer = deliver(queues)
    assert answer == failed(event)
    assert delays == [5]
    assert queues.dead() == []
    assert world.row(good)["status"] == "Completed"
    world.set_row(waiting, "retry_at = now()")
    queues.show(event)
    assert deliver(queues)[1] == DONE
    assert world.row(waiting)["status"] == "Completed"
    assert len(queues.dead()) == 1


@pytest.mark.parametrize("name", ["ObjectCreated:Put", "s3:ObjectCreated:Put", "ObjectCreated:CompleteMultipartUpload"])
def test_a_key_is_decoded_and_the_prefix_of_the_name_may_be_missing(world: World, clip: Path, name: str) -> None:
    upload = world.upload(clip, stored_path_original=f"{uuid4()}/größe + 100%/source")
    record = record_of(upload) | {"eventName": name}
    assert "+%2B+100%25" in record["s3"]["object"]["key"]
    event = object_created(upload)
    event["Records"][0]["body"] = json.dumps({"Records": [record]})
    assert handler(event, LambdaContext()) == DONE
    assert world.row(upload)["status"] == "Completed"


def test_a_result_never_starts_a_conversion(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    handler(object_created(upload), LambdaContext())
    row = world.row(upload)
    runs = world.ffmpeg_runs
    for bucket, key in (
        (settings().converted_bucket, row["stored_path_converted"]),
        (settings().converted_bucket, upload.key),
        (settings().uploads_bucket, row["stored_path_converted"]),
        (settings().uploads_bucket, f"elsewhere/{upload.key}"),
        ("another-bucket", upload.key),
    ):
        forged = Upload(upload.transaction_id, upload.user_id, bucket, key, upload.size, "another-version")
        assert handler(object_created(forged, message_id=f"{bucket}/{key}"), LambdaContext()) == DONE
    assert world.ffmpeg_runs == runs
    assert world.row(upload) == row


def test_a_dead_letter_that_cannot_be_written_stays_in_its_queue_alone(
    world: World, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dead letters come ten at a time."""
    uploads = [world.upload(clip), world.upload(clip)]
    letters = [object_created(upload, message_id=f"letter-{n}")["Records"][0] for n, upload in enumerate(uploads)]
    real = Upkeep.dead_letter

    def write_one(self: Upkeep, bucket: str, key: str, *args: str) -> bool:
        if key == uploads[0].key:
            raise DatabaseUnavailable
        return real(self, bucket, key, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Upkeep, "dead_letter", write_one)
        assert world.dead_letter({"Records": letters}) == message_failed("letter-0")
    assert [world.row(upload)["status"] for upload in uploads] == ["Pending", "Failed"]
    assert world.dead_letter({"Records": letters}) == DONE
    assert [world.row(upload)["status"] for upload in uploads] == ["Failed", "Failed"]
