"""A lease shows progress while it is kept, and an attempt that lost it changes nothing."""

import threading
from pathlib import Path
from typing import Any

import pytest

from functions.converter import fetch, pipeline
from functions.converter import process as processes
from functions.converter.deliver import deliver as deliver_it
from functions.converter.handler import converter
from functions.shared.errors import DatabaseUnavailable, NotAVideo, StorageUnavailable, WorkerStopping
from functions.shared.transactions import ATTEMPTS_LIMIT
from tests.support.clips import Clips
from tests.support.waiting import wait_until
from tests.support.world import DEAD_WORKER, Upload, World, fails, message_failed, object_created


@pytest.fixture
def clip(clips: Clips) -> Path:
    return clips("h264_aac.mp4")


def take_over(world: World, upload: Upload) -> None:
    """Another worker finds the lease expired and claims the row."""
    world.set_row(upload, "lease_until = now() - interval '1 second'")
    world.abandon(upload)


def test_an_attempt_that_was_taken_over_before_its_commit_changes_nothing_and_removes_its_output(
    world: World, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clip)

    def deliver_then_lose(*args: Any) -> Any:
        delivery = deliver_it(*args)
        assert world.outputs(upload) == sorted(delivery.keys)
        assert delivery.result.key in delivery.keys
        take_over(world, upload)
        return delivery

    monkeypatch.setattr(pipeline, "deliver", deliver_then_lose)
    assert world.handle(object_created(upload)) == message_failed()
    row = world.row(upload)
    assert (row["status"], row["attempt"], row["worker"]) == ("Converting", 2, DEAD_WORKER)
    assert row["stored_path_converted"] is None
    assert world.outputs(upload) == []
    assert world.leftovers() == []


@pytest.mark.parametrize("error", [StorageUnavailable(), NotAVideo()])
def test_a_stale_attempt_that_fails_does_not_write_its_failure(
    world: World, clip: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    upload = world.upload(clip)

    def lose_and_fail(*_: Any) -> Any:
        take_over(world, upload)
        raise error

    monkeypatch.setattr(fetch, "fetch", lose_and_fail)
    world.handle(object_created(upload))
    row = world.row(upload)
    assert (row["status"], row["attempt"], row["error_code"]) == ("Converting", 2, None)


def test_a_stale_encode_ends_when_it_hears_of_it(world: World, clips: Clips) -> None:
    world.pace(1)
    upload = world.upload(clips("twenty_seconds.mp4"))

    def lose() -> None:
        world.wait_for_stage(upload, "encode")
        take_over(world, upload)

    lost = threading.Thread(target=lose)
    lost.start()
    assert world.handle(object_created(upload)) == message_failed()
    lost.join(30)
    row = world.row(upload)
    assert (row["status"], row["attempt"], row["worker"]) == ("Converting", 2, DEAD_WORKER)
    assert world.outputs(upload) == []
    assert world.leftovers() == []


def test_a_stopping_worker_gives_the_attempt_back_without_counting_it(world: World, clips: Clips) -> None:
    world.pace(1)
    upload = world.upload(clips("twenty_seconds.mp4"))

    def stop_worker() -> None:
        world.wait_for_stage(upload, "encode")
        converter().stopping.set()

    stop = threading.Thread(target=stop_worker)
    stop.start()
    assert world.handle(object_created(upload)) == message_failed()
    stop.join(30)
    assert world.delay_s == 0
    row = world.row(upload)
    assert (row["status"], row["error_code"]) == ("Retrying", WorkerStopping.code)
    assert (row["attempt"], row["attempts_base"]) == (1, 1)
    assert world.leftovers() == []


def test_an_attempt_that_is_given_back_on_the_last_one_is_not_dead_lettered(
    world: World, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clip)
    world.set_row(upload, f"attempt = {ATTEMPTS_LIMIT - 1}")
    monkeypatch.setattr(fetch, "fetch", fails(WorkerStopping()))
    world.handle(object_created(upload))
    assert not world.dead
    monkeypatch.undo()
    world.handle(object_created(upload))
    assert world.row(upload)["status"] == "Completed"


def test_progress_rises_and_reaches_100_only_when_completed(world: World, clips: Clips) -> None:
    world.pace(2.5)
    upload = world.upload(clips("twenty_seconds.mp4"))
    seen: list[tuple[str, float]] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            row = world.row(upload)
            if row["progress"]:
                seen.append((row["status"], row["progress"]["percent"]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    world.handle(object_created(upload))
    ended.set()
    watcher.join(10)
    percents = [percent for status, percent in seen if status == "Converting"]
    assert percents == sorted(percents)
    assert max(percents) < 100
    assert len({percent for percent in percents if percent > 0}) >= 5
    assert world.row(upload)["progress"]["percent"] == 100


def test_progress_tells_speed_and_time_left(world: World, clips: Clips) -> None:
    world.pace(4)
    upload = world.upload(clips("twenty_seconds.mp4"))
    shown: list[dict[str, Any]] = []

    def watch() -> None:
        wait_until(lambda: (world.row(upload)["progress"] or {}).get("speed"), "an encode under way")
        shown.append(world.row(upload)["progress"])

    watcher = threading.Thread(target=watch)
    watcher.start()
    world.handle(object_created(upload))
    watcher.join(60)
    (progress,) = shown
    assert progress["stage"] == "encode"
    assert progress["fps"] > 0
    assert progress["eta_s"] >= 0


def test_a_failed_progress_write_does_not_end_an_encode(
    world: World, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Any] = []

    def renew(*args: Any) -> bool:
        failures.append(args)
        raise DatabaseUnavailable

    monkeypatch.setattr(converter().deps.transactions, "renew", renew)
    world.pace(8)
    row = world.convert(clips("twenty_seconds.mp4"))
    assert failures
    assert (row["status"], row["attempt"]) == ("Completed", 1)


def test_no_media_process_outlives_a_conversion(world: World, clip: Path) -> None:
    started: list[int] = []
    spawn = processes.spawn

    def remember(*args: Any, **kwargs: Any) -> Any:
        child = spawn(*args, **kwargs)
        started.append(child.pid)
        return child

    world.patch.setattr(processes, "spawn", remember)
    world.convert(clip)
    converter().deps.inspector.close()
    assert started
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
