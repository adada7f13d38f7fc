"""Giving failed transactions a fresh attempts budget; whoever asks for it sends their events."""

from uuid import UUID

from functions.shared.transactions import Source
from functions.shared.upkeep import Upkeep


class NotRedriven(Exception):
    """The transaction stays as it is; the message says why."""


def redriven(upkeep: Upkeep, transaction: UUID) -> Source:
    """Take a failed transaction up again; the object to send the event of. Raises ``NotRedriven``.

    If that event is lost, the reconciler finds the row waiting and sends it.
    """
    source = upkeep.redrive(transaction)
    if source is None:
        raise NotRedriven(_why_not(upkeep.status(transaction)))
    return source


def _why_not(status: str | None) -> str:
    if status is None:
        return "unknown: there is no such transaction"
    if status == "Failed":
        return "nothing to redrive: no file was ever stored for it"
    return f"not failed: it is {status}"
