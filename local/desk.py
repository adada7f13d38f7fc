"""The desk's configuration, read once from the environment: ports, folders, secrets, and servers given by URL.

``DATABASE_URL``, ``S3_ENDPOINT_URL`` and ``NATS_URL`` each replace the server that the desk would start itself.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from functions.shared.settings import Settings, SettingsError, read_settings

LOOPBACK = "127.0.0.1"
DATABASE = "bucket265"
NOTIFY_ARNS = "arn:minio:sqs::FAST:nats,arn:minio:sqs::SURE:nats"
ACK_WAIT_S = 30
"""How long the queue waits for a worker's sign of life before it delivers the message again."""


class DeskError(Exception):
    """Base of what can go wrong with a desk; the message is for people and says what to do."""


@dataclass(frozen=True)
class Secrets:
    """Passwords of the servers that the desk starts, random per ``DATA_DIR``."""

    postgres_password: str = field(repr=False)
    s3_access_key_id: str
    s3_secret_access_key: str = field(repr=False)
    nats_storage_password: str = field(repr=False)
    nats_worker_password: str = field(repr=False)


@dataclass(frozen=True)
class Ports:
    """TCP ports, each by the variable that sets it."""

    api: int
    s3: int
    s3_console: int
    nats: int
    db: int


@dataclass(frozen=True)
class Desk:
    """One installation: everything it keeps lies in ``data_dir``; ``cache_dir`` is shared by all of them."""

    ports: Ports
    api_host: str
    workers: int
    ack_wait_s: int
    data_dir: Path
    cache_dir: Path
    notify_arns: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)

    @property
    def runs_postgres(self) -> bool:
        return not self.env.get("DATABASE_URL")

    @property
    def runs_minio(self) -> bool:
        return not self.env.get("S3_ENDPOINT_URL")

    @property
    def runs_nats(self) -> bool:
        return not self.env.get("NATS_URL")

    @cached_property
    def secrets(self) -> Secrets:
        """The passwords in ``DATA_DIR/secrets.json``, made at first use."""
        return load_secrets(self.data_dir)

    @property
    def database_url(self) -> str:
        return self.env.get("DATABASE_URL") or (
            f"postgresql://{DATABASE}:{self.secrets.postgres_password}@{LOOPBACK}:{self.ports.db}/{DATABASE}"
        )

    @property
    def s3_endpoint_url(self) -> str:
        return self.env.get("S3_ENDPOINT_URL") or f"http://{LOOPBACK}:{self.ports.s3}"

    @property
    def nats_url(self) -> str:
        """For the worker, the bootstrap and the terminal."""
        return self.env.get("NATS_URL") or (
            f"nats://worker:{self.secrets.nats_worker_password}@{LOOPBACK}:{self.ports.nats}"
        )

    @property
    def nats_storage_url(self) -> str:
        """For the storage that we start: another user, who alone may say that an object was stored."""
        given = self.env.get("NATS_STORAGE_URL") or self.env.get("NATS_URL")
        return given or f"nats://storage:{self.secrets.nats_storage_password}@{LOOPBACK}:{self.ports.nats}"

    def functions_env(self) -> dict[str, str]:
        """The environment of everything that runs our functions: the desk's own, with each part's address in it."""
        env = dict(self.env)
        env.update(
            DATABASE_URL=self.database_url,
            S3_ENDPOINT_URL=self.s3_endpoint_url,
            S3_PUBLIC_ENDPOINT_URL=env.get("S3_PUBLIC_ENDPOINT_URL") or self.s3_endpoint_url,
            NATS_URL=self.nats_url,
            API_HOST=self.api_host,
            API_PORT=str(self.ports.api),
            DATA_DIR=str(self.data_dir),
            AUTH_MODE=env.get("AUTH_MODE") or "open",
            SCRATCH_DIR=env.get("SCRATCH_DIR") or str(self.data_dir / "scratch"),
        )
        if self.runs_minio:
            env.update(
                S3_ACCESS_KEY_ID=self.secrets.s3_access_key_id,
                S3_SECRET_ACCESS_KEY=self.secrets.s3_secret_access_key,
                S3_ADDRESSING_STYLE="path",
            )
        return env

    def settings(self) -> Settings:
        """What the functions read from ``functions_env``; raises ``SettingsError``."""
        return read_settings(self.functions_env())


def read_desk(env: Mapping[str, str] = os.environ) -> Desk:
    """Read the desk from ``env``; raise ``SettingsError`` naming the variable that does not fit."""
    ports = Ports(
        api=_port(env, "API_PORT", 8000),
        s3=_port(env, "S3_PORT", 9000),
        s3_console=_port(env, "S3_CONSOLE_PORT", 9001),
        nats=_port(env, "NATS_PORT", 4222),
        db=_port(env, "DB_PORT", 55432),
    )
    for name in ("DATABASE_URL", "S3_ENDPOINT_URL", "S3_PUBLIC_ENDPOINT_URL", "NATS_URL", "NATS_STORAGE_URL"):
        if env.get(name) and not urlsplit(env[name]).hostname:
            raise SettingsError(f"{name} must be a URL with a host, such as scheme://host:port")
    arns = env.get("NOTIFY_ARNS") or NOTIFY_ARNS
    data_dir = Path(env.get("DATA_DIR") or ".data").absolute()
    return Desk(
        ports=ports,
        api_host=env.get("API_HOST") or LOOPBACK,
        workers=_whole(env, "WORKERS", 1, range(65)),
        ack_wait_s=_whole(env, "ACK_WAIT_S", ACK_WAIT_S, range(3, 3601)),
        data_dir=data_dir,
        cache_dir=_cache_dir(env, data_dir),
        notify_arns=tuple(arn.strip() for arn in arns.split(",") if arn.strip()),
        env=dict(env),
    )


def load_secrets(data_dir: Path) -> Secrets:
    """The secrets of an installation; made, readable by their owner alone, when there are none yet."""
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir.chmod(0o700)
    path = data_dir / "secrets.json"
    if not path.exists():
        _write_new(path, json.dumps(asdict(_make_secrets()), indent=2) + "\n")
    try:
        return Secrets(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise SettingsError(f"{path} is damaged: restore it, or start anew with make clean") from None


def _make_secrets() -> Secrets:
    # They begin with a letter: NATS reads a password from the environment as a value, and 1e9 would be a number.
    return Secrets(
        postgres_password="p" + secrets.token_hex(16),
        s3_access_key_id="desk" + secrets.token_hex(4),
        s3_secret_access_key="s" + secrets.token_hex(20),
        nats_storage_password="s" + secrets.token_hex(16),
        nats_worker_password="w" + secrets.token_hex(16),
    )


def _write_new(path: Path, text: str) -> None:
    """Write the whole file or nothing; where another process was faster, its file stays."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _cache_dir(env: Mapping[str, str], data_dir: Path) -> Path:
    if env.get("BUCKET265_CACHE"):
        return Path(env["BUCKET265_CACHE"]).absolute()
    if env.get("XDG_CACHE_HOME"):
        return Path(env["XDG_CACHE_HOME"]).absolute() / "bucket265"
    # Without HOME the user database is asked; in a container the user may be in neither.
    home = Path(os.path.expanduser("~"))
    return home / ".cache" / "bucket265" if home.is_absolute() else data_dir / "cache"


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    return _whole(env, name, default, range(1, 65536))


def _whole(env: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    raw = env.get(name) or str(default)
    if not raw.isdecimal() or int(raw) not in allowed:
        raise SettingsError(f"{name} must be a number from {allowed[0]} to {allowed[-1]}, not {raw!r}")
    return int(raw)
