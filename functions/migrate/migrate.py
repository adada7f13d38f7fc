"""Bring the database to the newest version. Versions live in infra/migrations; Alembic keeps the ledger."""

from pathlib import Path

import psycopg2
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from functions.shared import logs

MIGRATIONS = Path(__file__).parents[2] / "infra" / "migrations"
LOCK_KEY = 265_001


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def newest_version() -> str:
    """The version that this code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError(f"no migrations in {MIGRATIONS}")
    return head


def migrate(database_url: str, revision: str = "head") -> None:
    """Apply what is missing; deploys that run at once wait for each other on an advisory lock.

    A version that this code does not know is a newer one's: who goes back to this code must not be stopped by it, for
    migrations only add what older code ignores.
    """
    engine = create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(database_url, connect_timeout=5))
    config = _config()
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
        try:
            config.attributes["connection"] = connection
            if unknown := _unknown_version(config, connection):
                logs.event("migration.newer_database", level=30, version=unknown)
            else:
                command.upgrade(config, revision)
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
            connection.commit()
    engine.dispose()


def _unknown_version(config: Config, connection: Connection) -> str | None:
    """The database's version, if it is none of ours."""
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    return None if current in known else current
