"""One file of a form on its way into storage: 8 MiB parts, one in flight while the next one arrives."""

import asyncio
import hashlib
import time
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from functions.shared import logs
from functions.shared.errors import StorageUnavailable
from functions.shared.storage import Storage
from functions.shared.storage_errors import ObjectExists, ObjectMissing
from functions.shared.transactions import source_key

PART_BYTES = 8 * 1024**2
COMPLETE_PAUSES_S = (0.5, 2.0)
"""Between the tries of the last request, on which the whole upload hangs."""


class IncomingFile:
    """Nothing is seen in storage before ``complete``; until then ``abort`` takes everything back."""

    def __init__(
        self,
        storage: Storage,
        bucket: str,
        transaction_id: UUID,
        filename: str,
        content_type: str,
    ) -> None:
        self.transaction_id = transaction_id
        self.filename = filename
        self.content_type = content_type
        self.size = 0
        self._storage = storage
        self._bucket = bucket
        self._key = source_key(transaction_id)
        self._digest = hashlib.sha256()
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._etags: list[str] = []
        self._in_flight: asyncio.Task[None] | None = None

    @property
    def sha256(self) -> str:
        """Of the bytes so far."""
        return self._digest.hexdigest()

    async def write(self, data: bytes) -> None:
        """Take the next bytes; waits while two parts are in memory."""
        self.size += len(data)
        self._digest.update(data)
        start = 0
        while start < len(data):
            end = start + PART_BYTES - len(self._buffer)
            self._buffer += data[start:end]
            start = end
            if len(self._buffer) == PART_BYTES:
                await self._send_part()

    async def finish(self) -> None:
        """Bring the rest to storage; still nothing is seen there."""
        if self._buffer:
            await self._send_part()
        await self._landed()

    def complete(self) -> None:
        """Make the object; blocks. Raises ``StorageUnavailable`` after a few tries."""
        for pause_s in (*COMPLETE_PAUSES_S, None):
            try:
                self._complete_once()
                return
            except StorageUnavailable:
                if pause_s is None:
                    raise
                time.sleep(pause_s)

    async def abort(self) -> None:
        """Take back what is in storage, as far as it answers; what then remains, storage itself ends in a day."""
        if self._in_flight is not None:
            await asyncio.gather(self._in_flight, return_exceptions=True)
        await run_in_threadpool(self.give_up)

    def give_up(self) -> None:
        """``abort`` for a file that has been finished; blocks."""
        if self._upload_id is None:
            return
        try:
            self._storage.abort_upload(self._bucket, self._key, self._upload_id)
        except StorageUnavailable:
            logs.event("upload.abort_failed", level=30, exc_info=True, transaction_id=self.transaction_id)

    async def _send_part(self) -> None:
        """All parts but the last are equal: some storages insist, and the same file then has the same ETag."""
        part, self._buffer = self._buffer, bytearray()
        await self._landed()
        self._in_flight = asyncio.create_task(run_in_threadpool(self._put_part, part))

    async def _landed(self) -> None:
        """Wait for the part in flight; raises what went wrong with it."""
        if self._in_flight is not None:
            await asyncio.shield(self._in_flight)

    def _put_part(self, part: bytearray) -> None:
        if self._upload_id is None:
            self._upload_id = self._storage.begin_upload(self._bucket, self._key, self.content_type)
        number = len(self._etags) + 1
        self._etags.append(self._storage.put_part(self._bucket, self._key, self._upload_id, number, part))

    def _complete_once(self) -> None:
        try:
            self._storage.complete_upload(self._bucket, self._key, self._upload_id or "", self._etags)
        except ObjectExists:
            # The key is this transaction's alone: an earlier try whose answer was lost, or the same form sent twice.
            self.give_up()
        except ObjectMissing as exc:
            if not self._storage.list_prefix(self._bucket, self._key):
                raise StorageUnavailable("the upload is gone") from exc
