"""The reconciler as a function: lost events and dead workers' rows go into SQS again, and an operator can redrive."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from functions.converter import fetch
from functions.converter.handler import handler as convert
from functions.reconciler.handler import SHAPE, MalformedRequest, handler
from functions.shared.errors import NotAVideo
from functions.shared.events import object_created
from functions.shared.queue import Queue, QueueUnavailable
from functions.shared.settings import SettingsError
from tests.support.aws import Aws
from tests.support.clips import Clips
from tests.support.sqs import LambdaContext, Sqs
from tests.support.world import DONE, Upload, World, fails
from tests.support.world import object_created as event_of

SCHEDULED = {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


@pytest.fixture
def world(make_world: Callable[..., World], queues: Sqs) -> World:
    return make_world(**queues.env)


@pytest.fixture
def clip(clips: Clips) -> Path:
    return clips("h264.mp4")


def failed_upload(world: World, clip: Path) -> Upload:
    upload = world.upload(clip)
    with world.patch.context() as patch:
        patch.setattr(fetch, "fetch", fails(NotAVideo()))
        assert convert(event_of(upload, message_id="first"), LambdaContext()) == DONE
    assert world.row(upload)["status"] == "Failed"
    return upload


def reissued_keys(queues: Sqs) -> list[str]:
    keys: list[str] = []
    while records := queues.receive()["Records"]:
        keys += [json.loads(record["body"])["Key"].partition("/")[2] for record in records]
    return keys


def test_a_killed_sandboxs_row_is_taken_over_after_its_lease_and_the_first_message_changes_nothing_later(
    world: World, queues: Sqs, clip: Path
) -> None:
    upload = world.upload(clip)
    queues.send(event_of(upload)["Records"][0]["body"])
    first = queues.receive()
    world.abandon(upload)
    handler(SCHEDULED, LambdaContext())
    assert upload.key not in reissued_keys(queues)
    past = "now() - interval '1 second'"
    world.set_row(
        upload, f"message_id = '{first['Records'][0]['messageId']}', lease_until = {past}, reconcile_at = {past}"
    )
    handler(SCHEDULED, LambdaContext())
    again = queues.receive()
    mine = [r for r in again["Records"] if object_created(r["body"])[0].key == upload.key]
    assert [r["messageId"] == first["Records"][0]["messageId"] for r in mine] == [False]
    assert convert({"Records": mine}, LambdaContext()) == DONE
    row = world.row(upload)
    assert (row["status"], row["attempt"]) == ("Completed", 2)
    assert convert(first, LambdaContext()) == DONE
    assert (world.row(upload), world.ffmpeg_runs) == (row, 1)


def test_the_first_message_of_a_row_that_another_one_works_on_is_done_with(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    world.abandon(upload)
    assert convert(event_of(upload, message_id="another"), LambdaContext()) == DONE
    assert world.row(upload)["attempt"] == 1


def test_failed_transactions_are_redriven_by_their_ids(world: World, queues: Sqs, clip: Path) -> None:
    upload, running, unknown = failed_upload(world, clip), world.upload(clip), uuid4()
    asked = [str(upload.transaction_id), str(running.transaction_id), str(unknown)]
    answer = handler({"redrive": asked}, LambdaContext())
    assert answer == {
        "redriven": [str(upload.transaction_id)],
        "not_redriven": {
            str(running.transaction_id): "not failed: it is Pending",
            str(unknown): "unknown: there is no such transaction",
        },
        "left": 0,
    }
    event = queues.receive()
    assert convert(event, LambdaContext()) == DONE
    row = world.row(upload)
    assert (row["status"], row["attempt"], row["attempts_base"]) == ("Completed", 2, 1)


def test_all_failed_transactions_are_redriven(world: World, queues: Sqs, clip: Path) -> None:
    uploads = [failed_upload(world, clip), failed_upload(world, clip)]
    answer = handler({"redrive": "all"}, LambdaContext())
    assert {str(upload.transaction_id) for upload in uploads} <= set(answer["redriven"])
    assert {upload.key for upload in uploads} <= set(reissued_keys(queues))


def test_what_time_does_not_allow_is_left_failed_and_counted(world: World, queues: Sqs, clip: Path) -> None:
    upload = failed_upload(world, clip)
    answer = handler({"redrive": [str(upload.transaction_id)]}, LambdaContext(seconds=5))
    assert (answer["redriven"], answer["left"]) == ([], 1)
    assert world.row(upload)["status"] == "Failed"


def test_a_redriven_transaction_whose_event_the_queue_did_not_take_is_sent_by_the_next_pass(
    world: World, queues: Sqs, clip: Path
) -> None:
    upload = failed_upload(world, clip)
    with world.patch.context() as patch:
        patch.setattr(Queue, "send", fails(QueueUnavailable()))
        answer = handler({"redrive": [str(upload.transaction_id)]}, LambdaContext())
    assert answer["redriven"] == [str(upload.transaction_id)]
    assert world.row(upload)["status"] == "Retrying"
    world.set_row(upload, "reconcile_at = 'epoch'")
    handler(SCHEDULED, LambdaContext())
    assert upload.key in reissued_keys(queues)


@pytest.mark.parametrize("asked", ["everything", [], {}, 5, None, ["no id"], [5], [None], "01928f5e"])
def test_a_malformed_request_says_what_is_understood(world: World, asked: object) -> None:
    with pytest.raises(MalformedRequest) as refused:
        handler({"redrive": asked}, LambdaContext())
    assert SHAPE in str(refused.value)


def test_a_missing_queue_is_named_before_any_row_is_touched(make_world: Callable[..., World], clip: Path) -> None:
    world = make_world()
    upload = failed_upload(world, clip)
    with pytest.raises(SettingsError, match=r"^UPLOADS_QUEUE_URL is not set"):
        handler({"redrive": [str(upload.transaction_id)]}, LambdaContext())
    assert world.row(upload)["status"] == "Failed"


def test_a_queue_that_refuses_is_named_with_the_right_that_is_missing(aws: Aws, queues: Sqs) -> None:
    with pytest.raises(QueueUnavailable, match="absent"):
        Queue(f"{queues.url}-absent", "eu-central-1").send("{}")
