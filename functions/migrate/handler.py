"""CloudFormation's custom resource: migrates the database at deploy, and always answers, with the reason if it fails.

A stack whose resource never answers hangs for its whole timeout, so a watchdog answers when our time runs out.
"""

import threading
from typing import Any, Protocol

import psycopg2

from functions.migrate.reply import Reply
from functions.shared import logs, wiring
from functions.shared.errors import DatabaseUnavailable
from functions.shared.invocation import invocation
from functions.shared.masking import masked
from functions.shared.settings import SettingsError

ANSWER_BEFORE_END_S = 10.0
ANSWER_SHARE = 0.2
"""The smaller one of both is kept for the watchdog's answer."""

WAITING = "the migration did not end in time: look for a session that holds locks on the tables, then deploy again"


class Context(Protocol):
    """What we need of AWS Lambda's context."""

    def get_remaining_time_in_millis(self) -> int: ...


@invocation("migrate")
def handler(event: dict[str, Any], context: Context) -> None:
    """Create and Update migrate, Delete leaves the data where it is."""
    reply = Reply(event)
    left_s = context.get_remaining_time_in_millis() / 1000
    watchdog = threading.Timer(left_s - min(ANSWER_BEFORE_END_S, ANSWER_SHARE * left_s), reply.failed, [WAITING])
    watchdog.daemon = True
    watchdog.start()
    try:
        reply.succeeded(_carried_out(event["RequestType"]))
    except Exception as exc:
        logs.event("migration.failed", level=40, exc_info=True)
        reply.failed(reason(exc))
    finally:
        watchdog.cancel()
        reply.failed("the function was ended from outside: look at its log")


def _carried_out(request_type: str) -> str:
    if request_type == "Delete":
        return "the database stays as it is"
    from functions.migrate.migrate import migrate, newest_version  # whatever goes wrong here is answered as well

    migrate(wiring.database_address().url())
    return f"the database is at version {newest_version()}"


def reason(exc: Exception) -> str:
    """Cause and remedy in one sentence, for the stack's events."""
    if isinstance(exc, DatabaseUnavailable) and exc.__cause__:
        return masked(str(exc.__cause__))
    if isinstance(exc, SettingsError):
        return masked(str(exc))
    cause = getattr(exc, "orig", None) or exc  # SQLAlchemy's own errors carry the driver's
    first_line = masked(" ".join(str(cause).split()))
    if isinstance(cause, psycopg2.OperationalError):
        return (
            f"the database does not let us in: {first_line}; check host, port and password in its secret, and that its"
            " security group admits this function"
        )
    return f"a migration failed and changed nothing: {type(cause).__name__}: {first_line}"
