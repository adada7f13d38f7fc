"""The database's password in Secrets Manager: read when needed, kept, read again after rotation, never told."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg2
import pytest

from functions.shared import secret as secrets
from functions.shared.database import Database
from functions.shared.errors import DatabaseUnavailable
from functions.shared.secret import SecretAddress
from functions.shared.wiring import database
from tests.support.aws import Aws
from tests.support.http import environment
from tests.support.ports import free_ports
from tests.support.servers import Servers

ABSENT = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:absent-x"
STATUS_WITH_A_SECRET = """
import sys
from functions.shared.wiring import transactions
import functions.status.handler
transactions().warm_up()
assert "psycopg2" in sys.modules
assert "boto3" not in sys.modules, "boto3 was imported"
print(len(transactions()._database.rows("SELECT 1")))
"""


def name() -> str:
    return f"database-{uuid4().hex}"


@pytest.fixture
def function_env(servers: Servers, aws: Aws) -> dict[str, str]:
    """A function's environment, but for the way to the database."""
    return {key: value for key, value in servers.env.items() if key != "DATABASE_URL"} | aws.env


@pytest.fixture
def role(servers: Servers) -> Iterator[str]:
    """A user of the database whose password can be changed."""
    user = f"u{uuid4().hex}"
    execute(servers, f"CREATE ROLE {user} LOGIN PASSWORD 'first'")
    yield user
    execute(servers, f"DROP ROLE {user}")


def execute(servers: Servers, sql: str) -> None:
    with closing(psycopg2.connect(servers.desk.database_url)) as connection:
        connection.autocommit = True
        connection.cursor().execute(sql)


def url_of(servers: Servers, user: str, password: str) -> str:
    parts = urlsplit(servers.desk.database_url)
    return parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}").geturl()


def select(address: SecretAddress) -> object:
    with closing(Database(address, size=1)) as connected:
        return connected.rows("SELECT 1 AS one")


def test_a_secret_is_as_good_as_a_url(servers: Servers, aws: Aws, function_env: dict[str, str]) -> None:
    arn = aws.secret(name(), json.dumps({"url": servers.desk.database_url}))
    with environment(function_env | {"DATABASE_SECRET_ARN": arn}):
        assert database().rows("SELECT 1 AS one") == [{"one": 1}]


def test_a_secret_is_read_once_and_kept(servers: Servers, aws: Aws, function_env: dict[str, str]) -> None:
    arn = aws.secret(name(), servers.desk.database_url)
    address = SecretAddress(arn)
    with environment(function_env | {"DATABASE_SECRET_ARN": arn}):
        select(address)
        aws.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
        assert select(address) == [{"one": 1}]


def test_after_rotation_the_new_password_is_read(
    servers: Servers, aws: Aws, function_env: dict[str, str], role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "READ_AGAIN_AFTER_S", 0.0)
    arn = aws.secret(name(), url_of(servers, role, "first"))
    address = SecretAddress(arn)
    with environment(function_env | {"DATABASE_SECRET_ARN": arn}):
        select(address)
        execute(servers, f"ALTER ROLE {role} PASSWORD 'second'")
        aws.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=url_of(servers, role, "second"))
        assert select(address) == [{"one": 1}]


def test_a_password_that_stays_wrong_asks_for_the_secret_once(
    servers: Servers, aws: Aws, function_env: dict[str, str], role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = aws.secret(name(), url_of(servers, role, "wrong"))
    address = SecretAddress(arn)
    reads = []
    read = secrets.database_url

    def counted(value: str, arn: str, host: str | None) -> str:
        reads.append(arn)
        return read(value, arn, host)

    monkeypatch.setattr(secrets, "database_url", counted)
    with environment(function_env | {"DATABASE_SECRET_ARN": arn}):
        for _ in range(3):
            with pytest.raises(DatabaseUnavailable):
                select(address)
    assert reads == [arn]


def test_the_fields_of_rds_are_never_sent_over_a_connection_in_clear(
    servers: Servers, aws: Aws, function_env: dict[str, str], role: str
) -> None:
    parts = urlsplit(servers.desk.database_url)
    fields = {"username": role, "password": "first", "host": parts.hostname, "port": parts.port, "dbname": "bucket265"}
    arn = aws.secret(name(), json.dumps(fields))
    with environment(function_env | {"DATABASE_SECRET_ARN": arn}):
        with pytest.raises(DatabaseUnavailable) as refused:
            select(SecretAddress(arn))
        assert "SSL" in str(refused.value.__cause__)


@pytest.mark.parametrize("value", ["hidden", json.dumps({"username": "u", "password": "hidden", "host": "h"})])
def test_a_secret_of_another_shape_is_told_with_the_remedy_and_without_its_value(
    aws: Aws, function_env: dict[str, str], capfd: pytest.CaptureFixture[str], value: str
) -> None:
    arn = aws.secret(name(), value)
    with environment(function_env | {"DATABASE_SECRET_ARN": arn}), pytest.raises(DatabaseUnavailable) as refused:
        database().rows("SELECT 1")
    told = f"{refused.value.__cause__}"
    assert arn in told
    assert "write " in told
    assert "hidden" not in told + capfd.readouterr().err


def test_an_absent_secret_is_told_with_the_remedy(aws: Aws, function_env: dict[str, str]) -> None:
    with environment(function_env | {"DATABASE_SECRET_ARN": ABSENT}), pytest.raises(DatabaseUnavailable) as refused:
        database().rows("SELECT 1")
    assert f"{ABSENT} cannot be read: ResourceNotFoundException; DATABASE_SECRET_ARN names" in str(
        refused.value.__cause__
    )


def test_an_unreachable_secrets_manager_is_told_with_the_remedy(function_env: dict[str, str]) -> None:
    nowhere = {"AWS_ENDPOINT_URL_SECRETS_MANAGER": f"http://127.0.0.1:{free_ports(1)[0]}"}
    env = function_env | nowhere | {"DATABASE_SECRET_ARN": ABSENT}
    with environment(env), pytest.raises(DatabaseUnavailable) as refused:
        database().rows("SELECT 1")
    assert "interface endpoint for secretsmanager" in str(refused.value.__cause__)


def test_a_function_without_a_role_is_told_so(function_env: dict[str, str]) -> None:
    env = {name: value for name, value in function_env.items() if not name.startswith("AWS_")}
    with (
        environment(env | {"DATABASE_SECRET_ARN": ABSENT, "AWS_EC2_METADATA_DISABLED": "true"}),
        pytest.raises(DatabaseUnavailable) as refused,
    ):
        database().rows("SELECT 1")
    assert "no AWS credentials; give this process a role" in str(refused.value.__cause__)


def test_status_reads_the_secret_without_boto3(servers: Servers, aws: Aws, function_env: dict[str, str]) -> None:
    arn = aws.secret(name(), servers.desk.database_url)
    ran = subprocess.run(
        [sys.executable, "-c", STATUS_WITH_A_SECRET],
        env=function_env | {"DATABASE_SECRET_ARN": arn},
        cwd=Path.cwd(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout) == (0, "1\n"), ran.stderr
