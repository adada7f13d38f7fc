"""boto3 and psycopg2: one connection and one ``SELECT`` for the object that a record names."""

import json
import os
from typing import Any

import boto3  # noqa: F401
import psycopg2


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    body = json.loads(event["Records"][0]["body"])
    key = body["Records"][0]["s3"]["object"]["key"]
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM transactions WHERE stored_path_original = %s", (key,))
        cursor.fetchone()
    return {"batchItemFailures": []}
