"""The lines that say what listens where. Never a password: they name the file that holds it."""

from urllib.parse import urlsplit

from local.desk import DATABASE, LOOPBACK, Desk


def welcome(desk: Desk) -> list[str]:
    """One line for each part, then the one that says that the stack is ready."""
    secrets = desk.data_dir / "secrets.json"
    shown = "localhost" if desk.api_host == LOOPBACK else desk.api_host
    api = f"http://{shown}:{desk.ports.api}"
    lines = [
        ("API", f"{api}   Swagger: {api}/docs"),
        ("workers", f"{desk.workers}"),
        ("MinIO", _minio(desk)),
        ("NATS", f"nats://{LOOPBACK}:{desk.ports.nats}" if desk.runs_nats else _given(desk.nats_url, "NATS_URL")),
        ("PostgreSQL", _postgres(desk)),
        ("passwords", f"{secrets}" if desk.runs_minio or desk.runs_nats or desk.runs_postgres else "yours"),
        ("logs", f"{desk.data_dir / 'logs'}"),
    ]
    ready = f"ready: {api} (Ctrl-C stops everything; the data stay in {desk.data_dir})"
    return [f"{name:<11} {where}" for name, where in lines] + [ready]


def _minio(desk: Desk) -> str:
    if not desk.runs_minio:
        return _given(desk.s3_endpoint_url, "S3_ENDPOINT_URL")
    console = f"http://{LOOPBACK}:{desk.ports.s3_console}"
    return f"{desk.s3_endpoint_url}   console: {console} (sign in with s3_access_key_id and s3_secret_access_key)"


def _postgres(desk: Desk) -> str:
    if not desk.runs_postgres:
        return _given(desk.database_url, "DATABASE_URL")
    return f"{LOOPBACK}:{desk.ports.db}   database {DATABASE}, user {DATABASE}"


def _given(url: str, variable: str) -> str:
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}   given by {variable}"
