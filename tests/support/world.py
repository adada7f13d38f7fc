"""The converter's world: the real handler on real servers, with rows and objects made by the product's parts."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID, uuid4

import pytest

from functions.converter import ffmpeg
from functions.converter.handler import converter, handler
from functions.deadletter.handler import handler as dead_letter_handler
from functions.shared.settings import settings
from functions.shared.storage import Storage
from functions.shared.transactions import Claim, Source
from functions.shared.wiring import database, storage, transactions
from functions.upload.rows import new_transaction
from local.delivery import Context
from tests.support.http import environment
from tests.support.waiting import wait_until

Event = dict[str, Any]
Answer = dict[str, Any]
DEAD_WORKER = "dead worker"
DONE: Answer = {"batchItemFailures": []}


@dataclass(frozen=True)
class Upload:
    """A row and the object that was uploaded for it."""

    transaction_id: UUID
    user_id: UUID
    bucket: str
    key: str
    size: int
    etag: str


@dataclass
class World:
    """``ffmpeg_runs`` counts encodes, ``commands`` are theirs; ``scratch`` is where attempts work.

    ``patch`` is undone with the world.
    """

    scratch: Path
    patch: pytest.MonkeyPatch
    ffmpeg_runs: int = 0
    commands: list[list[str]] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)

    def upload(self, content: bytes | Path, filename: str = "holiday.mp4", **columns: Any) -> Upload:
        """What a client and the storage do: a row, then the object. ``columns`` are columns of the row."""
        data = content.read_bytes() if isinstance(content, Path) else content
        made = new_transaction(settings(), uuid4(), uuid4(), filename, "video/mp4", len(data))
        new = replace(made, **columns)
        transactions().insert([new])
        upload = Upload(
            new.transaction_id, new.user_id, new.uploads_bucket, new.stored_path_original, len(data), etag=""
        )
        return self.put(upload, data)

    def put(self, upload: Upload, data: bytes) -> Upload:
        """Store the object of an upload, over one that may be there."""
        answer = storage().client.put_object(Bucket=upload.bucket, Key=upload.key, Body=data)
        return replace(upload, size=len(data), etag=answer["ETag"].strip('"'))

    def delete(self, upload: Upload) -> None:
        """Remove the object of an upload."""
        storage().delete(upload.bucket, upload.key)

    def handle(self, event: Event, context: Context | None = None) -> Answer:
        """Deliver an event once. What the handler wished for the message is in ``contexts[-1]``."""
        self.contexts.append(context or Context())
        return handler(event, self.contexts[-1])

    def convert(self, content: bytes | Path, **columns: Any) -> dict[str, Any]:
        """Upload and deliver the event once; the row afterwards."""
        upload = self.upload(content, **columns)
        self.handle(object_created(upload))
        return self.row(upload)

    @property
    def delay_s(self) -> float | None:
        """The delay that the last delivery wished for."""
        return self.contexts[-1].redelivery.delay_s

    @property
    def dead(self) -> bool:
        """Whether the last delivery wished its message dead."""
        return self.contexts[-1].redelivery.dead

    def dead_letter(self, event: Event) -> Answer:
        """What becomes of a message that was put aside."""
        return dead_letter_handler(event, None)

    def row(self, upload: Upload) -> dict[str, Any]:
        (row,) = database().rows(
            "SELECT * FROM transactions WHERE transaction_id = %(id)s", {"id": str(upload.transaction_id)}
        )
        return row

    def set_row(self, upload: Upload, assignments: str) -> None:
        """Change a row behind everybody's back: ``lease_until = now()``."""
        sql = f"UPDATE transactions SET {assignments} WHERE transaction_id = %(id)s"  # noqa: S608
        database().rows(sql, {"id": str(upload.transaction_id)})

    def abandon(self, upload: Upload) -> None:
        """A worker claims the row and is never heard of again."""
        source = Source(upload.bucket, upload.key, upload.size, upload.etag)
        assert isinstance(transactions().claim(source, "message-1", DEAD_WORKER), Claim)

    def outputs(self, upload: Upload) -> list[str]:
        """Keys of the objects that were made for a row: results, receipts, previews."""
        return [item.key for item in storage().list_prefix(settings().converted_bucket, f"{upload.transaction_id}/")]

    def result(self, row: Mapping[str, Any]) -> bytes:
        """The converted file that a row names."""
        return read_object(storage(), row["converted_bucket"], row["stored_path_converted"])

    def wait_for_stage(self, upload: Upload, stage: str, percent: float = 0) -> None:
        """Wait until a stage of the conversion is under way and that far."""

        def there() -> bool:
            progress = self.row(upload)["progress"]
            return bool(progress) and progress["stage"] == stage and progress["percent"] >= percent

        wait_until(there, f"stage {stage}")

    def pace(self, times: float) -> None:
        """Let encodes take their time: ``times`` seconds of film a second."""
        inputs = ffmpeg.untrusted_input
        self.patch.setattr(ffmpeg, "untrusted_input", lambda *args: ["-readrate", f"{times:g}", *inputs(*args)])

    def leftovers(self) -> list[Path]:
        """What attempts left in the scratch folder."""
        return list(self.scratch.rglob("*"))


