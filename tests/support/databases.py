"""SQL behind the product's back, and empty databases on a server of tests."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg2


def ask(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Run one statement on a connection of its own, committed at once; its rows."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    """The URL of a new database on a server; dropped at the end."""
    name = f"scratch_{uuid4().hex}"
    ask(server_url, f"CREATE DATABASE {name}")
    yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    ask(server_url, f"DROP DATABASE {name} WITH (FORCE)")
