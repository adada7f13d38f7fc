"""The one answer to CloudFormation: a PUT to the link that its event carries."""

import json
import threading
import time
import urllib.request
from typing import Any

from functions.shared import logs
from functions.shared.settings import is_safe_url

RESOURCE_ID = "bucket265-schema"
"""Always the same: another id would make CloudFormation delete the resource that it replaces."""

REASON_CHARACTERS = 2000
"""The whole answer may have 4,096 bytes."""

TRIES = 3
TIMEOUT_S = 3.0
PAUSE_S = 0.2


class Reply:
    """Only the first answer is sent. Thread-safe."""

    def __init__(self, event: dict[str, Any]) -> None:
        self._event = event
        self._lock = threading.Lock()
        self._sent = False

    def succeeded(self, reason: str) -> None:
        self._send("SUCCESS", reason)

    def failed(self, reason: str) -> None:
        self._send("FAILED", reason)

    def _send(self, status: str, reason: str) -> None:
        with self._lock:
            if self._sent:
                return
            self._sent = True
            body = {
                "Status": status,
                "Reason": reason[:REASON_CHARACTERS],
                "PhysicalResourceId": self._event.get("PhysicalResourceId") or RESOURCE_ID,
                "StackId": self._event.get("StackId", ""),
                "RequestId": self._event.get("RequestId", ""),
                "LogicalResourceId": self._event.get("LogicalResourceId", ""),
            }
            self._put(json.dumps(body).encode())
            logs.event("migration.answered", status=status, reason=reason)

    def _put(self, body: bytes) -> None:
        """The link is presigned for an empty Content-Type. It is a secret: no log line has it."""
        url = str(self._event.get("ResponseURL", ""))
        if not is_safe_url(url):
            logs.event("migration.not_answered", level=40, why="the event has no ResponseURL by https")
            return
        for number in range(1, TRIES + 1):
            request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310
            try:
                urllib.request.urlopen(request, timeout=TIMEOUT_S).close()  # noqa: S310
            except OSError as exc:
                logs.event("migration.not_answered", level=40, number=number, why=type(exc).__name__)
                time.sleep(PAUSE_S)
            else:
                return
