"""Each link of the chain is broken for real; doctor names exactly that link, with a remedy, and exits 1."""

import asyncio
import dataclasses
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StreamConfig

from functions.migrate.migrate import newest_version
from local import jetstream
from local.child import Child
from local.objectstore import ensure_notifications, minio_client
from local.servers import Minio
from tests.support.databases import ask
from tests.support.ports import free_ports
from tests.support.servers import Servers, running_servers

BOUND_S = 120


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers that these tests may break, if they mend them again."""
    with running_servers(tmp_path_factory.mktemp("doctor") / "data") as started:
        yield started


def doctor(servers: Servers, *options: str, **env: str) -> tuple[int, list[str]]:
    """Exit code and lines of one examination."""
    done = subprocess.run(
        [sys.executable, "-m", "local", "doctor", *options],
        env=servers.env | env, capture_output=True, text=True, timeout=BOUND_S, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


def assert_names(link: str, remedy: str, result: tuple[int, list[str]]) -> None:
    """One FAIL, of this link, with a line that tells the remedy, and a last line that names the link."""
    code, lines = result
    failures = [line for line in lines if line.startswith("FAIL")]
    assert code == 1
    assert [line[6:20].strip() for line in failures] == [link], "\n".join(lines)
    assert remedy in failures[0]
    assert lines[-1] == f"broken: {link}"


@contextmanager
def stopped(server: Child) -> Iterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.start()
        server.wait_ready()


@contextmanager
def minio_with(servers: Servers, **variables: str) -> Iterator[None]:
    """The same storage, with other settings."""
    other = Minio(dataclasses.replace(servers.desk, env={**servers.desk.env, **variables}))
    with stopped(servers.minio):
        other.start()
        try:
            other.wait_ready()
            yield
        finally:
            other.kill()


def statement(servers: Servers, sql: str) -> None:
    ask(servers.desk.database_url, sql)


def in_queue(servers: Servers, change: Callable[[JetStreamContext], Awaitable[object]]) -> None:
    async def connected() -> None:
        connection = await jetstream.connect_once(servers.desk.nats_url, "test")
        try:
            await change(connection.jetstream())
        finally:
            await connection.close()

    asyncio.run(connected())


def test_a_sound_chain_has_no_broken_link(own: Servers) -> None:
    code, lines = doctor(own)
    assert code == 0
    assert lines[-1] == "all links hold"
    assert [line[:5].strip() for line in lines[:-2]] == ["ok"] * 13
    assert not any(secret in line for line in lines for secret in (own.desk.secrets.postgres_password, "Signature="))


def test_database_down(own: Servers) -> None:
    with stopped(own.postgres):
        result = doctor(own)
    assert_names("database", "Start PostgreSQL", result)
    assert any(line.startswith("skip  schema") for line in result[1])


def test_database_password_wrong(own: Servers) -> None:
    url = own.desk.database_url.replace(own.desk.secrets.postgres_password, "wrong")
    assert_names("database", "correct DATABASE_URL", doctor(own, DATABASE_URL=url))


def test_schema_behind(own: Servers) -> None:
    statement(own, "UPDATE alembic_version SET version_num = '0000'")
    try:
        assert_names("schema", "python -m local bootstrap", doctor(own))
    finally:
        statement(own, f"UPDATE alembic_version SET version_num = '{newest_version()}'")  # noqa: S608


def test_schema_missing(own: Servers) -> None:
    statement(own, "ALTER TABLE alembic_version RENAME TO away")
    try:
        assert_names("schema", "python -m local bootstrap", doctor(own))
    finally:
        statement(own, "ALTER TABLE away RENAME TO alembic_version")


def test_storage_down(own: Servers) -> None:
    with stopped(own.minio):
        assert_names("storage", "Start the storage", doctor(own))


@pytest.mark.parametrize("variable", ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"])
def test_storage_key_wrong(own: Servers, variable: str) -> None:
    assert_names("storage", "Correct S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY", doctor(own, **{variable: "wrong"}))


def test_bucket_missing(own: Servers) -> None:
    assert_names("storage", "python -m local bootstrap", doctor(own, CONVERTED_BUCKET="elsewhere"))


def test_public_address_of_storage_wrong(own: Servers) -> None:
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
    assert_names("upload link", "S3_PUBLIC_ENDPOINT_URL", doctor(own, S3_PUBLIC_ENDPOINT_URL=nowhere))


def test_origin_refused(own: Servers) -> None:
    with minio_with(own, MINIO_API_CORS_ALLOW_ORIGIN="https://elsewhere.test"):
        assert_names("browser origin", "MINIO_API_CORS_ALLOW_ORIGIN", doctor(own))
        assert doctor(own, "--origin", "https://elsewhere.test")[0] == 0


def test_nats_down(own: Servers) -> None:
    with stopped(own.nats):
        result = doctor(own)
    assert_names("queue", "Start NATS", result)
    assert any(line.startswith("skip  round trip") for line in result[1])


def test_nats_password_wrong(own: Servers) -> None:
    url = own.desk.nats_url.replace(own.desk.secrets.nats_worker_password, "wrong")
    assert_names("queue", "correct NATS_URL", doctor(own, NATS_URL=url))


def test_stream_without_the_subject(own: Servers) -> None:
    kind = RetentionPolicy.WORK_QUEUE
    without = StreamConfig(name=jetstream.STREAM, subjects=[jetstream.REISSUED], retention=kind)
    in_queue(own, lambda js: js.update_stream(without))
    try:
        assert_names("stream", "python -m local bootstrap", doctor(own))
    finally:
        in_queue(own, jetstream.ensure_streams)


def test_consumer_missing(own: Servers) -> None:
    in_queue(own, lambda js: js.delete_consumer(jetstream.STREAM, jetstream.CONSUMER))
    try:
        assert_names("stream", "python -m local bootstrap", doctor(own))
    finally:
        in_queue(own, jetstream.ensure_streams)


def test_consumer_of_other_settings(own: Servers) -> None:
    assert_names("stream", "python -m local bootstrap", doctor(own, ACK_WAIT_S="7"))


def test_notification_removed(own: Servers) -> None:
    settings = own.desk.settings()
    client = minio_client(settings)
    client.delete_bucket_notification(settings.uploads_bucket)
    try:
        assert_names("notification", "python -m local bootstrap", doctor(own))
    finally:
        ensure_notifications(client, settings.uploads_bucket, own.desk.notify_arns)


@pytest.mark.parametrize("targets", [("FAST", "SURE"), ("SURE",)])
def test_target_publishes_on_another_subject(own: Servers, targets: tuple[str, ...]) -> None:
    with minio_with(own, **{f"MINIO_NOTIFY_NATS_SUBJECT_{target}": "uploads.elsewhere" for target in targets}):
        assert_names("round trip", "MINIO_NOTIFY_NATS_*", doctor(own))


def test_encoder_missing(own: Servers) -> None:
    assert_names("encoder", "imageio-ffmpeg", doctor(own, IMAGEIO_FFMPEG_EXE="/nowhere/ffmpeg"))


def test_encoder_cannot_make_h265(own: Servers) -> None:
    assert_names("encoder", "imageio-ffmpeg", doctor(own, IMAGEIO_FFMPEG_EXE="/bin/false"))


def test_scratch_disk_too_full(own: Servers) -> None:
    assert_names("scratch disk", "SCRATCH_DIR", doctor(own, SCRATCH_RESERVE_BYTES=str(10**18)))


def test_data_disk_too_full(own: Servers) -> None:
    code, lines = doctor(own, "--free-gib", "1000000000")
    assert code == 1
    assert lines[-1] == "broken: scratch disk, data disk"
    assert "DATA_DIR name a folder on a larger disk" in "\n".join(lines)
