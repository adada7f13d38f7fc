"""Reading back what was logged: one JSON object a line, between lines of other kinds."""

import json
from typing import Any

Line = dict[str, Any]


def log_lines(text: str, message: str | None = None, **fields: Any) -> list[Line]:
    """Lines of ours in ``text``: of one event, and with these values."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith('{"level":')]
    return [
        line
        for line in lines
        if message in (None, line["message"]) and all(line.get(key) == value for key, value in fields.items())
    ]
