"""Local file → object under an attempt-scoped key, written once: no reader sees half of it, no stale attempt wins."""

import hashlib
import io
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from functions.converter.lease import Lease
from functions.shared.errors import StaleAttempt, StorageRefused, StorageUnavailable
from functions.shared.storage import ObjectInfo
from functions.shared.storage_errors import ObjectExists
from functions.shared.transactions import CONTENT_TYPES, UNKNOWN_TYPE

SINGLE_PUT_BYTES = 100 * 1024**2
PART_BYTES = 32 * 1024**2
PATIENCE_S = 40.0
"""How long a storage that is away is waited for, from its first failure; below the stall clock of a stage."""
PAUSE_S = 2.0


class Writer(Protocol):
    """What publishing needs of storage."""

    def put_once(self, bucket: str, key: str, body: IO[bytes], content_type: str, metadata: dict[str, str]) -> None: ...

    def put_parts_once(
        self, bucket: str, key: str, body: IO[bytes], content_type: str, metadata: dict[str, str], part_bytes: int
    ) -> None: ...

    def head(self, bucket: str, key: str) -> tuple[ObjectInfo, dict[str, str]]: ...


@dataclass(frozen=True)
class Published:
    key: str
    size: int
    sha256: str


def publish(output: Path, key: str, store: Writer, lease: Lease) -> Published:
    """Write a file under an attempt-scoped key, whose extension says its media type.

    Raises ``StorageUnavailable``, or ``StaleAttempt`` if another object has the key.
    """
    claim = lease.claim
    size, sha256 = output.stat().st_size, sha256_of(output, lease)
    metadata = {"attempt": str(claim.attempt), "sha256": sha256}
    give_up = None
    while True:
        try:
            _write(output, store, lease, key, size, metadata)
            return Published(key, size, sha256)
        except StorageRefused:
            raise
        except StorageUnavailable:
            give_up = give_up or time.monotonic() + PATIENCE_S
            if time.monotonic() > give_up:
                raise
            lease.check()
            time.sleep(PAUSE_S)


def media_type(key: str) -> str:
    """By the extension of a key."""
    return CONTENT_TYPES.get(key.rpartition(".")[2], UNKNOWN_TYPE)


def _write(output: Path, store: Writer, lease: Lease, key: str, size: int, metadata: dict[str, str]) -> None:
    bucket, content_type = lease.claim.converted_bucket, media_type(key)
    try:
        with _Watched(output, lease) as body:
            if size <= SINGLE_PUT_BYTES:
                store.put_once(bucket, key, body, content_type, metadata)
            else:
                store.put_parts_once(bucket, key, body, content_type, metadata, PART_BYTES)
    except ObjectExists:
        _require_ours(store, bucket, key, size, metadata)


def _require_ours(store: Writer, bucket: str, key: str, size: int, metadata: dict[str, str]) -> None:
    """An object is already there: fine if an earlier try of this attempt wrote it and the answer was lost."""
    info, found = store.head(bucket, key)
    if (info.size, found.get("attempt"), found.get("sha256")) != (size, metadata["attempt"], metadata["sha256"]):
        raise StaleAttempt


def sha256_of(path: Path, lease: Lease) -> str:
    """SHA-256 of a file, in hex; reading it is progress."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(4 * 1024**2):
            digest.update(chunk)
            lease.beat()
    return digest.hexdigest()


class _Watched(io.FileIO):
    """A file whose reads count as progress, and which stops being read when the attempt must end."""

    def __init__(self, path: Path, lease: Lease) -> None:
        super().__init__(path, "rb")
        self._lease = lease

    def read(self, size: int | None = -1) -> bytes:
        self._lease.watch(True)
        return super().read(size)
