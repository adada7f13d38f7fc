"""SQS-shaped records in, ``batchItemFailures`` out: translates, never decides.

AWS Lambda calls ``handler`` with records of an SQS queue; the worker of a desk calls the same function with records
that it makes of JetStream messages. What shall happen to a record beyond failing it (a delay, a dead letter) goes to
the ``redelivery`` that a worker's context brings; without one, the queue's own visibility and redrive policy decide.
"""

from functools import cache
from typing import Any, Protocol

from functions.converter.converter import Converter, DeadLetter, Done, Later, Outcome
from functions.converter.inspection import Inspector
from functions.converter.lease import Clock, Deadline
from functions.converter.pipeline import Deps
from functions.converter.slots import EncodeSlots
from functions.shared import logs, wiring
from functions.shared.events import MalformedEvent, ObjectCreated, object_created
from functions.shared.invocation import invocation
from functions.shared.settings import settings
from functions.shared.transactions import transaction_of


class Redelivery(Protocol):
    """How the queue behind a record takes a wish."""

    def later(self, record: dict[str, Any], delay_s: float) -> None:
        """Deliver the record again, not before ``delay_s``."""

    def dead_letter(self, record: dict[str, Any], reason: str) -> None:
        """Put the record aside: no delivery can succeed."""


class Context(Protocol):
    """What the handler needs of its caller's context; a worker's also has ``clock`` and ``redelivery``."""

    def get_remaining_time_in_millis(self) -> int: ...


@cache
def converter() -> Converter:
    """This process's converter, with warm parts."""
    return Converter(
        Deps(
            settings=settings(),
            transactions=wiring.transactions(),
            storage=wiring.storage(),
            inspector=Inspector(),
            slots=EncodeSlots(),
        )
    )


@invocation("converter")
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Convert what the records name; a record that fails is named, the others are done."""
    failures = []
    for record in event["Records"]:
        try:
            settled = [_settle(outcome, record, context) for outcome in _outcomes(record, context)]
            done = all(settled)
        except Exception:
            logs.event("record.failed", level=40, exc_info=True, message_id=record["messageId"])
            done = False
        if not done:
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def _outcomes(record: dict[str, Any], context: Context) -> list[Outcome]:
    try:
        created = object_created(record["body"])
    except MalformedEvent as exc:
        logs.event("event.malformed", level=30, message_id=record["messageId"], why=exc)
        return []
    clock: Clock = getattr(context, "clock", None) or Clock()
    deadline = Deadline.after(context.get_remaining_time_in_millis() / 1000)
    return [_outcome(one, record["messageId"], clock, deadline) for one in created]


def _outcome(created: ObjectCreated, message_id: str, clock: Clock, deadline: Deadline) -> Outcome:
    outcome = converter().handle(created, message_id, clock, deadline)
    logs.event("record", transaction_id=transaction_of(created.key), message_id=message_id, outcome=outcome.outcome)
    return outcome


def _settle(outcome: Outcome, record: dict[str, Any], context: Context) -> bool:
    redelivery: Redelivery | None = getattr(context, "redelivery", None)
    match outcome:
        case Done():
            return True
        case Later(delay_s) if redelivery:
            redelivery.later(record, delay_s)
        case DeadLetter(reason) if redelivery:
            redelivery.dead_letter(record, reason)
    return False
