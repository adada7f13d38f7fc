"""Source object → local file, one version of it only, in constant memory; a cut connection resumes where it broke."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from functions.converter.lease import Lease
from functions.converter.workspace import require_room
from functions.shared import logs
from functions.shared.errors import (
    EmptyObject,
    ScratchFull,
    ScratchLimitExceeded,
    SourceMissing,
    StorageRefused,
    StorageUnavailable,
)
from functions.shared.settings import Settings
from functions.shared.storage import ObjectInfo
from functions.shared.storage_errors import ObjectMissing
from functions.shared.transactions import Source

TRIES_WITHOUT_PROGRESS = 3


class Reader(Protocol):
    """What fetching needs of storage."""

    def open_range(self, bucket: str, key: str, etag: str, start: int) -> Iterator[bytes]: ...

    def head(self, bucket: str, key: str) -> tuple[ObjectInfo, dict[str, str]]: ...


def fetch(source: Source, work: Path, store: Reader, lease: Lease, settings: Settings) -> Path:
    """Download ``source`` into ``work``. Raises ``EmptyObject``, ``ScratchFull``, ``SourceMissing``,
    ``SourceSuperseded`` or ``StorageUnavailable``."""
    size = source.size or _measured(source, store)
    if size > settings.max_scratch_bytes:
        raise ScratchLimitExceeded(f"more than {settings.max_scratch_bytes / 2**20:.1f} MiB")
    require_room(work, 2 * size, settings.scratch_reserve_bytes)
    path = work / "source"
    got = failures = 0
    with path.open("wb") as file:
        while got < size:
            before = got
            try:
                for chunk in store.open_range(source.bucket, source.key, source.etag, got):
                    file.write(chunk)
                    got += len(chunk)
                    lease.beat()
                    lease.check()
            except StorageRefused:
                raise
            except StorageUnavailable as exc:
                logs.event("fetch.cut", transaction_id=lease.claim.transaction_id, at=got, caused_by=exc.__cause__)
            except OSError as exc:
                raise ScratchFull(f"{got} of {size} bytes could be stored") from exc
            failures = 0 if got > before else failures + 1
            if failures >= TRIES_WITHOUT_PROGRESS:
                raise StorageUnavailable(f"{got} of {size} bytes came")
    return path


def _measured(source: Source, store: Reader) -> int:
    """The size of an object whose event says 0 bytes: versitygw says so of whatever came in parts or by a copy."""
    try:
        size = store.head(source.bucket, source.key)[0].size
    except ObjectMissing as exc:
        raise SourceMissing from exc
    if size == 0:
        raise EmptyObject
    return size
