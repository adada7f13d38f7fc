"""``POST /upload`` with JSON, as a client sends it."""

import json
from typing import Any

import httpx

from tests.support.http import Api

FILE = {"filename": "holiday.mov", "content_type": "video/quicktime", "size": 12}


def declare(api: Api, user_id: str, body: Any, key: str | None = None) -> httpx.Response:
    """Declare ``body``: JSON, or bytes as they are. ``key`` is the idempotency key."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key})
    return api.request("POST", "/upload", params={"user_id": user_id}, headers=headers, content=content)
