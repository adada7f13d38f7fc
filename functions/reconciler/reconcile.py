"""Finds rows and objects that disagree and re-issues the event: no upload is lost because a message was.

A waiting row looks the same whether its event was lost or stands in a long queue, so the pauses between two looks at
a row double; an event too many is a no-op. What dead attempts left in storage is removed once their row has ended.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from functions.shared import logs, metrics
from functions.shared.database import Row
from functions.shared.errors import StorageRefused
from functions.shared.settings import Settings
from functions.shared.storage import ObjectInfo, Storage
from functions.shared.storage_errors import ObjectMissing
from functions.shared.transactions import Source, attempt_of, reissue_wait_s
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
                if not self._bearable("reconcile", row, self._look_at):
                    self._look_again(row)
            for row in self.upkeep.unswept(1.5 * self.settings.lease_s, BATCH):
                self._bearable("sweep", row, self._sweep)
        metrics.RECONCILER_PASSES.add()

    def _bearable(self, what: str, row: Row, work: Callable[[Row], None]) -> bool:
        """Whether the work was done. One bad row does not keep the others waiting; an outage ends the pass."""
        try:
            work(row)
        except (StorageRefused, ObjectMissing) as exc:
            logs.event(f"{what}.failed", level=40, transaction_id=row["transaction_id"], detail=exc)
            return False
        return True

    def _look_at(self, row: Row) -> None:
        """An object that was heard of is not looked for: if it is gone by now, the conversion says so."""
        if row["source_etag"] is not None:
            self._reissue(row, source_of(row))
            return
        found = self._object(row)
        if found is None:
            self._still_missing(row)
        elif found.age_s < EVENT_GRACE_S:
            self.upkeep.reconciled(_id(row), row["reissues"], EVENT_GRACE_S)
        else:
            source = Source(row["uploads_bucket"], found.key, found.size, found.etag)
            self._reissue(row, source)
            self.upkeep.note_found(source)

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
        self._look_again(row)
        metrics.REISSUED.add()
        logs.event("reissued", transaction_id=row["transaction_id"], status=row["status"], times=row["reissues"] + 1)

    def _look_again(self, row: Row) -> None:
        self.upkeep.reconciled(_id(row), row["reissues"] + 1, reissue_wait_s(row["reissues"] + 1))

    def _sweep(self, row: Row) -> None:
        """Remove what the row's attempts left, but the output that it names and what lies beside that.

        Of these attempts only: a redrive may have begun another one since the row was read.
        """
        bucket, prefix = row["converted_bucket"], f"{row['transaction_id']}/"
        ended = range(1, row["attempt"] + 1)
        completed = attempt_of(row["stored_path_converted"] or "")
        for item in self.storage.list_prefix(bucket, prefix):
            if attempt_of(item.key) in ended and attempt_of(item.key) != completed:
                self.storage.delete(bucket, item.key)
                metrics.SWEPT.add()
                logs.event("output.swept", transaction_id=row["transaction_id"], key=item.key)
        for key, upload_id in self.storage.unfinished_uploads(bucket, prefix):
            if attempt_of(key) in ended:
                self.storage.abort_upload(bucket, key, upload_id)
        self.upkeep.swept(_id(row))


def _id(row: Row) -> UUID:
    return UUID(str(row["transaction_id"]))
