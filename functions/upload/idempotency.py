"""``Idempotency-Key``: a request sent again under the same key is the same request."""

import hashlib
import json
import re
from typing import Any
from uuid import UUID, uuid5

from functions.shared.errors import InvalidRequest

ENDPOINT = "POST /upload"


def checked_key(header: str | None) -> str | None:
    """The header's value, or None without one; raises ``InvalidRequest`` for one that cannot be a key."""
    if header is not None and not re.fullmatch(r"[\x21-\x7e]{1,255}", header):
        raise InvalidRequest("Idempotency-Key must be 1 to 255 printable ASCII characters without spaces.")
    return header


def fingerprint(request: Any) -> str:
    """SHA-256 of the canonical JSON of a request."""
    text = json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def keyed_id(user_id: UUID, key: str, index: int) -> UUID:
    """Transaction id of the ``index``-th file of a form sent under ``key``.

    A form is known to be a repeat only at its end. As both have the same ids, they store under the same key of
    storage, where the second one to end finds the object; and one that died half-way is finished by its repeat.
    """
    return uuid5(user_id, f"{ENDPOINT}\n{key}\n{index}")
