"""Links of the database: it answers, and has the schema that this code needs."""

import psycopg2

from functions.migrate.migrate import newest_version
from local.doctor.checkup import Broken, Patient, address, one_line

MIGRATE = "Apply the migrations with `python -m local bootstrap`"
CONNECT_TIMEOUT_S = 3


def answers(patient: Patient) -> str:
    """We can log in and run a statement."""
    url = patient.desk.database_url
    try:
        version = _one_value(url, "SHOW server_version")
    except psycopg2.OperationalError as exc:
        remedy = "Start PostgreSQL (`make up`), or correct DATABASE_URL (host, port, user, password, database)"
        raise Broken(f"PostgreSQL at {address(url)} does not let us in ({one_line(exc)})", remedy) from exc
    return f"PostgreSQL {version.split()[0]} at {address(url)}"


def schema(patient: Patient) -> str:
    """The newest migration that was applied is the newest that we have."""
    needed = newest_version()
    try:
        applied = _one_value(patient.desk.database_url, "SELECT version_num FROM alembic_version")
    except (psycopg2.errors.UndefinedTable, LookupError) as exc:
        raise Broken("the database has no schema yet", MIGRATE) from exc
    if applied != needed:
        raise Broken(f"the schema is at version {applied}, this code needs {needed}", MIGRATE)
    return f"version {applied}"


def _one_value(url: str, statement: str) -> str:
    connection = psycopg2.connect(url, connect_timeout=CONNECT_TIMEOUT_S)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
    finally:
        connection.close()
    if row is None:
        raise LookupError(statement)
    return str(row[0])
