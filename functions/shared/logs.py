"""Log lines are events with ids, as logfmt: ``stage.done transaction_id=… stage=probe ms=120``.

A presigned URL, a token or a password never enters a line: log ids and figures, not requests.
"""

import logging
import re
import sys
import time
from typing import Any

LOGGER = logging.getLogger("bucket265")
NEEDS_QUOTES = re.compile('[ "=]')


def event(name: str, *, level: int = logging.INFO, exc_info: bool = False, **fields: Any) -> None:
    """Log one event with its fields."""
    if LOGGER.isEnabledFor(level):
        pairs = " ".join(f"{key}={_value(value)}" for key, value in fields.items() if value is not None)
        LOGGER.log(level, "%s %s", name, pairs, exc_info=exc_info)


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    text = str(value)
    if text and text.isprintable() and not NEEDS_QUOTES.search(text):
        return text
    return '"' + text.encode("unicode_escape").decode().replace('"', '\\"') + '"'


class _Formatter(logging.Formatter):
    """``2026-03-01T12:00:00.123Z INFO event …``. The text of a second is made once: a busy server logs thousands."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._second = (0, "")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        second, text = self._second
        if second != int(record.created):
            second = int(record.created)
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{int(record.msecs):03d}Z"


def configure() -> None:
    """Send our events and other loggers' warnings to standard error, once per process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(logging.INFO)
    # Facts that our lines do not show; looking them up is half the cost of a line.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
