"""A conversion on Lambda ends by itself before its time does, and a sandbox keeps nothing of it alive or on disk."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from functions.converter import verify
from functions.converter import workspace as workspaces
from functions.converter.handler import converter, handler
from functions.shared.errors import DatabaseUnavailable, TooLongForThisWorker
from functions.shared.repository import Transactions
from functions.shared.storage import Storage
from tests.support.children import FFMPEG, INSPECTOR, Children
from tests.support.clips import Clips
from tests.support.processes import running
from tests.support.sqs import LambdaContext
from tests.support.waiting import wait_until
from tests.support.world import DONE, Upload, World, message_failed, object_created

HANDLER_PROCESS = """
import json, sys
from functions.converter import ffmpeg
from functions.converter.handler import handler
from tests.support.sqs import LambdaContext
inputs = ffmpeg.untrusted_input
ffmpeg.untrusted_input = lambda *args: ["-readrate", "1", *inputs(*args)]
handler(json.loads(sys.stdin.read()), LambdaContext())
"""


def expect_clean_end(world: World, upload: Upload, stage: str) -> dict[str, Any]:
    row = world.row(upload)
    assert (row["status"], row["error_code"], row["attempt"]) == ("Failed", "too_long_for_this_worker", 1)
    assert row["error_reason"].startswith(TooLongForThisWorker.hint.removesuffix("."))
    assert row["progress"]["stage"] == stage
    assert world.outputs(upload) == []
    assert world.leftovers() == []
    return row


def test_a_film_that_cannot_be_ready_in_time_ends_early_and_leaves_nothing_behind(
    world: World, children: Children, clips: Clips
) -> None:
    world.pace(1)
    upload = world.upload(clips("twenty_seconds.mp4"))
    context = LambdaContext(7)
    assert handler(object_created(upload), context) == DONE
    assert context.get_remaining_time_in_millis() > 0
    row = expect_clean_end(world, upload, "encode")
    assert " s more are needed, " in row["error_reason"]
    assert FFMPEG not in children.left
    assert handler(object_created(upload, message_id="again"), LambdaContext()) == DONE
    assert (world.row(upload), world.ffmpeg_runs) == (row, 1)


def test_a_film_that_can_be_ready_is_not_ended(world: World, clips: Clips) -> None:
    world.pace(10)
    upload = world.upload(clips("twenty_seconds.mp4"))
    assert handler(object_created(upload), LambdaContext(120)) == DONE
    assert world.row(upload)["status"] == "Completed"


def test_a_source_that_does_not_arrive_in_time_ends_the_same_way(
    world: World, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clips("h264.mp4"))

    def slow(*_: Any) -> Iterator[bytes]:
        while True:
            time.sleep(0.1)
            yield b"x"

    monkeypatch.setattr(Storage, "open_range", slow)
    assert handler(object_created(upload), LambdaContext(2)) == DONE
    expect_clean_end(world, upload, "fetch")


def test_a_check_that_does_not_end_in_time_ends_the_same_way(
    world: World, clips: Clips, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clips("h264.mp4"))
    real = verify.verify

    def stopped(*args: Any) -> None:
        child = next(child for kind, child in reversed(children.started) if kind == INSPECTOR)
        child.send_signal(signal.SIGSTOP)
        real(*args)

    monkeypatch.setattr(verify, "verify", stopped)
    assert handler(object_created(upload), LambdaContext(8)) == DONE
    expect_clean_end(world, upload, "verify")
    assert children.left == []


def test_a_database_that_stays_away_at_the_commit_is_not_waited_for_beyond_the_call(
    world: World, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clips("h264.mp4"))

    def away(*_: Any) -> bool:
        raise DatabaseUnavailable

    monkeypatch.setattr(Transactions, "complete", away)
    context = LambdaContext(15)
    assert handler(object_created(upload), context) != DONE
    assert context.get_remaining_time_in_millis() > 0
    row = world.row(upload)
    assert (row["status"], row["error_code"], row["attempt"]) == ("Retrying", "database_unavailable", 1)
    assert world.leftovers() == []


def test_an_object_that_shares_its_call_with_a_long_one_gets_a_call_of_its_own(
    make_world: Callable[..., World], clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    world.pace(5)
    left_ms = iter([60_000, 60_000, 3_000])  # at the start of the call, and when each object is begun
    shared = LambdaContext()
    monkeypatch.setattr(shared, "get_remaining_time_in_millis", lambda: next(left_ms))
    first, second = world.upload(clips("twenty_seconds.mp4")), world.upload(clips("twenty_seconds.mp4"))
    event = object_created(first, second)
    assert handler(event, shared) == message_failed()
    assert world.row(first)["status"] == "Completed"
    row = world.row(second)
    assert (row["status"], row["error_code"]) == ("Retrying", "worker_stopping")
    assert (row["attempt"], row["attempts_base"]) == (1, 1)
    assert handler(event, LambdaContext(60)) == DONE
    assert world.row(second)["status"] == "Completed"


def test_a_killed_handler_takes_its_children_with_it_and_the_next_call_removes_its_files(
    world: World, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload(clips("twenty_seconds.mp4"))
    process = subprocess.Popen(
        [sys.executable, "-c", HANDLER_PROCESS], stdin=subprocess.PIPE, env=dict(os.environ), cwd=Path.cwd(), text=True
    )
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(object_created(upload)))
        process.stdin.close()
        world.wait_for_stage(upload, "encode", percent=1)
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 2, "ffmpeg, and the inspector that waits"
    finally:
        process.kill()
        process.wait(30)
    wait_until(lambda: not running(family), "the children to end", 10)
    assert world.leftovers()
    monkeypatch.setattr(workspaces, "MAKING_S", 0.0)
    handler(object_created(upload, message_id="another"), LambdaContext())
    wait_until(lambda: not world.leftovers(), "an empty scratch folder", 5)
    world.set_row(upload, "lease_until = now() - interval '1 second'")
    assert handler(object_created(upload, message_id="another"), LambdaContext()) == DONE
    row = world.row(upload)
    assert (row["status"], row["attempt"]) == ("Completed", 2)


def test_between_two_calls_only_an_idle_inspector_is_left_and_a_freeze_does_it_no_harm(
    world: World, clips: Clips, children: Children
) -> None:
    first, second = world.upload(clips("h264.mp4")), world.upload(clips("h264.mp4"))
    assert handler(object_created(first), LambdaContext()) == DONE
    wait_until(lambda: children.left == [INSPECTOR], "all others to end", 10)
    (spare,) = running([child for _, child in children.started])
    wait_until(lambda: spare.status() == psutil.STATUS_SLEEPING, "the inspector to wait", 10)
    spare.suspend()
    spare.resume()
    assert handler(object_created(second), LambdaContext()) == DONE
    assert world.row(second)["status"] == "Completed"
    converter().deps.inspector.close()
    wait_until(lambda: children.left == [], "the inspector to end", 10)
