"""Queues of SQS as AWS Lambda sees them: records that are received, hidden and shown again; and Lambda's context."""

import time
from typing import Any
from uuid import uuid4

from tests.support.aws import REGION, Aws
from tests.support.world import Event

HIDDEN_S = 5400
"""The queue's own visibility: ninety minutes."""


class LambdaContext:
    """All that AWS Lambda's context has for us."""

    function_name = "converter"
    aws_request_id = "8f2c"

    def __init__(self, seconds: float = 900) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._end - time.monotonic()) * 1000))


class Sqs:
    """Both queues, and their messages as Lambda gets them."""

    def __init__(self, aws: Aws) -> None:
        self._client = aws.client("sqs")
        self._aws_env = aws.env
        self.url = aws.queue(f"uploads-{uuid4().hex}", VisibilityTimeout=str(HIDDEN_S))
        self.dead_url = aws.queue(f"dead-{uuid4().hex}", VisibilityTimeout="0")

    @property
    def env(self) -> dict[str, str]:
        """What AWS and template.yaml give to a function that uses them."""
        return self._aws_env | {
            "UPLOADS_QUEUE_URL": self.url,
            "DEAD_LETTER_QUEUE_URL": self.dead_url,
            "S3_REGION": REGION,
        }

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self._client.send_message(QueueUrl=self.url, MessageBody=body)

    def receive(self) -> Event:
        """What is visible now, as an event."""
        messages = self._client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        return {"Records": [_record(message) for message in messages]}

    def dead(self) -> list[str]:
        """Bodies of the dead letters."""
        received = self._client.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10)
        return [message["Body"] for message in received.get("Messages", [])]

    def show(self, event: Event) -> None:
        """Time passes: the records may be received again."""
        for record in event["Records"]:
            self._client.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
            )


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:uploads",
        "awsRegion": "eu-central-1",
    }
