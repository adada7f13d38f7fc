"""``DATABASE_URL``, ``S3_ENDPOINT_URL`` and ``NATS_URL`` each replace the server that the stack would start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.desk import load_secrets
from local.servers import Minio
from tests.support.ports import free_ports
from tests.support.servers import Servers, new_desk, running_servers
from tests.support.stack import stack_on

OURS = {"local.gateway", "local.worker"}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers that somebody else runs."""
    with running_servers(tmp_path_factory.mktemp("given")) as started:
        yield started


def storage_settings(servers: Servers) -> dict[str, str]:
    names = ("S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")
    return {name: servers.env[name] for name in names}


def queue_settings(servers: Servers) -> dict[str, str]:
    return {"NATS_URL": servers.desk.nats_url, "NATS_STORAGE_URL": servers.desk.nats_storage_url}


def test_a_database_given_by_url_is_used_and_none_is_started(tmp_path: Path, given: Servers) -> None:
    with stack_on(tmp_path / "data", DATABASE_URL=given.desk.database_url) as stack:
        assert stack.wait_ready().programs() == OURS | {"minio", "nats-server"}
        assert "given by DATABASE_URL" in stack.output
        assert not (stack.desk.data_dir / "postgres").exists()


def test_a_queue_given_by_url_is_used_and_gets_the_events_of_our_storage(tmp_path: Path, given: Servers) -> None:
    with stack_on(tmp_path / "data", **queue_settings(given)) as stack:
        assert stack.wait_ready().programs() == OURS | {"minio", "postgres"}
        assert "given by NATS_URL" in stack.output
        assert not (stack.desk.data_dir / "nats").exists()


def test_a_storage_given_by_url_is_used_and_tells_our_queue(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    [nats_port] = free_ports(1)
    password = load_secrets(data_dir).nats_storage_password
    elsewhere = new_desk(tmp_path / "storage", NATS_STORAGE_URL=f"nats://storage:{password}@127.0.0.1:{nats_port}")
    storage = Minio(elsewhere)
    storage.start()
    try:
        storage.wait_ready()
        settings = {
            "S3_ENDPOINT_URL": elsewhere.s3_endpoint_url,
            "S3_ACCESS_KEY_ID": elsewhere.secrets.s3_access_key_id,
            "S3_SECRET_ACCESS_KEY": elsewhere.secrets.s3_secret_access_key,
        }
        with stack_on(data_dir, NATS_PORT=str(nats_port), **settings) as stack:
            assert stack.wait_ready().programs() == OURS | {"nats-server", "postgres"}
            assert "given by S3_ENDPOINT_URL" in stack.output
            assert not (stack.desk.data_dir / "minio").exists()
    finally:
        storage.stop()


def test_all_three_given_start_no_server_and_no_password_is_shown_or_made(tmp_path: Path, given: Servers) -> None:
    urls = {"DATABASE_URL": given.desk.database_url, **storage_settings(given), **queue_settings(given)}
    with stack_on(tmp_path / "data", **urls) as stack:
        assert stack.wait_ready().programs() == OURS
        assert not (stack.desk.data_dir / "secrets.json").exists()
        secrets = given.desk.secrets
        for secret in (secrets.postgres_password, secrets.s3_secret_access_key, secrets.nats_worker_password):
            assert secret not in stack.output


def test_a_given_server_that_refuses_us_is_named_with_its_variable(tmp_path: Path, given: Servers) -> None:
    wrong = given.desk.database_url.replace(given.desk.secrets.postgres_password, "wrong")
    with stack_on(tmp_path / "data", DATABASE_URL=wrong) as stack:
        assert stack.process.wait(60) == 1
        assert "error: PostgreSQL does not let us in" in stack.output
        assert "is DATABASE_URL right?" in stack.output
