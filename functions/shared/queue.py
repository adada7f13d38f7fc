"""A queue of SQS: what a function does with it beyond being called by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from functions.shared.errors import Bucket265Error


class QueueUnavailable(Bucket265Error):
    """``detail`` names the queue and, where a right is missing, which one. For the log."""

    code = "queue_unavailable"
    hint = "The queue did not answer."


class Queue:
    """Raises ``QueueUnavailable`` when SQS does not do what it is asked for."""

    def __init__(self, url: str, region: str) -> None:
        self._url = url
        self._region = region

    @cached_property
    def _client(self) -> Any:
        config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
        return Session().create_client("sqs", region_name=self._region, config=config)

    def send(self, body: str) -> None:
        with self._errors("SendMessage"):
            self._client.send_message(QueueUrl=self._url, MessageBody=body)

    def set_visibility(self, receipt_handle: str, seconds: int) -> None:
        """Let a message that was received stay hidden for so long from now on, at most 12 hours."""
        with self._errors("ChangeMessageVisibility"):
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )

    @contextmanager
    def _errors(self, action: str) -> Iterator[None]:
        try:
            yield
        except ClientError as exc:
            code = exc.response.get("Error", {}).get("Code", "")
            remedy = f"; allow this function's role sqs:{action} on it" if "AccessDenied" in code else ""
            raise QueueUnavailable(f"{self._url} refused {action}: {code}{remedy}") from exc
        except BotoCoreError as exc:
            raise QueueUnavailable(f"{self._url} did not answer {action}: {type(exc).__name__}") from exc
