"""CloudFormation's custom resource: the database is brought to the newest version while a stack is made or updated.

CloudFormation waits for an answer, for an hour if none comes: so there is always one, whatever happens.
"""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from functions.shared import logs, wiring
from functions.shared.errors import Bucket265Error
from functions.shared.invocation import invocation
from functions.shared.masking import masked

PHYSICAL_ID = "bucket265-schema"
"""The same for ever: another one would make CloudFormation delete what was before."""

RESERVE_S = 20.0
"""Of the function's time, for the answer."""

ANSWER_WITHIN_S = 10
REASON_CHARACTERS = 800
REMEDY = "Correct that (secret, network, rights or data) and deploy again; this function's log group has the details."


@invocation("migrate")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Migrate on Create and Update; Delete leaves the database alone. The answer is what CloudFormation was told."""
    answer = _Answer(event)
    with _told_in_time(answer, context.get_remaining_time_in_millis() / 1000 - RESERVE_S):
        if event["RequestType"] == "Delete":
            return answer.give("SUCCESS", "the database stays as it is")
        try:
            from functions.migrate.migrate import migrate, newest_version

            migrate(wiring.database_address().url())
            return answer.give("SUCCESS", f"the database is at version {newest_version()}")
        except Exception as exc:
            logs.event("migration.failed", level=40, exc_info=True)
            return answer.give("FAILED", _reason(exc))


def _reason(exc: BaseException) -> str:
    """What an operator reads in the stack's events: the cause and, where we know it, the remedy."""
    root = exc.__cause__ if isinstance(exc, Bucket265Error) and exc.__cause__ else exc
    said = " ".join(masked(str(root)).split()) or type(root).__name__
    return f"The database could not be migrated: {said[:REASON_CHARACTERS]}. {REMEDY}"


class _Answer:
    """Given once: by the handler, or by the watch that sees its time run out."""

    def __init__(self, event: dict[str, Any]) -> None:
        self._event = event
        self._lock = threading.Lock()
        self._given: dict[str, Any] | None = None

    def give(self, status: str, reason: str) -> dict[str, Any]:
        with self._lock:
            if self._given is None:
                self._given = {
                    "Status": status,
                    "Reason": reason,
                    "PhysicalResourceId": PHYSICAL_ID,
                    **{name: self._event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
                }
                logs.event("migration.answered", status=status, reason=reason)
                self._send(self._given)
            return self._given

    def _send(self, body: dict[str, Any]) -> None:
        """To the presigned URL of the event, whose signature allows no content type."""
        request = urllib.request.Request(  # noqa: S310 - CloudFormation's own address
            self._event["ResponseURL"], json.dumps(body).encode(), {"Content-Type": ""}, method="PUT"
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S):  # noqa: S310
                return
        except OSError as exc:
            logs.event("migration.not_answered", level=40, why=type(exc).__name__)


@contextmanager
def _told_in_time(answer: _Answer, seconds: float) -> Iterator[None]:
    """CloudFormation hears of a migration that takes too long while we still can speak."""
    late = (
        "it takes longer than the function's timeout. A statement may wait for a lock: end what holds it, deploy again."
    )
    watch = threading.Timer(seconds, answer.give, ("FAILED", f"The database could not be migrated: {late}"))
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
