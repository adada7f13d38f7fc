"""The product as a measure uses it: a stack of its own, a client without frills, and the row as the database has it."""

import http.client
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import psutil
import psycopg2
from psycopg2.extras import RealDictCursor

from tests.bench.setting import MIB
from tests.support.loglines import log_lines
from tests.support.stack import RunningStack, stack_on

LOOK_S = 0.5
"""Between looks at a row. Its own times are what is measured, so that more of them would only cost processor time."""

PATIENCE_S = 600.0
PADDED_MEDIA_TYPE = "video/mp4"


class ConversionFailed(Exception):
    """A conversion that a measure needs ended otherwise than Completed."""


@dataclass(frozen=True)
class Upload:
    """``put_end``: when storage had answered the PUT, in seconds of the machine's clock, as rows and logs have it."""

    transaction_id: str
    put_end: float


class Product:
    """A running stack and what a measure asks of it."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.user_id = str(uuid.uuid4())
        self._database = psycopg2.connect(stack.desk.database_url)
        self._database.autocommit = True

    def close(self) -> None:
        self._database.close()

    @property
    def api(self) -> psutil.Process:
        return self.stack.child("local.gateway")

    @property
    def worker(self) -> psutil.Process:
        return self.stack.child("local.worker")

    @property
    def worker_log(self) -> str:
        return (self.stack.desk.data_dir / "logs" / "worker-1.log").read_text()

    def declare(self, filename: str, size: int, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """``POST /upload`` with JSON, previews off: the main path is measured. Its answer."""
        options = {"previews": "off"} | dict(options or {})
        file = {"filename": filename, "content_type": PADDED_MEDIA_TYPE, "size": size, "options": options}
        body = json.dumps(file).encode()
        return self._answer("POST", f"/upload?user_id={self.user_id}", body, {"Content-Type": "application/json"})

    def put(self, file: Path, options: Mapping[str, Any] | None = None) -> Upload:
        """Upload through a presigned URL."""
        declared = self.declare(file.name, file.stat().st_size, options)
        link = declared["upload"]
        url = urlsplit(link["url"])
        with closing_connection(url.port or 80) as storage, file.open("rb") as body:
            storage.request("PUT", f"{url.path}?{url.query}", body, link["headers"])
            answer = storage.getresponse()
            said = answer.read()
        put_end = time.time()
        if answer.status != 200:
            raise ConversionFailed(f"storage answered {answer.status} to the PUT: {said[:300]!r}")
        return Upload(declared["transaction_id"], put_end)

    def post_form(self, file: Path) -> str:
        """Upload through the form, block by block; the transaction's id."""
        boundary = uuid.uuid4().hex
        disposition = f'form-data; name="file"; filename="{file.name}"'
        head = (
            f"--{boundary}\r\nContent-Disposition: {disposition}\r\nContent-Type: {PADDED_MEDIA_TYPE}\r\n\r\n".encode()
        )
        tail = f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(head) + file.stat().st_size + len(tail)),
        }
        with file.open("rb") as body:
            answer = self._answer("POST", f"/upload?user_id={self.user_id}", _blocks(head, body, tail), headers)
        return str(answer["transaction_id"])

    def row(self, transaction_id: str) -> dict[str, Any]:
        """The row as it is now; read from the database, so that looking costs the API nothing."""
        return self._query("SELECT * FROM transactions WHERE transaction_id = %s", transaction_id)

    def completed(self, transaction_id: str) -> dict[str, Any]:
        """Wait for the end of a conversion; raises ``ConversionFailed`` if it is not ``Completed``."""
        give_up = time.monotonic() + PATIENCE_S
        while (row := self.row(transaction_id))["status"] != "Completed":
            if row["status"] == "Failed" or time.monotonic() > give_up:
                raise ConversionFailed(f"{row['filename']} is {row['status']}: {row['error_reason']}")
            time.sleep(LOOK_S)
        return row

    def rows_read(self) -> int:
        """How often a row of ``transactions`` was looked up by an index so far, as the database counts."""
        select = "SELECT idx_scan AS scans FROM pg_stat_user_tables WHERE relname = %s"
        return int(self._query(select, "transactions")["scans"])

    def _query(self, sql: str, argument: str) -> dict[str, Any]:
        with self._database.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(sql, (argument,))
            return dict(cursor.fetchone() or {})

    def _answer(
        self, method: str, path: str, body: "bytes | Iterator[bytes]", headers: dict[str, str]
    ) -> dict[str, Any]:
        with closing_connection(self.stack.desk.ports.api) as api:
            api.request(method, path, body, headers)
            answer = api.getresponse()
            said = answer.read()
        if answer.status != 200:
            raise ConversionFailed(f"the API answered {answer.status} to {method} {path}: {said[:300]!r}")
        parsed: dict[str, Any] = json.loads(said)
        return parsed


@contextmanager
def product(folder: Path, **env: str) -> Iterator[Product]:
    """A stack with its data in ``folder``, ready; ended and its data left to the caller's folder at the end."""
    with stack_on(folder / "data", **env) as stack:
        running = Product(stack.wait_ready())
        try:
            yield running
        finally:
            running.close()


@contextmanager
def closing_connection(port: int) -> Iterator[http.client.HTTPConnection]:
    """A connection to a loopback port that sends files in blocks of 1 MiB."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S, blocksize=MIB)
    try:
        yield connection
    finally:
        connection.close()


def stage_times_s(log: str, transaction_id: str) -> dict[str, float]:
    """Seconds of each stage of a conversion, in their order, from a worker's log."""
    lines = log_lines(log, "stage.done", correlation_id=transaction_id)
    return {line["stage"]: line["ms"] / 1000 for line in lines}


def _blocks(head: bytes, body: IO[bytes], tail: bytes) -> Iterator[bytes]:
    yield head
    while block := body.read(MIB):
        yield block
    yield tail
