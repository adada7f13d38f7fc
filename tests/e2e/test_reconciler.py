"""Lost events, vanished messages, workers that die again and again: each conversion ends without a human."""

import asyncio
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import unquote_plus
from uuid import UUID

import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from functions.shared.transactions import ATTEMPTS_LIMIT, source_key
from local import jetstream
from tests.support.media import make_clip
from tests.support.parts import QUICK, Parts, looped_clip, running_parts
from tests.support.waiting import wait_until
from tests.support.world import objects_of

T = TypeVar("T")
FILM_S = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Converted in a moment."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=1)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Some seconds of encoding."""
    return looped_clip(tmp_path_factory.mktemp("film") / "film.mp4", FILM_S)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    env = QUICK | {"LINK_TTL_S": "60", "SHUTDOWN_GRACE_S": "0.1"}
    with running_parts(tmp_path_factory.mktemp("reconciler") / "data", **env) as running:
        yield running


@pytest.fixture
def parts(shared: Parts) -> Iterator[Parts]:
    """No worker runs at the start, and none afterwards."""
    yield shared
    shared.stop_workers()


def in_queue(parts: Parts, ask: Callable[[Client], Awaitable[T]]) -> T:
    """Ask NATS something, on a connection of its own."""

    async def connected() -> T:
        connection = await jetstream.connect_once(parts.desk.nats_url, "test")
        try:
            return await ask(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


def messages(parts: Parts, stream: str = jetstream.STREAM) -> list[tuple[str, str]]:
    """Subject and object key of every message that the stream holds now, oldest first."""

    async def read(connection: Client) -> list[tuple[str, str]]:
        js, found = connection.jetstream(), []
        state = (await js.stream_info(stream)).state
        for number in range(state.first_seq, state.last_seq + 1):
            try:
                message = await js.get_msg(stream, number)
            except NotFoundError:
                continue
            record = json.loads(message.data or b"")["Records"][0]
            found.append((message.subject or "", unquote_plus(record["s3"]["object"]["key"])))
        return found

    return in_queue(parts, read)


def purge(parts: Parts) -> None:
    in_queue(parts, lambda connection: connection.jetstream().purge_stream(jetstream.STREAM))


def key_of(transaction_id: str) -> str:
    return source_key(UUID(transaction_id))


def subjects_of(parts: Parts, transaction_id: str) -> list[str]:
    return [subject for subject, key in messages(parts) if key == key_of(transaction_id)]


def put_and_told(parts: Parts, clip: bytes) -> str:
    """An upload of which both targets have told."""
    transaction_id = parts.deployment.put("clip.mp4", "video/mp4", clip)
    wait_until(lambda: len(subjects_of(parts, transaction_id)) == 2, "both events of an upload")
    return transaction_id


def test_an_upload_whose_event_was_lost_is_converted_by_the_reconcilers_own_event(parts: Parts, clip: bytes) -> None:
    servers = parts.servers
    servers.nats.stop()
    lost = parts.deployment.put("clip.mp4", "video/mp4", clip)
    servers.minio.stop()
    assert list(servers.minio.event_queue.rglob("*.event"))
    shutil.rmtree(servers.minio.event_queue)
    servers.start()
    put_and_told(parts, clip)
    assert subjects_of(parts, lost) == [], "storage told of the later upload, and never of this one"

    heard: list[str] = []

    async def listen(connection: Client) -> None:
        async def note(message: Any) -> None:
            if key_of(lost) in unquote_plus(message.data.decode()):
                heard.append(message.subject)

        await connection.subscribe("uploads.*", cb=note)
        await connection.flush()
        await asyncio.to_thread(parts.wait_status, lost, "Completed")
        await connection.flush()

    parts.start_worker()
    in_queue(parts, listen)
    assert set(heard) == {jetstream.REISSUED}
    assert parts.row(lost)["attempt"] == 1


def test_a_row_whose_worker_and_message_are_both_gone_is_taken_up_again(parts: Parts, film: bytes) -> None:
    worker = parts.start_worker()
    transaction_id = parts.deployment.put("film.mp4", "video/mp4", film)
    parts.wait_encoding(transaction_id)
    parts.kill(worker)
    purge(parts)
    assert parts.row(transaction_id)["status"] == "Converting"
    parts.start_worker()
    assert parts.wait_status(transaction_id, "Completed")["attempt"] == 2


def test_a_retrying_row_whose_message_is_gone_is_taken_up_again(parts: Parts, film: bytes) -> None:
    worker = parts.start_worker()
    transaction_id = parts.deployment.put("film.mp4", "video/mp4", film)
    parts.wait_encoding(transaction_id)
    worker.stop()
    assert parts.row(transaction_id)["status"] == "Retrying"
    purge(parts)
    parts.start_worker()
    assert parts.wait_status(transaction_id, "Completed")["attempt"] == 2


def test_a_row_whose_object_and_message_are_gone_before_its_turn_fails_with_the_reason(
    parts: Parts, film: bytes, clip: bytes
) -> None:
    parts.start_worker()
    first = parts.deployment.put("film.mp4", "video/mp4", film)
    parts.wait_encoding(first)
    second = parts.deployment.put("clip.mp4", "video/mp4", clip)
    wait_until(lambda: parts.row(second)["stored_at"], "the note of an upload")
    purge(parts)
    parts.deployment.second_client().remove_object("uploads", key_of(second))
    assert parts.wait_status(first, "Completed")["attempt"] == 1
    state = parts.wait_status(second, "Failed")
    assert (state["error_code"], state["attempt"]) == ("source_missing", 1)


def test_a_worker_that_is_killed_at_every_attempt_ends_in_a_dead_letter_and_redrive_converts(
    parts: Parts, film: bytes
) -> None:
    transaction_id = parts.deployment.put("film.mp4", "video/mp4", film)
    for attempt in range(1, ATTEMPTS_LIMIT + 1):
        worker = parts.start_worker()
        parts.wait_encoding(transaction_id, attempt=attempt)
        parts.kill(worker)
    parts.start_worker()
    failed = parts.wait_status(transaction_id, "Failed")
    assert (failed["attempt"], failed["error_code"]) == (ATTEMPTS_LIMIT, "attempts_exhausted")
    assert failed["error_reason"].startswith("Gave up after 5 attempts. Every attempt of the conversion was cut off")
    assert (jetstream.DEAD_LETTER, key_of(transaction_id)) in messages(parts, jetstream.DEAD_LETTER_STREAM)

    redrive = [sys.executable, "-m", "local", "redrive", transaction_id]
    subprocess.run(redrive, env=parts.servers.env, check=True, timeout=60)
    assert parts.wait_status(transaction_id, "Completed")["attempt"] == ATTEMPTS_LIMIT + 1
    parts.wait_swept(transaction_id)
    row = parts.row(transaction_id)
    assert row["stored_path_converted"] == f"{transaction_id}/{ATTEMPTS_LIMIT + 1}.mp4"
    assert parts.outputs(transaction_id) == objects_of(row)
    wait_until(lambda: not parts.scratch(), "an empty scratch folder")


def test_a_row_that_is_never_uploaded_expires_and_revives_when_the_object_still_comes(
    tmp_path_factory: pytest.TempPathFactory, clip: bytes
) -> None:
    env = QUICK | {"LINK_TTL_S": "1", "EXPIRE_AFTER_S": "1"}
    with running_parts(tmp_path_factory.mktemp("expiry") / "data", **env) as parts:
        parts.start_worker()
        declared = parts.deployment.declare("clip.mp4", "video/mp4", len(clip))
        transaction_id = declared["transaction_id"]
        parts.wait_status(transaction_id, "Expired")
        assert parts.row(transaction_id)["attempt"] == 0
        parts.deployment.second_client().put_object("uploads", key_of(transaction_id), io.BytesIO(clip), len(clip))
        assert parts.wait_status(transaction_id, "Completed")["attempt"] == 1
        parts.stop_workers()
