"""kill -9 of worker, NATS, MinIO and PostgreSQL in mid-conversion: it completes without a human, and nothing is left.

The moments are random. Their seed is printed; KILL_SEED repeats them.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.child import Child
from tests.support.deployment import Json
from tests.support.media import Video, make_clip, measure
from tests.support.parts import QUICK, Parts, looped_clip, running_parts
from tests.support.waiting import wait_until
from tests.support.world import objects_of

SEED = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
MOMENTS = 3
FILM_S = 16
EARLIEST, LATEST = 20.0, 80.0
"""Percent of the encode in which a kill counts as one in mid-conversion."""
STEP = 15.0
"""By how much progress may grow between two writes of it."""
TAKEN_OVER_WITHIN_S = 90


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Some ten seconds of encoding."""
    return looped_clip(tmp_path_factory.mktemp("film") / "film.mp4", FILM_S)


@pytest.fixture(scope="module")
def source(film: bytes) -> Video:
    return measure(film)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with running_parts(tmp_path_factory.mktemp("kills") / "data", **QUICK) as running:
        yield running


def in_mid_conversion(parts: Parts, film: bytes, percent: float) -> str:
    """A transaction whose encode has just passed ``percent``."""
    transaction_id = parts.deployment.put("film.mp4", "video/mp4", film)
    state = parts.wait_encoding(transaction_id, percent)
    assert state["status"] == "Converting"
    assert EARLIEST <= state["progress"]["percent"] <= LATEST
    return transaction_id


def assert_sound(parts: Parts, state: Json, source: Video) -> None:
    """The published result is the source's film."""
    key = parts.row(state["transaction_id"])["stored_path_converted"]
    content = parts.deployment.second_client().get_object("converted", key).read()
    result = measure(content)
    assert (result.codec, result.tag, result.frames) == ("hevc", "hvc1", source.frames)


def victim_of(parts: Parts, name: str) -> Child:
    servers = parts.servers
    return {"worker": parts.workers[-1], "nats": servers.nats, "minio": servers.minio, "postgres": servers.postgres}[
        name
    ]


@pytest.mark.parametrize("name", ["worker", "nats", "minio", "postgres"])
def test_kill_9_in_mid_conversion_completes_without_a_human(
    parts: Parts, film: bytes, source: Video, name: str
) -> None:
    chance = random.Random(f"{SEED} {name}")
    parts.start_worker()
    converted = []
    for _ in range(MOMENTS):
        percent = chance.uniform(EARLIEST, LATEST - STEP)
        print(f"KILL_SEED={SEED}: {name} at {percent:.1f} %")
        transaction_id = in_mid_conversion(parts, film, percent)
        victim = victim_of(parts, name)
        parts.kill(victim)
        parts.restart(victim)
        state = parts.wait_status(transaction_id, "Completed")
        assert state["attempt"] >= (2 if name == "worker" else 1)
        converted.append(state)
    for state in converted:
        parts.wait_swept(state["transaction_id"])
        assert parts.outputs(state["transaction_id"]) == objects_of(parts.row(state["transaction_id"]))
        assert_sound(parts, state, source)
    wait_until(lambda: not parts.scratch(), "an empty scratch folder")
    parts.stop_workers()


def test_a_worker_that_froze_and_wakes_after_it_was_replaced_changes_nothing(
    parts: Parts, film: bytes, source: Video, tmp_path: Path
) -> None:
    frozen = parts.start_worker()
    transaction_id = in_mid_conversion(parts, film, EARLIEST)
    process = psutil.Process(frozen.pid)
    process.suspend()
    second = parts.start_worker()
    parts.wait_encoding(transaction_id, attempt=2)
    process.resume()
    wait_until(lambda: b"attempt.stale" in frozen.log.read_bytes(), "the end of the stale attempt")
    state = parts.wait_status(transaction_id, "Completed")
    assert state["attempt"] == 2
    assert_sound(parts, state, source)
    parts.wait_swept(transaction_id)
    row = parts.row(transaction_id)
    assert row["stored_path_converted"] == f"{transaction_id}/2.mp4"
    assert parts.outputs(transaction_id) == objects_of(row)

    second.stop()
    clip = make_clip(tmp_path / "clip.mp4", seconds=1)
    parts.wait_status(parts.deployment.put("clip.mp4", "video/mp4", clip), "Completed")
    parts.stop_workers()


def test_with_the_default_settings_another_worker_takes_over_within_90_s(
    tmp_path_factory: pytest.TempPathFactory, film: bytes, source: Video
) -> None:
    with running_parts(tmp_path_factory.mktemp("default") / "data") as parts:
        worker = parts.start_worker()
        transaction_id = in_mid_conversion(parts, film, EARLIEST)
        parts.kill(worker)
        parts.start_worker()
        wait_until(lambda: parts.row(transaction_id)["attempt"] == 2, "the second attempt", TAKEN_OVER_WITHIN_S)
        assert_sound(parts, parts.wait_status(transaction_id, "Completed"), source)
        wait_until(lambda: not parts.scratch(), "an empty scratch folder")
        parts.stop_workers()
