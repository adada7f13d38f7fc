"""Connections to PostgreSQL: a small pool that waits instead of failing, and replaces what the server closed."""

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import extensions

from functions.shared.address import Address, GivenAddress
from functions.shared.errors import DatabaseUnavailable

WAIT_FOR_CONNECTION_S = 15.0
WATCH_PEER = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
Row = dict[str, Any]


class Database:
    """Up to ``size`` autocommit connections, opened when first needed.

    A server holds as many as it has concurrent requests; a Lambda holds one (``size=1``). A request that finds all
    of them busy waits for up to ``WAIT_FOR_CONNECTION_S``.
    """

    def __init__(self, address: str | Address, size: int) -> None:
        self._address = GivenAddress(address) if isinstance(address, str) else address
        self._idle: list[extensions.connection] = []
        self._slots = threading.BoundedSemaphore(size)

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[Row]:
        """Run one statement and return its rows as dictionaries; raise ``DatabaseUnavailable`` if it cannot run."""
        with self._cursor() as cursor:
            return Statements(cursor).rows(sql, params or {})

    @contextmanager
    def advisory_lock(self, key: int) -> Iterator[bool]:
        """Hold a session lock while the block runs; yields False at once where another session holds it.

        On a connection of its own, whose end frees the lock: the pool may have only one, and the block needs it. The
        server looks after its holder, so that a machine that vanished does not keep the lock for hours.
        """
        with _database_errors():
            connection = self._connect()
        try:
            with _database_errors(), connection.cursor() as cursor:
                cursor.execute(WATCH_PEER)
                cursor.execute("SELECT pg_try_advisory_lock(%s)", (key,))
                row = cursor.fetchone()
            yield bool(row and row[0])
        finally:
            connection.close()

    @contextmanager
    def db_transaction(self) -> Iterator["Statements"]:
        """Run several statements all or nothing."""
        with self._cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield Statements(cursor)
            except BaseException:
                if not cursor.connection.closed:
                    cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        if not self._slots.acquire(timeout=WAIT_FOR_CONNECTION_S):
            raise DatabaseUnavailable("all connections are busy")
        connection: extensions.connection | None = None
        try:
            with _database_errors():
                connection = self._take() or self._connect()
                with connection.cursor() as cursor:
                    yield cursor
        except DatabaseUnavailable:
            if connection is not None:
                connection.close()
            raise
        finally:
            if connection is not None and not connection.closed:
                self._idle.append(connection)
            self._slots.release()

    def _take(self) -> extensions.connection | None:
        """An idle connection that the server has not closed."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:  # asking first would race with other threads
                return None
            if not _closed_by_server(connection):
                return connection
            connection.close()

    def _connect(self) -> extensions.connection:
        """A new connection; a password that was changed since we learnt it is asked for once more."""
        url = self._address.url()
        try:
            return self._connect_to(url)
        except psycopg2.OperationalError as exc:
            other = self._address.after_refusal(url) if "password" in str(exc) else None
            if other is None:
                raise
        return self._connect_to(other)

    def _connect_to(self, url: str) -> extensions.connection:
        connection: extensions.connection = psycopg2.connect(
            url,
            connect_timeout=5,
            keepalives_idle=30,
            tcp_user_timeout=20_000,
            application_name="bucket265",
            client_encoding="UTF8",
        )
        connection.autocommit = True
        return connection


class Statements:
    """Statements on one connection."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def rows(self, sql: str, params: dict[str, Any]) -> list[Row]:
        """Run one statement; its rows as dictionaries."""
        self._cursor.execute(sql, params)
        if self._cursor.description is None:
            return []
        names = [column.name for column in self._cursor.description]
        return [dict(zip(names, values, strict=True)) for values in self._cursor.fetchall()]


@contextmanager
def _database_errors() -> Iterator[None]:
    """Translate what the server or the way to it did wrong; a statement that is wrong is a mistake of ours."""
    try:
        yield
    except (psycopg2.ProgrammingError, psycopg2.IntegrityError, psycopg2.DataError, psycopg2.NotSupportedError):
        raise
    except psycopg2.Error as exc:
        raise DatabaseUnavailable from exc


def _closed_by_server(connection: extensions.connection) -> bool:
    """Whether the server ended an idle connection.

    A server that dies or ends a session makes the socket readable (a farewell message or the end of the stream),
    and nothing else does while no statement runs. Asking the socket costs microseconds, a ``SELECT 1`` a round trip.
    """
    if connection.closed:
        return True
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poller.poll(0))
