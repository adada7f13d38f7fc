"""Workers as processes: they share a queue, give back what they can't end, take only what they need, and don't leak."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from functions.converter.slots import NEARLY_DONE_S
from functions.shared.reissue import object_created_json
from functions.shared.transactions import Source, source_key
from tests.support.media import make_clip
from tests.support.parts import Parts, looped_clip, running_parts
from tests.support.queue import Queue, on_queue
from tests.support.waiting import wait_until

FILM_S = 20
ROUND = 300
GROWTH_BYTES = 16 * 1024**2
LONG_TO_GO_S = NEARLY_DONE_S + 2
"""A status answer is up to a second old."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=1)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return looped_clip(tmp_path_factory.mktemp("film") / "film.mp4", FILM_S)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """With the default lease and ack wait: nothing but the worker itself gives a message back this soon."""
    with running_parts(tmp_path_factory.mktemp("workers") / "data", SHUTDOWN_GRACE_S="0.1") as running:
        yield running


@pytest.fixture
def parts(shared: Parts) -> Iterator[Parts]:
    """Nothing in the queue and no worker at the start; no worker afterwards."""
    on_queue(shared.servers, Queue.emptied)
    yield shared
    shared.stop_workers()


def in_hand(parts: Parts) -> int:
    """Messages that workers hold now."""
    counted: list[int] = []

    async def count(queue: Queue) -> None:
        counted.append(await queue.in_hand())

    on_queue(parts.servers, count, purge=False)
    return counted[0]


def has_long_to_go(parts: Parts, transaction_id: str) -> bool:
    """Whether the encode will take longer than a worker looks ahead."""
    row = parts.row(transaction_id)
    if row["status"] != "Converting" or row["progress"]["stage"] != "encode":
        return False
    eta_s = row["progress"]["eta_s"]
    return eta_s is None or eta_s > LONG_TO_GO_S


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_worker_gives_its_conversion_back_and_another_one_finishes_it(
    parts: Parts, film: bytes, number: signal.Signals
) -> None:
    worker = parts.start_worker()
    transaction_id = parts.deployment.put("film.mp4", "video/mp4", film)
    parts.wait_encoding(transaction_id)
    assert worker.process is not None
    worker.process.send_signal(number)
    assert worker.process.wait(20) == 0
    row = parts.row(transaction_id)
    assert (row["status"], row["error_code"]) == ("Retrying", "worker_stopping")
    assert row["attempt"] - row["attempts_base"] == 0, "it cost no attempt"
    assert parts.scratch() == []

    parts.start_worker()
    wait_until(lambda: parts.row(transaction_id)["attempt"] == 2, "another attempt", 20)
    assert parts.wait_status(transaction_id, "Completed")["attempt"] == 2


def test_a_worker_stops_in_order_while_nats_is_away(parts: Parts, film: bytes) -> None:
    worker = parts.start_worker()
    transaction_id = parts.deployment.put("film.mp4", "video/mp4", film)
    parts.wait_encoding(transaction_id)
    parts.kill(parts.servers.nats)
    wait_until(lambda: b"queue.error" in worker.log.read_bytes(), "the loss of NATS")
    worker.stop()
    assert worker.process is not None
    assert (worker.process.returncode, b"worker.stopped" in worker.log.read_bytes()) == (0, True)
    assert parts.row(transaction_id)["status"] == "Retrying"
    parts.restart(parts.servers.nats)
    parts.start_worker()
    assert parts.wait_status(transaction_id, "Completed")["attempt"] == 2


def test_a_worker_leaves_the_next_upload_to_others_until_its_own_encode_is_nearly_done(
    parts: Parts, film: bytes, clip: bytes
) -> None:
    parts.start_worker()
    first = parts.deployment.put("film.mp4", "video/mp4", film)
    parts.wait_encoding(first)
    second = parts.deployment.put("clip.mp4", "video/mp4", clip)
    while has_long_to_go(parts, first):
        assert parts.row(second)["status"] == "Pending"
        assert in_hand(parts) == 1
    parts.wait_status(first, "Completed")
    parts.wait_status(second, "Completed")
    assert parts.row(second)["converting_since"] < parts.row(first)["converting_until"], "fetched beside the end"


def test_a_worker_takes_one_message_when_nats_returns_however_long_it_was_away(parts: Parts, film: bytes) -> None:
    worker = parts.start_worker()
    parts.kill(parts.servers.nats)
    uploads = [parts.deployment.put("film.mp4", "video/mp4", film) for _ in range(2)]
    wait_until(lambda: worker.log.read_bytes().count(b"ConnectionRefusedError") >= 10, "a while without NATS")
    parts.restart(parts.servers.nats)
    encoding = wait_until(lambda: [one for one in uploads if parts.row(one)["attempt"]], "the first conversion")
    parts.wait_encoding(encoding[0])
    while has_long_to_go(parts, encoding[0]):
        assert in_hand(parts) == 1
    for one in uploads:
        assert parts.wait_status(one, "Completed")["attempt"] == 1


def test_two_workers_convert_two_uploads_at_once(parts: Parts, film: bytes) -> None:
    parts.start_worker()
    parts.start_worker()
    uploads = [parts.deployment.put("film.mp4", "video/mp4", film) for _ in range(2)]
    for one in uploads:
        assert parts.wait_status(one, "Completed")["attempt"] == 1
    first, second = sorted((parts.row(one) for one in uploads), key=lambda row: row["converting_since"])
    assert first["worker"] != second["worker"]
    assert second["converting_since"] < first["converting_until"]


def test_hundreds_of_events_that_need_no_conversion_cost_a_worker_nothing(parts: Parts, clip: bytes) -> None:
    worker = parts.start_worker()
    done = parts.wait_status(parts.deployment.put("clip.mp4", "video/mp4", clip), "Completed")
    events = needless_events(done["transaction_id"], done["source"])
    process = psutil.Process(worker.pid)

    def measured() -> tuple[int, int, int]:
        send_and_wait(parts, events)
        return files_kept_open(process), process.num_threads(), process.memory_info().rss

    fds, threads, rss = measured()
    later = [measured() for _ in range(3)]
    assert [figures[0] for figures in later] == [fds] * 3
    assert max(figures[1] for figures in later) <= threads
    assert max(figures[2] for figures in later) - rss < GROWTH_BYTES
    assert parts.row(done["transaction_id"])["attempt"] == 1


def files_kept_open(process: psutil.Process) -> int:
    """The least of a few looks: each run of the reconciler opens one more connection, and closes it."""
    looks = []
    for _ in range(5):
        looks.append(process.num_fds())
        time.sleep(0.05)
    return min(looks)


def needless_events(transaction_id: str, source: dict[str, object]) -> list[bytes]:
    """Duplicates, strangers and nonsense."""
    key, etag = source_key(transaction_id), str(source["etag"])  # type: ignore[arg-type]
    kinds = [
        object_created_json(Source("uploads", key, 1, etag)),
        object_created_json(Source("uploads", key, 1, "another")),
        object_created_json(Source("uploads", "unknown/source", 1, etag)),
        object_created_json(Source("foreign", key, 1, etag)),
        object_created_json(Source("uploads", "doctor/x", 1, etag)),
        b"{nonsense",
    ]
    return kinds * (ROUND // len(kinds))


def send_and_wait(parts: Parts, events: list[bytes]) -> None:
    async def send(queue: Queue) -> None:
        await asyncio.gather(*(queue.publish(event) for event in events))
        await queue.emptied()

    on_queue(parts.servers, send, purge=False)


@pytest.mark.parametrize("name", ["RECONCILE_EVERY_S", "SHUTDOWN_GRACE_S"])
def test_a_pause_that_is_no_number_is_named_in_one_line(name: str) -> None:
    env = {**os.environ, "NATS_URL": "nats://127.0.0.1:9", name: "soon"}
    done = subprocess.run([sys.executable, "-m", "local.worker"], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == f"worker: {name} must be a number of seconds, not 'soon'\n"
