"""Publishing: once, under the attempt's own key, whatever answers get lost."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from functions.converter import publish as publishing
from functions.converter.publish import publish
from functions.shared.errors import StaleAttempt, StorageUnavailable, WorkerStopping
from functions.shared.storage import ObjectInfo
from functions.shared.storage_errors import ObjectExists
from tests.support.attempts import TRANSACTION, Row, a_claim, a_lease

CONTENT = b"an encoded film" * 100
SHA256 = hashlib.sha256(CONTENT).hexdigest()
KEY = f"{TRANSACTION}/1.mp4"


class FakeStore:
    """One object. ``answers``: what each PUT does: ``ok``, ``lost`` (written, but the answer is lost), an error."""

    def __init__(self, *answers: "str | Exception") -> None:
        self._answers: Iterator[str | Exception] = iter(answers)
        self.puts: list[str] = []
        self.body: bytes | None = None
        self.metadata: dict[str, str] = {}
        self.part_bytes = 0

    def put_once(self, bucket: str, key: str, body: IO[bytes], content_type: str, metadata: dict[str, str]) -> None:
        self.puts.append(f"{bucket}/{key} {content_type}")
        sent = body.read()
        answer = next(self._answers, "ok")
        if isinstance(answer, Exception):
            raise answer
        if self.body is not None:
            raise ObjectExists(key)
        self.body, self.metadata = sent, metadata
        if answer == "lost":
            raise StorageUnavailable

    def put_parts_once(
        self, bucket: str, key: str, body: IO[bytes], content_type: str, metadata: dict[str, str], part_bytes: int
    ) -> None:
        self.part_bytes = part_bytes
        self.put_once(bucket, key, body, content_type, metadata)

    def head(self, _bucket: str, key: str) -> tuple[ObjectInfo, dict[str, str]]:
        assert self.body is not None
        return ObjectInfo(key, len(self.body), "e2"), self.metadata


@pytest.fixture
def output(tmp_path: Path) -> Path:
    path = tmp_path / "output.mp4"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PAUSE_S", 0.0)


def test_the_object_is_written_once_under_its_key_with_its_attempt(output: Path) -> None:
    store = FakeStore()
    result = publish(output, f"{TRANSACTION}/3.mp4", store, a_lease(a_claim(attempt=3)))
    assert store.puts == [f"converted/{TRANSACTION}/3.mp4 video/mp4"]
    assert (result.key, result.size, result.sha256) == (f"{TRANSACTION}/3.mp4", len(CONTENT), SHA256)
    assert (store.body, store.metadata) == (CONTENT, {"attempt": "3", "sha256": SHA256})


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("1.mp4", "video/mp4"),
        ("1.mkv", "video/x-matroska"),
        ("1.receipt.json", "application/json"),
        ("1.poster.jpg", "image/jpeg"),
        ("1.unheard_of", "application/octet-stream"),
    ],
)
def test_the_media_type_is_that_of_the_keys_extension(output: Path, name: str, media_type: str) -> None:
    store = FakeStore()
    publish(output, f"{TRANSACTION}/{name}", store, a_lease())
    assert store.puts == [f"converted/{TRANSACTION}/{name} {media_type}"]


def test_a_lost_answer_is_success_when_the_object_is_ours(output: Path) -> None:
    store = FakeStore("lost")
    assert publish(output, KEY, store, a_lease()).sha256 == SHA256
    assert len(store.puts) == 2


@pytest.mark.parametrize(
    ("body", "metadata"),
    [
        (CONTENT, {"attempt": "2", "sha256": SHA256}),
        (CONTENT, {"attempt": "1", "sha256": "0" * 64}),
        (CONTENT[:-1], {"attempt": "1", "sha256": SHA256}),
        (CONTENT, {}),
    ],
)
def test_an_object_of_somebody_else_makes_the_attempt_stale(
    output: Path, body: bytes, metadata: dict[str, str]
) -> None:
    store = FakeStore()
    store.body, store.metadata = body, metadata
    with pytest.raises(StaleAttempt):
        publish(output, KEY, store, a_lease())
    assert (store.body, store.metadata) == (body, metadata)


def test_a_storage_that_is_away_for_a_moment_is_waited_for(output: Path) -> None:
    store = FakeStore(StorageUnavailable("storage answered ConditionalRequestConflict"), StorageUnavailable(), "ok")
    assert publish(output, KEY, store, a_lease()).sha256 == SHA256
    assert len(store.puts) == 3


def test_a_storage_that_stays_away_is_given_up(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PATIENCE_S", -1.0)
    store = FakeStore(StorageUnavailable())
    with pytest.raises(StorageUnavailable):
        publish(output, KEY, store, a_lease())
    assert len(store.puts) == 1


def test_a_storage_that_fails_late_in_a_long_transfer_is_waited_for_as_well(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PATIENCE_S", 0.1)

    class Slow(FakeStore):
        def put_once(self, bucket: str, key: str, body: IO[bytes], content_type: str, metadata: dict[str, str]) -> None:
            if not self.puts:
                time.sleep(0.3)
            super().put_once(bucket, key, body, content_type, metadata)

    assert publish(output, KEY, Slow(StorageUnavailable(), "ok"), a_lease()).sha256 == SHA256


def test_a_storage_that_is_away_while_a_lost_answer_is_looked_into_is_waited_for_as_well(output: Path) -> None:
    class Away(FakeStore):
        def head(self, bucket: str, key: str) -> tuple[ObjectInfo, dict[str, str]]:
            if len(self.puts) < 3:
                raise StorageUnavailable
            return super().head(bucket, key)

    store = Away("lost")
    assert publish(output, KEY, store, a_lease()).sha256 == SHA256
    assert len(store.puts) == 3


def test_an_attempt_that_must_end_does_not_wait_for_storage(output: Path) -> None:
    lease = a_lease()

    class Stopping(FakeStore):
        def put_once(self, *args: object, **kwargs: object) -> None:
            lease._stopping.set()
            raise StorageUnavailable

    with pytest.raises(WorkerStopping):
        publish(output, KEY, Stopping(), lease)


def test_reading_the_file_is_progress(output: Path) -> None:
    lease = a_lease(renew=Row().renew, stall_s=45)
    seen: list[float] = []

    class Watching(FakeStore):
        def put_once(self, bucket: str, key: str, body: IO[bytes], content_type: str, metadata: dict[str, str]) -> None:
            lease.clock.last_beat = 0.0
            body.read(10)
            seen.append(lease.clock.last_beat)

    publish(output, KEY, Watching(), lease)
    assert seen[0] > 0.0


def test_what_is_too_large_for_one_put_goes_in_parts(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FakeStore()
    monkeypatch.setattr(publishing, "SINGLE_PUT_BYTES", len(CONTENT) - 1)
    publish(output, KEY, store, a_lease())
    assert store.part_bytes == publishing.PART_BYTES >= 5 * 1024**2
    assert store.body == CONTENT
