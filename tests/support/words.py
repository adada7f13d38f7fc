"""What a client reads of a failure is ours: a hint, and measured figures at most."""

import re
from typing import Any

from functions.shared.errors import PermanentError, RetryableError

HINTS = {kind.code: kind.hint for base in (PermanentError, RetryableError) for kind in base.__subclasses__()}
FIGURES = r"( \([\w ,;.%:+-]+\))?"
"""No slash and no quote: neither a path nor a name nor a link."""


def code_of(row: dict[str, Any]) -> str:
    """The error code of a row, whose reason must be our sentence with not a word of anybody else's."""
    assert re.fullmatch(re.escape(HINTS[row["error_code"]]) + FIGURES, row["error_reason"]), row["error_reason"]
    return str(row["error_code"])


def refused(row: dict[str, Any]) -> str:
    """The error code of a row that failed for good at the first attempt."""
    assert (row["status"], row["attempt"]) == ("Failed", 1)
    return code_of(row)
