"""The address of the database in a secret of Secrets Manager: read when first needed, kept, read again after rotation.

A secret holds a URL, or the fields that RDS writes. Nothing here logs or raises any of its value.
"""

import json
import threading
import time
from typing import Any
from urllib.parse import quote

from psycopg2 import ProgrammingError
from psycopg2.extensions import parse_dsn

from functions.shared import logs
from functions.shared.errors import DatabaseUnavailable

FIELDS = ("username", "password", "host", "dbname")
SHAPES = (
    '{"url": "postgresql://user:password@host:port/name"}, or username, password, host, port and dbname as RDS writes'
)
PORT = 5432
READ_AGAIN_AFTER_S = 10.0
"""A password that stays wrong costs one request to Secrets Manager in so many seconds."""


class SecretError(Exception):
    """The secret cannot be used; the message names its ARN, what is wrong and what to do."""


class SecretAddress:
    """``host`` replaces the one in the secret's fields: that of a proxy before the server. Thread-safe."""

    def __init__(self, arn: str, host: str | None = None) -> None:
        self._arn = arn
        self._host = host
        self._lock = threading.Lock()
        self._known: str | None = None
        self._read_at = 0.0

    def url(self) -> str:
        with self._lock:
            return self._known or self._read()

    def after_refusal(self, refused: str) -> str | None:
        with self._lock:
            if self._known == refused and time.monotonic() - self._read_at < READ_AGAIN_AFTER_S:
                return None
            url = self._known if self._known and self._known != refused else self._read()
        return None if url == refused else url

    def _read(self) -> str:
        from functions.shared.secretsmanager import secret_value

        try:
            url = database_url(secret_value(self._arn), self._arn, self._host)
        except SecretError as exc:
            logs.event("database.secret_unusable", level=40, why=exc)
            raise DatabaseUnavailable from exc
        self._known, self._read_at = url, time.monotonic()
        return url


def database_url(value: str, arn: str, host: str | None = None) -> str:
    """The URL that a secret's value stands for; raises ``SecretError`` for a value of another shape."""
    fields = _json(value)
    if fields is None:
        return _checked(value.strip(), arn)
    if not isinstance(fields, dict):
        raise _wrong_shape(arn, "it is neither a URL nor an object")
    if "url" in fields:
        return _checked(str(fields["url"]), arn)
    fields = {"host": host, **fields} | ({"host": host} if host else {})
    missing = [name for name in FIELDS if not fields.get(name)]
    if missing:
        raise _wrong_shape(arn, f"{', '.join(missing)} missing")
    return _checked(_from_fields(fields), arn)


def _from_fields(fields: dict[str, Any]) -> str:
    """No field says how to connect, so the way is encrypted: this database is not on our machine."""
    user, password, name = (quote(str(fields[field]), safe="") for field in ("username", "password", "dbname"))
    host = str(fields["host"])
    if ":" in host:
        host = f"[{host}]"
    return f"postgresql://{user}:{password}@{host}:{fields.get('port') or PORT}/{name}?sslmode=require"


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


def _checked(url: str, arn: str) -> str:
    try:
        parts = parse_dsn(url) if url.startswith(("postgresql://", "postgres://")) else {}
        if parts.get("host") and parts.get("port", "0").replace(",", "0").isdecimal():
            return url
    except ProgrammingError:  # its text may quote the password
        pass
    raise _wrong_shape(arn, "what it says is no PostgreSQL URL with a host")


def _wrong_shape(arn: str, what: str) -> SecretError:
    return SecretError(f"the secret {arn} has another shape than we read: {what}; write {SHAPES}")
