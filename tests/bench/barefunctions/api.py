"""FastAPI, Mangum, boto3 and psycopg2: one connection, one ``SELECT``, one S3 client that signs one link."""

import os

import boto3
import psycopg2
from botocore.config import Config
from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()


@app.get("/link")
def link(transaction_id: str) -> dict[str, str]:
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM transactions WHERE transaction_id = %s", (transaction_id,))
        (status,) = cursor.fetchone() or ("",)
    s3 = boto3.client(
        "s3",
        endpoint_url=os.environ["S3_ENDPOINT_URL"],
        aws_access_key_id=os.environ["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["S3_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    url = s3.generate_presigned_url("get_object", {"Bucket": "converted", "Key": transaction_id}, ExpiresIn=3600)
    return {"status": status, "url": url}


handler = Mangum(app, lifespan="off")
