"""SQS-shaped records in, ``batchItemFailures`` out: translates, never decides.

AWS Lambda calls ``handler`` with records of an SQS queue; the worker of a desk calls the same function with records
that it makes of JetStream messages. What shall happen to a record beyond failing it (a delay, a dead letter) goes to
the ``redelivery`` that a worker's context brings, for a record of SQS to that queue itself.
"""

from functools import cache
from typing import Any, Protocol

from functions.converter import sandbox
from functions.converter.converter import Converter, DeadLetter, Later, Outcome
from functions.converter.deadline import Deadline
from functions.converter.deps import Deps
from functions.converter.inspection import Inspector
from functions.converter.lease import Clock
from functions.converter.slots import EncodeSlots
from functions.converter.sqs import SqsRedelivery
from functions.shared import logs, wiring
from functions.shared.events import MalformedEvent, ObjectCreated, object_created
from functions.shared.invocation import invocation
from functions.shared.settings import settings
from functions.shared.transactions import transaction_of


class Redelivery(Protocol):
    """How the queue behind a record takes a wish."""

    def later(self, record: dict[str, Any], delay_s: float) -> None:
        """Deliver the record again, not before ``delay_s``."""

    def dead_letter(self, record: dict[str, Any], reason: str) -> bool:
        """Put the record aside: no delivery can succeed. True if that is done, and the record with it."""

    def crashed(self, record: dict[str, Any]) -> None:
        """The record could not be judged: no row could be read, or we made a mistake."""


class Context(Protocol):
    """What the handler needs of its caller's context; a worker's also has ``clock`` and ``redelivery``."""

    def get_remaining_time_in_millis(self) -> int: ...


@cache
def converter() -> Converter:
    """This process's converter, with warm parts. Its environment, which has secrets, is hidden from other processes."""
    sandbox.hide_environment()
    own = settings()
    return Converter(
        Deps(
            settings=own,
            transactions=wiring.transactions(),
            storage=wiring.storage(),
            inspector=Inspector(),
            slots=EncodeSlots(own.worker_concurrency, own.worker_memory_bytes),
        )
    )


@invocation("converter")
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Convert what the records name; a record that fails is named, the others are done."""
    call_s = _left_s(context)
    done = {record["messageId"]: _process(record, context, call_s) for record in event["Records"]}
    return {"batchItemFailures": [{"itemIdentifier": one} for one, is_done in done.items() if not is_done]}


def _process(record: dict[str, Any], context: Context, call_s: float) -> bool:
    """Whether the record is done."""
    redelivery: Redelivery = getattr(context, "redelivery", None) or SqsRedelivery()
    try:
        converter().tidy()
        return _settle(_outcomes(record, context, call_s), record, redelivery)
    except Exception:
        logs.event("record.failed", level=40, exc_info=True, message_id=record["messageId"])
        redelivery.crashed(record)
        return False


def _outcomes(record: dict[str, Any], context: Context, call_s: float) -> list[Outcome]:
    try:
        created = object_created(record["body"])
    except MalformedEvent as exc:
        logs.event("event.malformed", level=30, message_id=record["messageId"], why=exc)
        return []
    clock: Clock = getattr(context, "clock", None) or Clock()
    budget_s = settings().conversion_budget_s
    return [
        _outcome(one, record["messageId"], clock, Deadline.of_call(_left_s(context), budget_s, call_s))
        for one in created
    ]


def _left_s(context: Context) -> float:
    return context.get_remaining_time_in_millis() / 1000


def _outcome(created: ObjectCreated, message_id: str, clock: Clock, deadline: Deadline) -> Outcome:
    outcome = converter().handle(created, message_id, clock, deadline)
    logs.event("record", transaction_id=transaction_of(created.key), message_id=message_id, outcome=outcome.outcome)
    return outcome


def _settle(outcomes: list[Outcome], record: dict[str, Any], redelivery: Redelivery) -> bool:
    """Whether the record is done. Its objects share its way: the last of them to be ready decides."""
    delays = [outcome.delay_s for outcome in outcomes if isinstance(outcome, Later)]
    dead = [outcome.outcome for outcome in outcomes if isinstance(outcome, DeadLetter)]
    if delays:
        redelivery.later(record, max(delays))
        return False
    return redelivery.dead_letter(record, dead[0]) if dead else True
