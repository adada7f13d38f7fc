"""Source object → local file, one version of it only, in constant memory; a cut connection resumes where it broke."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from functions.converter.lease import Lease
from functions.converter.workspace import require_room
from functions.shared import logs
from functions.shared.errors import EmptyObject, ScratchFull, StorageUnavailable
from functions.shared.settings import Settings
from functions.shared.transactions import Source

TRIES_WITHOUT_PROGRESS = 3


class Reader(Protocol):
    """What fetching needs of storage."""

    def open_range(self, bucket: str, key: str, etag: str, start: int) -> Iterator[bytes]: ...


def fetch(source: Source, work: Path, store: Reader, lease: Lease, settings: Settings) -> Path:
    """Download ``source`` into ``work``. Raises ``EmptyObject``, ``ScratchFull``, ``SourceMissing``,
    ``SourceSuperseded`` or ``StorageUnavailable``."""
    if source.size == 0:
        raise EmptyObject
    require_room(work, 2 * source.size, settings.scratch_reserve_bytes)
    path = work / "source"
    got = failures = 0
    with path.open("wb") as file:
        while got < source.size:
            before = got
            try:
                for chunk in store.open_range(source.bucket, source.key, source.etag, got):
                    file.write(chunk)
                    got += len(chunk)
                    lease.beat()
                    lease.check()
            except StorageUnavailable as exc:
                logs.event("fetch.cut", transaction_id=lease.claim.transaction_id, at=got, caused_by=exc.__cause__)
            except OSError as exc:
                raise ScratchFull(f"{got} of {source.size} bytes could be stored") from exc
            failures = 0 if got > before else failures + 1
            if failures >= TRIES_WITHOUT_PROGRESS:
                raise StorageUnavailable(f"{got} of {source.size} bytes came")
    return path
