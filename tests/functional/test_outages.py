"""A database that goes away costs an attempt at most its time, never a second encode; what counts as an outage."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from functions.converter import patience, pipeline
from functions.converter.deliver import Delivery, deliver
from functions.converter.handler import converter
from functions.shared.database import Database
from functions.shared.errors import DatabaseUnavailable
from functions.shared.settings import settings
from functions.shared.wiring import database
from tests.support.clips import Clips
from tests.support.servers import Servers, running_servers
from tests.support.waiting import BOUND_S
from tests.support.world import DONE, World, message_failed, object_created, objects_of, world_on


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers that this test may kill."""
    with running_servers(tmp_path_factory.mktemp("outages") / "data") as started:
        yield started


def test_a_database_killed_during_the_commit_costs_no_second_encode(
    own: Servers, clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published, gone = threading.Event(), threading.Event()

    def deliver_and_wait(*args: Any) -> Delivery:
        delivery = deliver(*args)
        published.set()
        assert gone.wait(BOUND_S)
        return delivery

    monkeypatch.setattr(pipeline, "deliver", deliver_and_wait)
    with world_on(own.env, tmp_path / "scratch", monkeypatch) as world:
        upload = world.upload(clips("h264.mp4"))
        answers: list[Any] = []
        attempt = threading.Thread(target=lambda: answers.append(world.handle(object_created(upload))))
        attempt.start()
        assert published.wait(BOUND_S)
        own.postgres.kill()
        gone.set()
        own.postgres.start()
        own.postgres.wait_ready()
        attempt.join(BOUND_S)
        assert answers == [DONE]
        row = world.row(upload)
        assert (row["status"], row["attempt"], world.ffmpeg_runs) == ("Completed", 1, 1)
        assert world.outputs(upload) == objects_of(row)


@pytest.mark.parametrize("write", ["record_media", "complete"])
@pytest.mark.parametrize("happened", [True, False])
def test_a_write_without_an_answer_is_repeated(
    world: World, clips: Clips, monkeypatch: pytest.MonkeyPatch, write: str, happened: bool
) -> None:
    monkeypatch.setattr(patience, "PAUSE_S", 0.01)
    fail_first(monkeypatch, write, times=2, happened=happened)
    upload = world.upload(clips("h264.mp4"))
    assert world.handle(object_created(upload)) == DONE
    row = world.row(upload)
    assert (row["status"], row["attempt"], world.ffmpeg_runs) == ("Completed", 1, 1)
    assert world.outputs(upload) == objects_of(row)


def test_a_database_that_stays_away_gives_the_attempt_back(
    world: World, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 0.1)
    monkeypatch.setattr(patience, "PAUSE_S", 0.01)
    fail_first(monkeypatch, "complete", times=10**6, happened=False)
    upload = world.upload(clips("h264.mp4"))
    assert world.handle(object_created(upload)) == message_failed()
    row = world.row(upload)
    assert (row["status"], row["error_code"]) == ("Retrying", "database_unavailable")


def fail_first(monkeypatch: pytest.MonkeyPatch, write: str, times: int, happened: bool) -> None:
    """Let a write of the attempt lose its answer ``times`` times, after or before it happened."""
    transactions = converter().deps.transactions
    real: Callable[..., bool] = getattr(transactions, write)
    calls = iter(range(times))

    def lossy(*args: Any) -> bool:
        lost = next(calls, None) is not None
        done = happened or not lost
        answer = real(*args) if done else False
        if lost:
            raise DatabaseUnavailable
        return answer

    monkeypatch.setattr(transactions, write, lossy)


@pytest.mark.usefixtures("env")
def test_a_database_that_takes_no_writes_is_an_outage() -> None:
    """A standby that is not promoted yet answers so."""
    url = f"{settings().database_url}?options=-c%20default_transaction_read_only%3Don"
    standby = Database(url, size=1)
    try:
        with pytest.raises(DatabaseUnavailable):
            standby.rows("UPDATE transactions SET attempt = attempt")
    finally:
        standby.close()


@pytest.mark.usefixtures("env")
def test_a_wrong_statement_is_no_outage_and_costs_no_connection() -> None:
    session = database().rows("SELECT pg_backend_pid() AS pid")
    with pytest.raises(psycopg2.ProgrammingError):
        database().rows("SELECT nonsense")
    assert database().rows("SELECT pg_backend_pid() AS pid") == session
