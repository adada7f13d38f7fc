"""Prepare the volumes of a compose installation: random secrets, made once, and an owner for each server's folder.

``python -m local.installation FOLDER`` runs as root before everything else. Each service finds in
``FOLDER/secrets/SERVICE.env`` what it may know, as a file that a shell reads and no other service's user can.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from local.desk import DATABASE, Secrets, load_secrets
from local.servers import minio_env

ROOT = 0
USERS = {
    "postgres": ROOT,  # the official image's entrypoint steps down by itself
    "api": 10001,
    "worker": 10002,
    "minio": 10003,
    "nats": 10004,
    "bootstrap": 10005,
    "test-runner": 10006,
}
"""User id of each service that has secrets: the Dockerfiles' and docker-compose.yml's."""

OWNED = {"minio": "minio", "minio-events": "minio", "nats": "nats", "scratch": "worker"}
"""Volumes in which a service writes, by their folder's name."""

EVENT_QUEUE = Path("/events")
"""Where MinIO's container has the volume minio-events."""


def service_secrets(secrets: Secrets) -> Mapping[str, Mapping[str, str]]:
    """What each service may know."""
    storage_keys = {
        "S3_ACCESS_KEY_ID": secrets.s3_access_key_id,
        "S3_SECRET_ACCESS_KEY": secrets.s3_secret_access_key,
    }
    functions = storage_keys | {
        "DATABASE_URL": f"postgresql://{DATABASE}:{secrets.postgres_password}@postgres:5432/{DATABASE}"
    }
    queue = {"NATS_URL": f"nats://worker:{secrets.nats_worker_password}@nats:4222"}
    return {
        "postgres": {"POSTGRES_PASSWORD": secrets.postgres_password},
        "nats": {
            "NATS_STORAGE_PASSWORD": secrets.nats_storage_password,
            "NATS_WORKER_PASSWORD": secrets.nats_worker_password,
        },
        "minio": minio_env(secrets, f"nats://storage:{secrets.nats_storage_password}@nats:4222", EVENT_QUEUE),
        "api": functions,
        "worker": functions | queue,
        "bootstrap": functions | queue,
        "test-runner": storage_keys,
    }


def prepare(folder: Path) -> None:
    """Make what is missing and give everything its owner. Idempotent."""
    for name, service in OWNED.items():
        os.chown(folder / name, USERS[service], -1)
    secrets = load_secrets(folder / "secrets" / "installation")
    for service, variables in service_secrets(secrets).items():
        _write_env_file(folder / "secrets" / f"{service}.env", variables, USERS[service])


def _write_env_file(path: Path, variables: Mapping[str, str], owner: int) -> None:
    """Write the whole file or nothing, readable by its owner alone."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
        file.writelines(f"{name}={quote(value)}\n" for name, value in variables.items())
    os.chown(draft, owner, -1)
    os.replace(draft, path)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