def objects_of(row: Mapping[str, Any]) -> list[str]:
    """Keys of all that a completed row names: its result, and what lies beside that."""
    return sorted([row["stored_path_converted"], row["receipt_key"], *row["previews"].values()])


def fails(error: Exception) -> Callable[..., Any]:
    """A stage that fails each time it is called."""

    def stage(*_: Any, **__: Any) -> Any:
        raise error

    return stage


def read_object(store: Storage, bucket: str, key: str) -> bytes:
    return store.client.get_object(Bucket=bucket, Key=key)["Body"].read()


def record_of(upload: Upload) -> dict[str, Any]:
    """An S3 record as AWS writes it."""
    item = {"key": quote_plus(upload.key), "size": upload.size, "eTag": upload.etag, "sequencer": "0055AED6DCD90281E5"}
    bucket = {"name": upload.bucket, "arn": f"arn:aws:s3:::{upload.bucket}"}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "uploads", "bucket": bucket, "object": item},
    }


def object_created(*uploads: Upload, message_id: str = "message-1") -> Event:
    """One message whose records name these uploads, as SQS hands it to a Lambda."""
    return message(json.dumps({"Records": [record_of(upload) for upload in uploads]}), message_id)


def message(body: str, message_id: str = "message-1") -> Event:
    """A message with any body."""
    return {
        "Records": [
            {
                "messageId": message_id,
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:uploads",
                "awsRegion": "eu-central-1",
            }
        ]
    }


def message_failed(message_id: str = "message-1") -> Answer:
    """The answer that gives a message back."""
    return {"batchItemFailures": [{"itemIdentifier": message_id}]}


@contextmanager
def world_on(env: Mapping[str, str], scratch: Path, patch: pytest.MonkeyPatch, **more: str) -> Iterator[World]:
    """A world whose functions see ``env`` and ``more``; encodes are quick unless a row says otherwise."""
    world = World(scratch, patch)
    run = ffmpeg.run

    def counted(argv: list[str], *args: Any, **kwargs: Any) -> ffmpeg.Ran:
        world.ffmpeg_runs += 1
        world.commands.append(argv)
        return run(argv, *args, **kwargs)

    patch.setattr(ffmpeg, "run", counted)
    quick = {"X265_PRESET": "ultrafast", "X265_CRF": "30", "SCRATCH_DIR": str(scratch), "WORKER_NAME": "worker-1"}
    with environment({**env, **quick, **more}):
        converter.cache_clear()
        try:
            yield world
        finally:
            converter().deps.inspector.close()
            converter.cache_clear()
