"""Whatever looks like a secret leaves a line; ids and figures stay."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from functions.shared.masking import masked

SECRET = "aB3dE6gH9jK2mN5pQ8sT"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJlLW9mLXRva2Vu"


@pytest.mark.parametrize(
    "text",
    [
        f"https://s3/b/k?X-Amz-Algorithm=AWS4&X-Amz-Credential={SECRET}%2F20260301&X-Amz-Signature={SECRET}",
        f"GET /b/k?response-content-type=a&X-Amz-Security-Token={SECRET} HTTP/1.1",
        f"https://s3/b/k?AWSAccessKeyId=AKIA&Signature={SECRET}&Expires=1",
        f"{{'X-Amz-Signature': '{SECRET}', 'Bucket': 'uploads'}}",
        f"https%3A%2F%2Fs3%2Fk%3FX-Amz-Signature%3D{SECRET}",
        f"Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, Signature={SECRET}",
        f"postgresql://bucket265:{SECRET}@db:5432/bucket265",
        f"postgresql://bucket265:with/slash:and@{SECRET}@db:5432/bucket265",
        f'invalid dsn: missing "=" after "postgresql//bucket265:{SECRET}@db/b" in connection info string',
        f"connection failed: host=db user=bucket265 password={SECRET} dbname=b",
        f"host=db password='{SECRET}' dbname=b",
        f"nats://{SECRET}@queue:4222",
        f"nats://worker:{SECRET}@[::1]:4222",
        f"authorization: Bearer {SECRET}",
        f"Proxy-Authorization: Basic {SECRET}==",
        f"the token {JWT} has expired",
        f'{{"username": "bucket265", "password": "{SECRET}", "host": "db"}}',
        *(f'{{"username": "bucket265", "password": "x{sign} {SECRET}", "host": "db"}}' for sign in ",;}&)>'"),
        json.dumps({"password": f'x"y\\"{SECRET}', "host": "db"}),
        json.dumps({"SecretString": json.dumps({"username": "b", "password": f"x,{SECRET}"})}),
        f"host=db password='x {SECRET}' dbname=b",
        f"aws_secret_access_key = {SECRET}",
        f"<SecretAccessKey>{SECRET}</SecretAccessKey>",
        f'{{"SessionToken": "{SECRET}"}}',
        f"http://login/callback?access_token={SECRET}&state=1",
    ],
)
def test_a_secret_is_masked_plain_and_in_a_line(text: str) -> None:
    for line in (text, json.dumps({"message": "e", "exception": text}), json.dumps({"a": json.dumps({"b": text})})):
        for secret in (SECRET, *JWT.split(".")):
            assert secret not in masked(line)
        assert "***" in masked(line)


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2 dbname=b",
        '{"password":"hunter2","dbname":"b"}',
        "password='hunter2' dbname='b'",
        json.dumps({"a": '{"password":"hunter2","dbname":"b"}'}),
    ],
)
def test_what_stands_beside_a_secret_stays(text: str) -> None:
    assert masked(text) == text.replace("hunter2", "***")


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"INFO","message":"request","method":"GET","path":"/status","status":200,"ms":1.235}',
        '{"message":"claimed","correlation_id":"0192d7c1-6d0c-4c2e-9b6d-3f6c1f0e7a11","worker":"desk:4711"}',
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bucket265-database-AbCdEf cannot be read",
        "The token has expired; get a new one from https://login.example/oauth2",
        "http://127.0.0.1:9000/uploads/0192d7c1/source answered 503",
        "AUTH_MODE=open takes user_id at its word; signature_version s3v4",
    ],
)
def test_ids_figures_and_sentences_stay_as_they_are(line: str) -> None:
    assert masked(line) == line


@pytest.mark.parametrize(
    "piece", ["://a:", "a.", "eyJ-", "a:a", "?X-Amz", "bearer ", "password=", "password='a", "://", "token", "=" * 4]
)
def test_a_hostile_line_costs_no_more_than_it_is_long(piece: str) -> None:
    """In processor time, of which the process gets no more: a line of 256 KiB takes milliseconds."""
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (5, 5));"
        "from functions.shared.masking import masked;"
        f"masked('password @' + {piece!r} * (2**18 // {len(piece)}))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=True)
