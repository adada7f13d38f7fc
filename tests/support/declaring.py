"""``POST /upload`` with JSON, as a client sends it."""

import json
from typing import Any

import httpx

from tests.support.http import Api

FILE = {"filename": "holiday.mov", "content_type": "video/quicktime", "size": 12}
DEFAULTS: dict[str, Any] = {
    "preset": "veryfast", "parameters": "", "crf": 26.0, "quality": None, "vmaf": None, "floor": None, "speed": None,
    "max_height": None, "container": "mp4", "audio": "auto", "keep": [], "require": [], "previews": "on",
}  # fmt: skip
"""Options of a row whose client asked for none, where the operator has set what ``FIXED`` of the servers has."""


def declare(api: Api, user_id: str, body: Any, key: str | None = None) -> httpx.Response:
    """Declare ``body``: JSON, or bytes as they are. ``key`` is the idempotency key."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key})
    return api.request("POST", "/upload", params={"user_id": user_id}, headers=headers, content=content)
