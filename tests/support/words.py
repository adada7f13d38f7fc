"""What a client reads of a failure is ours: a hint, measured figures at most, and a remedy."""

import re
from typing import Any

from functions.shared.errors import catalogue

ENTRIES = {entry.code: entry for entry in catalogue()}
FIGURES = r"( \([\w ,;.%:+-]+\))?"
"""No slash and no quote: neither a path nor a name nor a link."""


def code_of(row: dict[str, Any]) -> str:
    """The error code of a row, whose reason must be our sentence with not a word of anybody else's."""
    entry = ENTRIES[row["error_code"]]
    wanted = re.escape(entry.hint.removesuffix(".")) + FIGURES + re.escape(f". {entry.remedy}")
    assert re.fullmatch(wanted, row["error_reason"]), row["error_reason"]
    return str(row["error_code"])


def refused(row: dict[str, Any]) -> str:
    """The error code of a row that failed for good at the first attempt."""
    assert (row["status"], row["attempt"]) == ("Failed", 1)
    return code_of(row)
