"""Finds rows and objects that disagree and re-issues the event: no upload is lost because a message was.

A waiting row looks the same whether its event was lost or stands in a long queue, so the pauses between two looks at
a row double; an event too many is a no-op. What dead attempts left in storage is removed once their row has ended.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from functions.shared import logs
from functions.shared.database import Row
from functions.shared.errors import Bucket265Error, DatabaseUnavailable, StorageUnavailable
from functions.shared.settings import Settings
from functions.shared.storage import ObjectInfo, Storage
from functions.shared.transactions import Source, reissue_wait_s
from functions.shared.upkeep import Upkeep, source_of

LOCK_KEY = 265_002
BATCH = 200
EVENT_GRACE_S = 10.0
"""Storage sends an event up to 3 s after the PUT (MinIO polls its queue folder every 3 s)."""
LATE_LOOK_S = 300.0
"""Longest pause between two looks for an object that did not come yet."""


@dataclass(frozen=True)
class Reconciler:
    """``reissue`` puts an object-created event into the queue and returns when the queue has it."""

    settings: Settings
    upkeep: Upkeep
    storage: Storage
    reissue: Callable[[Source], None]

    def run(self) -> None:
        """One pass, unless another worker is at it."""
        with self.upkeep.database.advisory_lock(LOCK_KEY) as held:
            if not held:
                return
            for row in self.upkeep.due(self.settings.expire_after_s, BATCH):
                self._guarded("reconcile", row, self._look_at)
            for row in self.upkeep.unswept(1.5 * self.settings.lease_s, BATCH):
                self._guarded("sweep", row, self._sweep)

    def _guarded(self, what: str, row: Row, work: Callable[[Row], None]) -> None:
        """One bad row does not keep the others waiting; an outage ends the pass."""
        try:
            work(row)
        except (StorageUnavailable, DatabaseUnavailable):
            raise
        except Bucket265Error as exc:
            logs.event(f"{what}.failed", level=40, transaction_id=row["transaction_id"], code=exc.code)

    def _look_at(self, row: Row) -> None:
        if row["status"] in ("Converting", "Retrying"):
            self._reissue(row, source_of(row))
            return
        found = self._object(row)
        if found is None:
            self._still_missing(row)
        elif found.age_s < EVENT_GRACE_S:
            self.upkeep.reconciled(_id(row), row["reissues"], EVENT_GRACE_S)
        else:
            self._reissue(row, Source(row["uploads_bucket"], found.key, found.size, found.etag))

    def _object(self, row: Row) -> ObjectInfo | None:
        """Listed, never read: a read waits for a PUT in flight."""
        key = row["stored_path_original"]
        return next((o for o in self.storage.list_prefix(row["uploads_bucket"], key) if o.key == key), None)

    def _still_missing(self, row: Row) -> None:
        """An expired row is looked at for a day after its link's end: an upload begun in time may still be running."""
        if row["status"] == "Pending" and row["overdue"] and self.upkeep.expire(_id(row), self.settings.expire_after_s):
            logs.event("expired", transaction_id=row["transaction_id"])
        wait_s = None if row["long_gone"] else min(LATE_LOOK_S, reissue_wait_s(row["reissues"]))
        self.upkeep.reconciled(_id(row), row["reissues"] + 1, wait_s)

    def _reissue(self, row: Row, source: Source) -> None:
        self.reissue(source)
        self.upkeep.reconciled(_id(row), row["reissues"] + 1, reissue_wait_s(row["reissues"] + 1))
        logs.event("reissued", transaction_id=row["transaction_id"], status=row["status"], times=row["reissues"] + 1)

    def _sweep(self, row: Row) -> None:
        """Remove every output of the row but the one that it names."""
        bucket, prefix = row["converted_bucket"], f"{row['transaction_id']}/"
        for item in self.storage.list_prefix(bucket, prefix):
            if item.key != row["stored_path_converted"]:
                self.storage.delete(bucket, item.key)
                logs.event("output.swept", transaction_id=row["transaction_id"], key=item.key)
        for key, upload_id in self.storage.unfinished_uploads(bucket, prefix):
            self.storage.abort_upload(bucket, key, upload_id)
        self.upkeep.swept(_id(row))


def _id(row: Row) -> UUID:
    return UUID(str(row["transaction_id"]))
