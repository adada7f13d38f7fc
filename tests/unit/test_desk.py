"""The desk reads its environment once, and says which variable does not fit."""

from pathlib import Path

import pytest

from functions.shared.settings import SettingsError
from local.demo import own_desk
from local.desk import load_secrets, read_desk
from local.servers import nats_target


def test_the_defaults_are_the_documented_ones(tmp_path: Path) -> None:
    desk = read_desk({"DATA_DIR": str(tmp_path)})
    ports = desk.ports
    assert (ports.api, ports.s3, ports.s3_console, ports.nats, ports.db) == (8000, 9000, 9001, 4222, 55432)
    env = desk.functions_env()
    assert env["S3_PUBLIC_ENDPOINT_URL"] == env["S3_ENDPOINT_URL"] == "http://127.0.0.1:9000"
    assert env["NATS_URL"].startswith("nats://worker:")
    assert env["AUTH_MODE"] == "open"
    assert desk.settings().scratch_dir == tmp_path / "scratch"


def test_a_desk_asks_for_tokens_if_told_to_and_a_demo_never_does(tmp_path: Path) -> None:
    identity = {"AUTH_MODE": "jwt", "AUTH_ISSUER": "https://id.example.org", "AUTH_AUDIENCE": "web"}
    settings = read_desk({"DATA_DIR": str(tmp_path), **identity}).settings()
    assert (settings.auth_mode, settings.auth_issuer, settings.auth_audience) == (
        "jwt", "https://id.example.org", ("web",)
    )  # fmt: skip
    assert own_desk(tmp_path, identity).settings().auth_mode == "open"


def test_a_given_url_reaches_the_functions_as_it_is_and_only_its_server_is_replaced(tmp_path: Path) -> None:
    desk = read_desk({"DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://u:p@db.example/x"})
    assert (desk.runs_postgres, desk.runs_minio, desk.runs_nats) == (False, True, True)
    assert desk.settings().database_url == "postgresql://u:p@db.example/x"


def test_a_given_storage_keeps_its_own_keys(tmp_path: Path) -> None:
    given = {"S3_ENDPOINT_URL": "https://s3.example", "S3_ACCESS_KEY_ID": "theirs", "S3_SECRET_ACCESS_KEY": "secret"}
    settings = read_desk({"DATA_DIR": str(tmp_path), **given}).settings()
    assert (settings.s3_access_key_id, settings.s3_public_endpoint_url) == ("theirs", "https://s3.example")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("S3_PORT", "abc"),
        ("DB_PORT", "0"),
        ("API_PORT", "65536"),
        ("WORKERS", "-1"),
        ("NATS_URL", "localhost"),
        ("DATABASE_URL", "mydb"),
    ],
)
def test_a_value_that_does_not_fit_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} must be"):
        read_desk({variable: value})


@pytest.mark.parametrize(
    ("env", "cache"),
    [
        ({"BUCKET265_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/bucket265"),
    ],
)
def test_the_cache_lies_where_the_environment_says(env: dict[str, str], cache: str) -> None:
    assert read_desk(env).cache_dir == Path(cache)


def test_the_cache_needs_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    assert read_desk({}).cache_dir.is_absolute()


def test_secrets_survive_and_a_damaged_file_is_named(tmp_path: Path) -> None:
    first = load_secrets(tmp_path)
    assert load_secrets(tmp_path) == first
    assert first.s3_secret_access_key not in repr(first)
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(SettingsError, match=r"secrets\.json is damaged"):
        load_secrets(tmp_path)


def test_a_storage_target_takes_address_and_user_from_its_url() -> None:
    target = nats_target("FAST", "tls://st%40r:p%2Fw@queue.example")
    assert target["MINIO_NOTIFY_NATS_ADDRESS_FAST"] == "queue.example:4222"
    assert target["MINIO_NOTIFY_NATS_USERNAME_FAST"] == "st@r"
    assert target["MINIO_NOTIFY_NATS_PASSWORD_FAST"] == "p/w"
    assert target["MINIO_NOTIFY_NATS_TLS_FAST"] == "on"
