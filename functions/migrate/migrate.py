"""Bring the database to the newest version. Versions live in infra/migrations; Alembic keeps the ledger."""

from pathlib import Path

import psycopg2
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

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
    """Apply what is missing; deploys that run at once wait for each other on an advisory lock."""
    engine = create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(database_url))
    config = _config()
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
        try:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
            connection.commit()
    engine.dispose()
