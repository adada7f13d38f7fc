"""The reconciler as tests run it: one pass, what it re-issued, and rows whose time has come."""

from collections.abc import Callable
from uuid import UUID

from functions.reconciler.reconcile import Reconciler
from functions.shared.database import Row
from functions.shared.settings import settings
from functions.shared.transactions import NewTransaction, Source
from functions.shared.wiring import database, storage, upkeep


class Events(list[str]):
    """Keys of the events that a reconciler re-issued."""

    def take(self, source: Source) -> None:
        self.append(source.key)


def reconciler(reissue: Callable[[Source], None]) -> Reconciler:
    return Reconciler(settings(), upkeep(), storage(), reissue)


def one_pass() -> Events:
    """Run it once over all rows that are due."""
    events = Events()
    reconciler(events.take).run()
    return events


def change(transaction_id: UUID, assignments: str) -> None:
    """Change a row as time, or somebody's hand, would."""
    database().rows(f"UPDATE transactions SET {assignments} WHERE transaction_id = '{transaction_id}'")  # noqa: S608


def make_due(row: NewTransaction) -> None:
    """Time passes until the reconciler looks at the row again, before any other."""
    change(row.transaction_id, "reconcile_at = 'epoch', retry_at = NULL")


def read(row: NewTransaction) -> Row:
    """The row, and in ``wait_s`` how long until the reconciler looks at it."""
    columns = "*, extract(epoch FROM reconcile_at - now())::float AS wait_s"
    sql = f"SELECT {columns} FROM transactions WHERE transaction_id = '{row.transaction_id}'"  # noqa: S608
    return database().rows(sql)[0]
