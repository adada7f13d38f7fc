"""Log lines are events with ids, one JSON object each, with the field names of Powertools for AWS Lambda.

``event("stage.done", transaction_id=…, stage="probe", ms=120)`` writes ``level``, ``message`` (the event's name),
``timestamp``, ``service``, ``correlation_id`` (the transaction's id) and the fields; with ``exc_info`` also
``exception`` and ``exception_name``. A presigned URL, a token or a password never enters a line: log ids and figures,
not requests. What a foreign error says all the same, ``masking`` takes out.
"""

import json
import logging
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, TextIO

from functions.shared.masking import masked

LOGGER = logging.getLogger("bucket265")
CORRELATED_BY = "transaction_id"

Fields = dict[str, Any]
_context: ContextVar[Fields | None] = ContextVar("fields of the request", default=None)
_PLAIN = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime", "color_message"}
"""What every record of the standard library has; the rest are fields."""


def event(name: str, *, level: int = logging.INFO, exc_info: bool = False, **fields: Any) -> None:
    """Log one event with its fields; those without a value are left out."""
    if LOGGER.isEnabledFor(level):
        given = {key: _plain(value) for key, value in fields.items() if value is not None}
        if CORRELATED_BY in given:
            given["correlation_id"] = given.pop(CORRELATED_BY)
        LOGGER.log(level, name, exc_info=exc_info, extra=(_context.get() or {}) | given)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    return value if isinstance(value, (str, int, list)) else str(value)


def begin(**fields: Any) -> None:
    """From here on, each line of this task (a request, an invocation) and of what it starts carries these fields."""
    _context.set(dict(fields))


def about(*transaction_ids: object) -> None:
    """The request turned out to be about these transactions: its further lines say so."""
    fields = _context.get()
    if fields is None or not transaction_ids:
        return
    if len(transaction_ids) == 1:
        fields["correlation_id"] = str(transaction_ids[0])
    else:
        fields["transaction_ids"] = [str(one) for one in transaction_ids]


_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


def serialize(line: Mapping[str, Any]) -> str:
    """One line. Only ASCII: no value can end the line, or look in a terminal like something else."""
    return masked(_encode(line))


class JsonFormatter(logging.Formatter):
    """The keys of Powertools' formatter at half its cost: a busy server writes thousands of lines a second."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        line: Fields = {
            "level": record.levelname,
            "message": record.getMessage(),
            "timestamp": self.formatTime(record),
            "service": self._service,
        }
        line |= {key: value for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = self.formatException(record.exc_info)
            line["exception_name"] = record.exc_info[0].__name__
            if notes := getattr(record.exc_info[1], "__notes__", None):
                line["exception_notes"] = notes
        return serialize(line)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """RFC 3339 in UTC. The text of a second is made once."""
        second, text = self._second
        if second != int(record.created):
            second = int(record.created)
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{int(record.msecs):03d}+00:00"


def is_configured() -> bool:
    """Whether this process has chosen where its lines go."""
    return LOGGER.level != logging.NOTSET


def configure(service: str, stream: TextIO | None = None) -> None:
    """Send our events and other loggers' warnings to standard error, as lines of ``service``."""
    configure_with(JsonFormatter(service), stream)


def configure_with(formatter: logging.Formatter, stream: TextIO | None = None) -> None:
    """``configure`` with another formatter."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(logging.INFO)
    # Facts that our lines do not show; looking them up is half the cost of a line.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    vars(logging)["logAsyncioTasks"] = False  # of Python 3.12
