"""Reading back what was logged: one JSON object a line, between lines of other kinds."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from typing import Any

from functions.shared import logs

Line = dict[str, Any]


def log_lines(text: str, message: str | None = None, **fields: Any) -> list[Line]:
    """Lines of ours in ``text``: of one event, and with these values."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith('{"level":')]
    return [
        line
        for line in lines
        if message in (None, line["message"]) and all(line.get(key) == value for key, value in fields.items())
    ]


def spans_s(text: str, message: str) -> list[tuple[float, float]]:
    """When each event of a kind that tells its duration began and ended, in the order of beginning, in seconds."""
    ended = [
        (datetime.fromisoformat(one["timestamp"]).timestamp(), one["ms"] / 1000) for one in log_lines(text, message)
    ]
    return sorted((end - seconds, end) for end, seconds in ended)


@contextmanager
def captured(formatter: logging.Formatter | None = None) -> Iterator[StringIO]:
    """All that this process logs in the block, as it would go out."""
    root = logging.getLogger()
    handlers, level, own = root.handlers[:], root.level, logs.LOGGER.level
    stream = StringIO()
    try:
        logs.configure_with(formatter or logs.JsonFormatter("tests"), stream)
        yield stream
    finally:
        root.handlers[:], root.level = handlers, level
        logs.LOGGER.setLevel(own)
