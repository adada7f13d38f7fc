"""Attempts: which failures cost one, how long the next one waits, and what happens after the last."""

from pathlib import Path

import pytest

from functions.converter import fetch, pipeline, verify
from functions.shared.errors import AttemptsExhausted, StorageUnavailable
from functions.shared.transactions import ATTEMPTS_LIMIT
from tests.support.clips import Clips
from tests.support.world import DONE, Upload, World, fails, message_failed, object_created


@pytest.fixture
def clip(clips: Clips) -> Path:
    return clips("h264_aac.mp4")


def deliver_until_ended(world: World, upload: Upload, limit: int = 10) -> list[float | None]:
    """Deliver the same message as often as the queue would, each time after its delay; the delays wished for."""
    delays: list[float | None] = []
    event = object_created(upload)
    for _ in range(limit):
        if world.handle(event) == DONE or world.dead:
            return delays
        delays.append(world.delay_s)
        world.set_row(upload, "retry_at = now()")
    raise AssertionError(f"delivered {limit} times without an end")


def test_a_transient_failure_is_retried_with_the_promised_delays_and_then_dead_lettered(
    world: World, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clip)
    monkeypatch.setattr(fetch, "fetch", fails(StorageUnavailable("no answer")))
    assert deliver_until_ended(world, upload) == [5.0, 15.0, 60.0, 60.0]
    row = world.row(upload)
    assert (row["status"], row["attempt"], row["error_code"]) == ("Retrying", ATTEMPTS_LIMIT, "storage_unavailable")
    assert world.dead_letter(object_created(upload)) == DONE
    row = world.row(upload)
    assert (row["status"], row["error_code"]) == ("Failed", "storage_unavailable")
    said = "The storage did not answer (no answer). An operator can mend the cause and redrive it."
    assert row["error_reason"] == f"Gave up after 5 attempts. {said}"
    assert world.ffmpeg_runs == 0


def test_while_it_waits_for_its_next_attempt_a_row_says_why(
    world: World, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clip)
    monkeypatch.setattr(fetch, "fetch", fails(StorageUnavailable("no answer")))
    assert world.handle(object_created(upload)) == message_failed()
    row = world.row(upload)
    assert (row["status"], row["attempt"], row["error_code"]) == ("Retrying", 1, "storage_unavailable")
    assert row["error_reason"] == "The storage did not answer (no answer). It is tried again by itself."
    assert row["lease_until"] is None


def test_a_retry_that_succeeds_leaves_no_error_behind(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    with world.patch.context() as patch:
        patch.setattr(fetch, "fetch", fails(StorageUnavailable()))
        world.handle(object_created(upload))
    world.set_row(upload, "retry_at = now()")
    world.handle(object_created(upload))
    row = world.row(upload)
    assert (row["status"], row["attempt"], row["error_code"], row["error_reason"]) == ("Completed", 2, None, None)
    assert row["stored_path_converted"] == f"{upload.transaction_id}/2.mp4"


def test_the_limit_counts_the_rows_attempts_and_not_deliveries(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    world.set_row(upload, f"attempt = {ATTEMPTS_LIMIT}, status = 'Retrying', source_etag = '{upload.etag}'")
    event = object_created(upload, message_id="never seen before")
    assert world.handle(event) == message_failed("never seen before")
    assert world.dead
    assert world.dead_letter(event) == DONE
    row = world.row(upload)
    assert (row["status"], row["error_code"]) == ("Failed", AttemptsExhausted.code)
    assert row["error_reason"] == f"Gave up after 5 attempts. {AttemptsExhausted.words()}"
    assert world.ffmpeg_runs == 0


def test_a_killed_worker_costs_an_attempt_and_its_lease_is_taken_over(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    world.abandon(upload)
    world.set_row(upload, "lease_until = now() - interval '1 second'")
    assert world.handle(object_created(upload)) == DONE
    row = world.row(upload)
    assert (row["status"], row["attempt"]) == ("Completed", 2)


def test_a_dead_letter_leaves_a_row_alone_that_somebody_works_on(world: World, clip: Path) -> None:
    upload = world.upload(clip)
    world.abandon(upload)
    assert world.dead_letter(object_created(upload)) == DONE
    assert world.row(upload)["status"] == "Converting"
    world.set_row(upload, "lease_until = now() - interval '1 second'")
    world.dead_letter(object_created(upload))
    assert world.row(upload)["status"] == "Failed"


@pytest.mark.parametrize("status", ["Completed", "Failed"])
def test_a_dead_letter_leaves_an_ended_row_alone(world: World, clip: Path, status: str) -> None:
    upload = world.upload(clip if status == "Completed" else b"no video")
    world.handle(object_created(upload))
    row = world.row(upload)
    assert row["status"] == status
    assert world.dead_letter(object_created(upload)) == DONE
    assert world.row(upload) == row


def test_an_unexpected_error_is_retried_and_told_without_its_text(
    world: World, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clip)
    monkeypatch.setattr(pipeline, "plan_conversion", fails(ZeroDivisionError("secret path /etc/passwd")))
    assert world.handle(object_created(upload)) == message_failed()
    row = world.row(upload)
    assert (row["status"], row["error_code"]) == ("Retrying", "internal_error")
    assert row["error_reason"] == "An unexpected error occurred while converting. It is tried again by itself."


def test_a_retry_takes_the_options_of_the_day_of_the_upload(world: World, clip: Path) -> None:
    upload = world.upload(clip, options={"preset": "superfast", "crf": 31})
    with world.patch.context() as patch:
        patch.setattr(verify, "verify", fails(StorageUnavailable()))
        world.handle(object_created(upload))
    world.set_row(upload, "retry_at = now(), encoder = 'ffmpeg 8 libx265'")
    world.handle(object_created(upload))
    assert [argv[argv.index("-preset") + 1] for argv in world.commands] == ["superfast", "superfast"]
    assert [argv[argv.index("-crf") + 1] for argv in world.commands] == ["31", "31"]
    row = world.row(upload)
    assert (row["status"], row["encoder"]) == ("Completed", "ffmpeg 8 libx265")
