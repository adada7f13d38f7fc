"""Dead-lettered records in: the row of each becomes ``Failed`` with the reason, unless somebody still works on it."""

from typing import Any

from functions.shared import logs, metrics, wiring
from functions.shared.errors import AttemptsExhausted
from functions.shared.events import MalformedEvent, object_created
from functions.shared.invocation import invocation
from functions.shared.transactions import ATTEMPTS_LIMIT, transaction_of

PREFIX = f"Gave up after {ATTEMPTS_LIMIT} attempts. "


@invocation("deadletter")
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Fail the rows that the records name. A record that cannot be written stays in the queue."""
    failures = []
    for record in event["Records"]:
        try:
            _fail_rows(record)
        except Exception:
            logs.event("record.failed", level=40, exc_info=True, message_id=record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def _fail_rows(record: dict[str, Any]) -> None:
    try:
        created = object_created(record["body"])
    except MalformedEvent as exc:
        logs.event("event.malformed", level=30, message_id=record["messageId"], why=exc)
        return
    for one in created:
        failed = wiring.upkeep().dead_letter(
            one.bucket, one.key, AttemptsExhausted.code, AttemptsExhausted.words(), PREFIX
        )
        metrics.DEAD_LETTERS.add()
        transaction_id = transaction_of(one.key)
        logs.event("dead_letter", transaction_id=transaction_id, message_id=record["messageId"], failed=failed)
