"""Everything is delivered twice, in parallel and out of order; the event is a hint and the row decides."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from functions.converter import fetch, rendering
from functions.converter.encode import Encoded, encode
from functions.converter.handler import converter, handler
from functions.shared.errors import DatabaseUnavailable, StorageUnavailable
from local.delivery import Context
from tests.support.clips import Clips
from tests.support.tracks import video_track
from tests.support.world import DONE, Upload, World, fails, message, message_failed, object_created, objects_of

ODD_KEYS = [
    "with space/source",
    "a+b/source",
    "100%/source",
    "%2F/source",
    "größe/source",
    "日本語/source",
    "a&b=c?d#e/source",
    "'quoted\"/source",
    "-rf/source",
    "concat:a|b/source",
    "%d.mp4",
    "..%2f..%2fetc/passwd",
    "right\u202eto left/source",
    "/".join(["long" * 50] * 4),
]


@pytest.fixture
def clip(clips: Clips) -> Path:
    return clips("h264_aac.mp4")


def test_an_event_becomes_a_film(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    assert world.handle(object_created(upload)) == DONE
    row = world.row(upload)
    assert (row["status"], row["attempt"], row["error_code"], row["error_reason"]) == ("Completed", 1, None, None)
    assert row["progress"] == {"stage": "done", "percent": 100.0}
    assert row["worker"] == "worker-1"
    assert row["lease_until"] is None
    assert row["stored_path_converted"] == f"{upload.transaction_id}/1.mp4"
    assert world.outputs(upload) == objects_of(row)
    assert video_track(world.result(row)).tag == "hvc1"
    assert world.leftovers() == []


def test_redelivery_after_publish_encodes_nothing(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    event = object_created(upload)
    world.handle(event)
    row = world.row(upload)
    assert world.handle(event) == DONE
    assert world.ffmpeg_runs == 1
    assert world.row(upload) == row


def test_another_event_for_the_same_object_encodes_nothing(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    world.handle(object_created(upload, message_id="fast"))
    assert world.handle(object_created(upload, message_id="sure")) == DONE
    assert world.ffmpeg_runs == 1


def test_an_event_after_a_failure_changes_nothing(world: World) -> None:
    upload = world.upload(b"not a video at all")
    world.handle(object_created(upload))
    row = world.row(upload)
    assert row["status"] == "Failed"
    assert world.handle(object_created(upload, message_id="late")) == DONE
    assert world.row(upload) == row


def test_a_duplicate_during_a_live_lease_is_acknowledged(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    duplicates: list[Any] = []
    with_event_meanwhile(world, lambda: duplicates.append(world.handle(object_created(upload, message_id="twin"))))
    world.handle(object_created(upload))
    assert duplicates == [DONE]
    assert (world.ffmpeg_runs, world.row(upload)["attempt"]) == (1, 1)


def test_the_same_message_during_its_own_lease_is_given_back_for_the_rest_of_it(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    seen: list[Any] = []

    def again() -> None:
        context = Context()
        seen.append((world.handle(object_created(upload), context), context.redelivery.delay_s))

    with_event_meanwhile(world, again)
    world.handle(object_created(upload))
    ((answer, delay_s),) = seen
    assert answer == message_failed()
    assert 0 < delay_s <= converter().deps.settings.lease_s
    assert (world.ffmpeg_runs, world.row(upload)["attempt"]) == (1, 1)


def with_event_meanwhile(world: World, meanwhile: Callable[[], object]) -> None:
    """Let something happen while the encode of the next event runs."""

    def encode_and_meanwhile(*args: Any) -> Encoded:
        world.patch.setattr(rendering, "encode", encode)
        meanwhile()
        return encode(*args)

    world.patch.setattr(rendering, "encode", encode_and_meanwhile)


def test_a_message_that_comes_back_before_its_retry_delay_is_over_waits_for_the_rest(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    with world.patch.context() as patch:
        patch.setattr(fetch, "fetch", fails(StorageUnavailable()))
        world.handle(object_created(upload))
    assert world.handle(object_created(upload)) == message_failed()
    assert world.delay_s is not None
    assert 0 < world.delay_s <= 5
    assert world.row(upload)["attempt"] == 1


def test_parallel_deliveries_of_one_event_make_one_encode(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    together = threading.Barrier(8)

    def deliver(number: int) -> Any:
        together.wait(10)
        return world.handle(object_created(upload, message_id=f"message-{number}"), Context())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(deliver, range(8)))
    assert answers == [DONE] * 8
    row = world.row(upload)
    assert (row["status"], row["attempt"], world.ffmpeg_runs) == ("Completed", 1, 1)
    assert world.outputs(upload) == objects_of(row)


def test_different_uploads_are_converted_side_by_side(world: World, clip: Path) -> None:
    uploads = [world.upload(clip) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        events = [object_created(upload, message_id=upload.key) for upload in uploads]
        assert list(pool.map(lambda event: world.handle(event, Context()), events)) == [DONE] * 3
    assert [world.row(upload)["status"] for upload in uploads] == ["Completed"] * 3
    assert world.ffmpeg_runs == 3


def test_all_objects_of_one_message_are_converted(world: World, clip: Path) -> None:
    uploads = [world.upload(clip), world.upload(b"no video"), world.upload(clip)]
    assert world.handle(object_created(*uploads)) == DONE
    assert [world.row(upload)["status"] for upload in uploads] == ["Completed", "Failed", "Completed"]


def test_events_of_others_are_dropped(world: World, clip: Path) -> None:
    known = world.upload(clip)
    strangers = [
        Upload(known.transaction_id, known.user_id, known.bucket, "unknown/source", 5, "e1"),
        Upload(known.transaction_id, known.user_id, "somebodys-bucket", known.key, 5, known.etag),
        Upload(known.transaction_id, known.user_id, "converted", known.key, 5, known.etag),
        Upload(known.transaction_id, known.user_id, known.bucket, f"doctor/{known.key}", 5, "e1"),
        Upload(known.transaction_id, known.user_id, known.bucket, "", 5, "e1"),
        Upload(known.transaction_id, known.user_id, known.bucket, known.key + "/", 5, "e1"),
    ]
    before = world.row(known)
    for stranger in strangers:
        assert world.handle(object_created(stranger)) == DONE
    assert world.row(known) == before
    assert world.ffmpeg_runs == 0


def test_a_key_under_doctor_is_dropped_even_if_a_row_has_it(world: World, clip: Path) -> None:
    upload = world.upload(clip, stored_path_original="doctor/source")
    assert world.handle(object_created(upload)) == DONE
    assert world.row(upload)["status"] == "Pending"


@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_key_with_odd_characters_finds_its_row(world: World, key: str) -> None:
    unique = f"{key}/{world.scratch.parent.name}"
    upload = world.upload(b"not a video", stored_path_original=unique)
    assert world.handle(object_created(upload)) == DONE
    assert world.row(upload)["error_code"] == "not_a_video"


def test_an_event_that_comes_after_the_row_expired_revives_it(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    world.set_row(upload, "status = 'Expired'")
    world.handle(object_created(upload))
    assert world.row(upload)["status"] == "Completed"


def test_an_event_of_another_version_of_the_object_changes_nothing(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    world.handle(object_created(upload))
    replaced = world.put(upload, b"another film")
    row = world.row(upload)
    assert world.handle(object_created(replaced, message_id="second")) == DONE
    assert world.row(upload) == row
    assert world.ffmpeg_runs == 1


def test_an_object_that_was_replaced_before_it_was_read_ends_the_row(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    world.put(upload, b"another film")
    assert world.handle(object_created(upload)) == DONE
    row = world.row(upload)
    assert (row["status"], row["error_code"], row["attempt"]) == ("Failed", "source_superseded", 1)


def test_an_object_that_is_gone_ends_the_row(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    converter().deps.storage.delete(upload.bucket, upload.key)
    world.handle(object_created(upload))
    assert world.row(upload)["error_code"] == "source_missing"


@pytest.mark.parametrize("body", ["", "{", "[]", '{"Records": [{}]}', "\ufffd", '{"Records": [{"eventName": 5}]}'])
def test_a_malformed_event_is_put_away_and_never_comes_back(world: World, body: str) -> None:
    assert world.handle(message(body)) == DONE
    assert world.dead_letter(message(body)) == DONE


def test_a_record_that_fails_does_not_take_others_along(
    world: World, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = world.upload(clip), world.upload(clip)
    claim = converter().deps.transactions.claim

    def claim_one(source: Any, *args: Any) -> Any:
        if source.key == bad.key:
            raise DatabaseUnavailable
        return claim(source, *args)

    monkeypatch.setattr(converter().deps.transactions, "claim", claim_one)
    records = [object_created(upload, message_id=upload.key)["Records"][0] for upload in (bad, good)]
    assert world.handle({"Records": records}) == message_failed(bad.key)
    assert world.row(good)["status"] == "Completed"
    assert world.row(bad)["status"] == "Pending"


class LambdaContext:
    """What AWS Lambda hands over, as far as the handler looks at it: no clock, no way to wish anything."""

    def get_remaining_time_in_millis(self) -> int:
        return 600_000


def test_a_context_like_lambdas_converts_and_leaves_a_failed_record_to_the_queue(world: World, clip: Path) -> None:
    upload, lost = world.upload(clip), world.upload(clip)
    assert handler(object_created(upload), LambdaContext()) == DONE
    assert world.row(upload)["status"] == "Completed"
    world.set_row(lost, "status = 'Retrying', retry_at = now() + interval '1 hour', message_id = 'message-1'")
    assert handler(object_created(lost), LambdaContext()) == message_failed()
