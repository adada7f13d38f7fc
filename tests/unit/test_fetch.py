"""Fetching resumes where it was cut, never loops for ever and never takes another version of the object."""

import errno
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from functions.converter.fetch import TRIES_WITHOUT_PROGRESS, fetch
from functions.shared.errors import (
    EmptyObject,
    ScratchFull,
    ScratchLimitExceeded,
    SourceMissing,
    SourceSuperseded,
    StorageUnavailable,
    WorkerStopping,
)
from functions.shared.settings import Settings, read_settings
from functions.shared.storage import ObjectInfo
from functions.shared.storage_errors import ObjectMissing
from functions.shared.transactions import Source
from tests.support.attempts import a_claim, a_lease

CONTENT = bytes(range(256)) * 40
CHUNK = 1000
ENDLESS = 1000
Answer = Callable[[int], Iterator[bytes]]


class FakeStore:
    """Answers each request for a range with the next of ``answers``, the last one again and again."""

    def __init__(self, *answers: Answer, size: int | None = len(CONTENT)) -> None:
        self._answers = answers
        self._size = size
        self.starts: list[int] = []
        self.versions: list[str] = []

    def open_range(self, _bucket: str, _key: str, etag: str, start: int) -> Iterator[bytes]:
        number = min(len(self.starts), len(self._answers) - 1)
        assert len(self.starts) < ENDLESS, "it asks for ever"
        self.starts.append(start)
        self.versions.append(etag)
        return self._answers[number](start)

    def head(self, _bucket: str, key: str) -> tuple[ObjectInfo, dict[str, str]]:
        if self._size is None:
            raise ObjectMissing(key)
        return ObjectInfo(key, self._size, "e1"), {}


def whole(start: int) -> Iterator[bytes]:
    for at in range(start, len(CONTENT), CHUNK):
        yield CONTENT[at : at + CHUNK]


def cut_after(count: int) -> Answer:
    """Some bytes, then the connection breaks."""

    def answer(start: int) -> Iterator[bytes]:
        yield CONTENT[start : start + count]
        raise StorageUnavailable

    return answer


def ends_after(count: int) -> Answer:
    """Some bytes, then the answer just ends, as if that were all."""

    def answer(start: int) -> Iterator[bytes]:
        yield CONTENT[start : start + count]

    return answer


def refuses(error: Exception) -> Answer:
    def answer(_start: int) -> Iterator[bytes]:
        raise error
        yield b""

    return answer


@pytest.fixture
def settings() -> Settings:
    return read_settings({"DATABASE_URL": "postgresql://", "AUTH_MODE": "open", "SCRATCH_RESERVE_BYTES": "1"})


def fetched(store: FakeStore, work: Path, settings: Settings, size: int = len(CONTENT)) -> Path:
    return fetch(a_claim(size).source, work, store, a_lease(), settings)


def test_every_byte_arrives(tmp_path: Path, settings: Settings) -> None:
    store = FakeStore(whole)
    assert fetched(store, tmp_path, settings).read_bytes() == CONTENT
    assert store.starts == [0]


@pytest.mark.parametrize("broken", [cut_after(3333), ends_after(3333)])
def test_a_cut_connection_resumes_at_the_byte(tmp_path: Path, settings: Settings, broken: Answer) -> None:
    store = FakeStore(broken, broken, whole)
    assert fetched(store, tmp_path, settings).read_bytes() == CONTENT
    assert store.starts == [0, 3333, 6666]


def test_every_try_asks_for_the_version_of_the_claim(tmp_path: Path, settings: Settings) -> None:
    store = FakeStore(cut_after(1), whole)
    fetched(store, tmp_path, settings)
    assert store.versions == ["e1", "e1"]


@pytest.mark.parametrize("broken", [cut_after(0), ends_after(0), refuses(StorageUnavailable())])
def test_a_storage_that_sends_nothing_is_given_up(tmp_path: Path, settings: Settings, broken: Answer) -> None:
    store = FakeStore(cut_after(100), broken)
    with pytest.raises(StorageUnavailable, match=f"100 of {len(CONTENT)} bytes"):
        fetched(store, tmp_path, settings)
    assert len(store.starts) == 1 + TRIES_WITHOUT_PROGRESS


def test_a_connection_may_break_often_as_long_as_bytes_come(tmp_path: Path, settings: Settings) -> None:
    store = FakeStore(cut_after(64))
    assert fetched(store, tmp_path, settings).read_bytes() == CONTENT
    assert len(store.starts) == len(CONTENT) // 64


@pytest.mark.parametrize("error", [SourceMissing(), SourceSuperseded()])
def test_another_version_ends_it_at_once(tmp_path: Path, settings: Settings, error: Exception) -> None:
    store = FakeStore(cut_after(100), refuses(error))
    with pytest.raises(type(error)):
        fetched(store, tmp_path, settings)
    assert len(store.starts) == 2


def test_an_empty_object_is_refused(tmp_path: Path, settings: Settings) -> None:
    store = FakeStore(whole, size=0)
    with pytest.raises(EmptyObject):
        fetched(store, tmp_path, settings, size=0)
    assert store.starts == []


def test_an_event_that_does_not_know_the_size_is_not_taken_at_its_word(tmp_path: Path, settings: Settings) -> None:
    assert fetched(FakeStore(cut_after(3333), whole), tmp_path, settings, size=0).read_bytes() == CONTENT


def test_an_object_that_is_gone_is_missing_and_not_empty(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(SourceMissing):
        fetched(FakeStore(whole, size=None), tmp_path, settings, size=0)


def test_what_does_not_fit_is_refused_before_the_first_byte(tmp_path: Path, settings: Settings) -> None:
    store = FakeStore(whole)
    with pytest.raises(ScratchFull):
        fetched(store, tmp_path, replace(settings, max_scratch_bytes=2**62), size=2**60)
    with pytest.raises(ScratchLimitExceeded):
        fetched(store, tmp_path, replace(settings, max_scratch_bytes=1000), size=1001)
    assert store.starts == []


def test_a_disk_that_fills_up_meanwhile_is_told_from_a_storage_that_fails(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullDisk:
        def __enter__(self) -> "FullDisk":
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to close."""

        def write(self, _data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda *_: FullDisk())
    with pytest.raises(ScratchFull, match="0 of"):
        fetched(FakeStore(whole), tmp_path, settings)


def test_every_chunk_is_progress_and_may_end_the_attempt(tmp_path: Path, settings: Settings) -> None:
    lease = a_lease(a_claim(len(CONTENT)))
    beats: list[float] = []

    def stopping_after_two(start: int) -> Iterator[bytes]:
        for number, chunk in enumerate(whole(start)):
            if number == 2:
                lease._stopping.set()
            lease.clock.last_beat = 0.0
            yield chunk
            beats.append(lease.clock.last_beat)

    with pytest.raises(WorkerStopping):
        fetch(Source("uploads", "k", len(CONTENT), "e1"), tmp_path, FakeStore(stopping_after_two), lease, settings)
    assert len(beats) == 2
    assert all(beat > 0.0 for beat in beats)
