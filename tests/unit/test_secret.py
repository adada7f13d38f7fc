"""What a secret may hold: a URL, or the fields that RDS writes; anything else is refused without its value."""

import json

import pytest
from psycopg2.extensions import parse_dsn

from functions.shared.secret import SecretError, database_url

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:database-x"
URL = "postgresql://bucket265:hidden@db.example:5433/films?sslmode=verify-full"
RDS = {
    "engine": "postgres",
    "username": "bucket265",
    "password": "hid/den@#% ?",
    "host": "db.example",
    "port": 5433,
    "dbname": "films",
    "dbClusterIdentifier": "cluster",
}


@pytest.mark.parametrize("value", [URL, f" {URL}\n", json.dumps({"url": URL}), json.dumps({"url": URL} | RDS)])
def test_a_url_is_taken_as_it_is(value: str) -> None:
    assert database_url(value, ARN) == URL


def test_the_fields_of_rds_make_an_encrypted_connection() -> None:
    parts = parse_dsn(database_url(json.dumps(RDS), ARN))
    assert parts == {
        "user": "bucket265",
        "password": "hid/den@#% ?",
        "host": "db.example",
        "port": "5433",
        "dbname": "films",
        "sslmode": "require",
    }


def test_a_proxy_stands_before_the_host_of_the_fields() -> None:
    assert parse_dsn(database_url(json.dumps(RDS), ARN, "proxy.example"))["host"] == "proxy.example"
    without = {name: value for name, value in RDS.items() if name not in ("host", "port")}
    parts = parse_dsn(database_url(json.dumps(without), ARN, "fd00::1"))
    assert (parts["host"], parts["port"]) == ("fd00::1", "5432")


@pytest.mark.parametrize("name", ["username", "password", "host", "dbname"])
def test_a_missing_field_is_named_and_the_others_are_not_shown(name: str) -> None:
    with pytest.raises(SecretError, match=f"{ARN}.*: {name} missing; write .*postgresql://") as refused:
        database_url(json.dumps(RDS | {name: ""}), ARN)
    assert "hid/den" not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "hidden",
        '"hidden"',
        '["hidden"]',
        "mysql://u:hidden@db/x",
        "postgresql://u:hidden@/x",
        "postgresql://u:hidden@db:port:5/x?y",
        json.dumps({"url": "hidden"}),
        json.dumps({"url": ["hidden"]}),
        json.dumps(RDS | {"password": "hidden", "port": "a b/hidden"}),
    ],
)
def test_another_shape_is_refused_without_its_value(value: str) -> None:
    with pytest.raises(SecretError, match=f"{ARN} has another shape") as refused:
        database_url(value, ARN)
    assert "hidden" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
