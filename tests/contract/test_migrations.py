"""The schema's versions on the real PostgreSQL, each test with a database of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import uuid4

import psycopg2
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from functions.migrate.migrate import LOCK_KEY, MIGRATIONS, migrate, newest_version
from functions.shared.database import Database
from functions.shared.upkeep import Upkeep
from tests.support.databases import ask, empty_database
from tests.support.servers import Servers
from tests.support.waiting import wait_until

COLUMNS = {
    "transaction_id", "user_id", "filename", "stored_path_original", "stored_path_converted", "original_format",
    "original_codec", "target_format", "target_codec", "status", "error_reason", "start_time", "updated_time",
}  # fmt: skip
"""Those of the original system."""

SCHEMA = """
SELECT 'column', table_name || '.' || column_name, data_type || ' ' || is_nullable || coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes
 WHERE schemaname = 'public' AND tablename <> 'alembic_version'
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass
 ORDER BY 1, 2
"""


@pytest.fixture
def url(servers: Servers) -> Iterator[str]:
    """An empty database."""
    with empty_database(servers.desk.database_url) as made:
        yield made


def version(url: str) -> str:
    database = Database(url, size=1)
    with closing(database):
        return Upkeep(database).schema_version()


def exists(url: str, table: str) -> bool:
    return ask(url, f"SELECT to_regclass('{table}') IS NOT NULL") == [(True,)]


def downgrade(url: str, revision: str) -> None:
    """What an operator does who goes back."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    engine = create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(url))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()
    engine.dispose()


def test_an_empty_database_gets_the_newest_version_with_the_columns_of_the_original_system(url: str) -> None:
    migrate(url)
    assert version(url) == newest_version()
    columns = ask(url, "SELECT column_name FROM information_schema.columns WHERE table_name = 'transactions'")
    assert {name for (name,) in columns} >= COLUMNS


def test_migrating_again_changes_nothing_and_keeps_the_rows(url: str) -> None:
    migrate(url)
    ask(url, f"INSERT INTO idempotency_keys VALUES ('{uuid4()}', 'e', 'k', 'f', '{{}}')")  # noqa: S608
    before = ask(url, SCHEMA)
    migrate(url)
    assert ask(url, SCHEMA) == before
    assert ask(url, "SELECT key FROM idempotency_keys") == [("k",)]


def test_the_way_back_to_nothing_and_up_again_gives_the_same_schema(url: str) -> None:
    migrate(url)
    before = ask(url, SCHEMA)
    assert {kind for kind, _, _ in before} == {"column", "index", "constraint"}
    downgrade(url, "base")
    assert ask(url, SCHEMA) == []
    migrate(url)
    assert (ask(url, SCHEMA), version(url)) == (before, newest_version())


def test_each_version_can_be_applied_alone(url: str) -> None:
    migrate(url, "0001")
    assert version(url) == "0001"
    migrate(url)
    assert version(url) == newest_version()


def test_code_of_before_results_goes_on_with_the_newest_schema(url: str) -> None:
    """What it inserts and completes during a deploy has the defaults."""
    migrate(url)
    ask(
        url,
        "INSERT INTO transactions (transaction_id, user_id, filename, content_type, upload_expires_at, uploads_bucket,"
        " stored_path_original, converted_bucket, original_format, options, status, stored_path_converted,"
        " converted_sha256) VALUES (gen_random_uuid(), gen_random_uuid(), 'a.mov', 'video/mp4', now(), 'u', 'k', 'c',"
        """ 'mov', '{"preset": "veryfast", "crf": 26}', 'Completed', 'k/1.mp4', repeat('f3', 32))""",
    )
    columns = "result, result_reason, dropped, warnings, receipt_key, previews, quality, target_format, target_codec"
    assert ask(url, f"SELECT {columns} FROM transactions") == [(None, None, [], [], None, {}, None, "mp4", "h265")]  # noqa: S608


def test_going_back_to_older_code_leaves_a_newer_database_alone(url: str) -> None:
    migrate(url)
    ask(url, "UPDATE alembic_version SET version_num = '9999'")
    before = ask(url, SCHEMA)
    migrate(url)
    assert (ask(url, SCHEMA), version(url)) == (before, "9999")


def test_deploys_at_once_wait_for_each_other(url: str) -> None:
    with closing(psycopg2.connect(url)) as other, ThreadPoolExecutor(2) as deploys:
        other.autocommit = True
        other.cursor().execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
        running = [deploys.submit(migrate, url) for _ in range(2)]
        wait_until(waiting_in(url, 2), "both deploys to wait for the lock")
        assert not exists(url, "transactions")
        other.cursor().execute("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))
        for deploy in running:
            deploy.result(60)
    assert version(url) == newest_version()


def test_a_deploy_that_failed_leaves_the_lock_free_and_nothing_half_done(url: str) -> None:
    ask(url, "CREATE TABLE idempotency_keys (in_the_way int)")
    with pytest.raises(Exception, match="already exists"):
        migrate(url)
    assert not exists(url, "transactions")
    ask(url, "DROP TABLE idempotency_keys")
    migrate(url)
    assert version(url) == newest_version()


def waiting_in(url: str, count: int) -> Callable[[], bool]:
    """Whether so many sessions of the database wait for an advisory lock."""
    sql = (
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
        " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
    )
    return lambda: ask(url, sql) == [(count,)]
