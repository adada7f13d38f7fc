"""A scheduled event in: one pass of the reconciler. An operator's ``{"redrive": …}`` in: failed ones again."""

from typing import Any, Protocol
from uuid import UUID

from functions.reconciler.reconcile import Reconciler
from functions.reconciler.redrive import NotRedriven, redriven
from functions.shared import logs, wiring
from functions.shared.invocation import invocation
from functions.shared.queue import QueueUnavailable
from functions.shared.reissue import object_created_json
from functions.shared.settings import settings
from functions.shared.transactions import Source

STOP_BEFORE_END_S = 10.0
SHAPE = '{"redrive": ["<transaction id>", …]} or {"redrive": "all"}'


class MalformedRequest(Exception):
    """An operator's event that says something else than ``SHAPE``."""


class Context(Protocol):
    """What we need of AWS Lambda's context."""

    def get_remaining_time_in_millis(self) -> int: ...


@invocation("reconciler")
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """What was done, for an operator's eyes."""
    if "redrive" in event:
        return _redrive(_ids(event["redrive"]), context)
    Reconciler(settings(), wiring.upkeep(), wiring.storage(), _reissue).run()
    return {"reconciled": True}


def _reissue(source: Source) -> None:
    wiring.uploads_queue().send(object_created_json(source).decode())


def _ids(asked: Any) -> list[UUID]:
    if asked == "all":
        return wiring.upkeep().failed_ids()
    if not isinstance(asked, list) or not asked:
        raise MalformedRequest(f"say {SHAPE}")
    try:
        return [UUID(one) for one in asked]
    except (AttributeError, TypeError, ValueError):
        raise MalformedRequest(f"what is to be redriven must be transaction ids: say {SHAPE}") from None


def _redrive(ids: list[UUID], context: Context) -> dict[str, Any]:
    """Row first, then event: a transaction whose event the queue did not take waits for the reconciler to send it.

    Before the time ends we stop; what is left is still ``Failed`` and can be asked for again.
    """
    queue = wiring.uploads_queue()  # before any row is touched
    done: list[str] = []
    refused: dict[str, str] = {}
    for number, one in enumerate(ids):
        if context.get_remaining_time_in_millis() < STOP_BEFORE_END_S * 1000:
            return _answer(done, refused, left=len(ids) - number)
        try:
            source = redriven(wiring.upkeep(), one)
            done.append(str(one))
            queue.send(object_created_json(source).decode())
        except NotRedriven as exc:
            refused[str(one)] = str(exc)
        except QueueUnavailable as exc:
            logs.event("redrive.not_sent", level=40, transaction_id=one, why=exc)
    return _answer(done, refused, left=0)


def _answer(done: list[str], refused: dict[str, str], left: int) -> dict[str, Any]:
    logs.event("redriven", count=len(done), refused=len(refused), left=left)
    return {"redriven": done, "not_redriven": refused, "left": left}
