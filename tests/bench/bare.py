"""The reference of the API: the barest FastAPI routes, on the same server with the same pool size.

``GET /status`` does one SELECT, ``POST /upload`` one INSERT and one boto3 presign, and nothing else: no checks of
ownership, no envelope, no log. ``python -m tests.bench.bare PORT``, with the environment of the functions.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any
from uuid import uuid4

import boto3
import uvicorn
from botocore.config import Config
from fastapi import FastAPI
from psycopg2.extras import Json
from psycopg2.pool import ThreadedConnectionPool
from pydantic import BaseModel

from functions.shared.settings import settings

SELECT = "SELECT status FROM transactions WHERE transaction_id = %s"
INSERT = """
INSERT INTO transactions (transaction_id, user_id, filename, content_type, declared_size, upload_expires_at,
                          uploads_bucket, stored_path_original, converted_bucket, original_format, options)
VALUES (%s, %s, %s, %s, %s, now() + interval '1 hour', %s, %s, %s, 'mp4', %s)
"""


class Pool:
    """psycopg2's own pool, which raises when it is empty; so the one more that it lacks: waiting."""

    def __init__(self) -> None:
        size = settings().database_pool_size
        self._pool = ThreadedConnectionPool(size, size, settings().database_url)
        self._slots = BoundedSemaphore(size)

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        with self._slots:
            connection = self._pool.getconn()
            try:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    yield cursor
            finally:
                self._pool.putconn(connection)


class File(BaseModel):
    filename: str
    content_type: str
    size: int


def build_app() -> FastAPI:
    """The two routes."""
    app = FastAPI()
    pool = Pool()
    s3 = boto3.client(
        "s3",
        endpoint_url=settings().s3_endpoint_url,
        aws_access_key_id=settings().s3_access_key_id,
        aws_secret_access_key=settings().s3_secret_access_key,
        region_name=settings().s3_region,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )

    @app.get("/status")
    def status(user_id: str, transaction_id: str) -> dict[str, str]:
        with pool.cursor() as cursor:
            cursor.execute(SELECT, (transaction_id,))
            return {"user_id": user_id, "transaction_id": transaction_id, "status": cursor.fetchone()[0]}

    @app.post("/upload")
    def upload(user_id: str, file: File) -> dict[str, str]:
        new = str(uuid4())
        bucket, key = settings().uploads_bucket, f"{new}/source"
        values = (new, user_id, file.filename, file.content_type, file.size, bucket, key, "converted", Json({}))
        with pool.cursor() as cursor:
            cursor.execute(INSERT, values)
        bound = {"ContentType": file.content_type, "ContentLength": file.size, "IfNoneMatch": "*"}
        url = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": key, **bound}, ExpiresIn=3600)
        return {"transaction_id": new, "url": url}

    return app


if __name__ == "__main__":
    uvicorn.run(
        build_app(),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
