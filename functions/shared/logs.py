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


def configure() -> None:
    """Send our events and other loggers' warnings to standard error, once per process."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(logging.INFO)
