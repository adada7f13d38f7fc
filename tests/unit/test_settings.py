"""The environment is read once and a value that does not fit is named."""

import re
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from functions.shared.settings import Settings, SettingsError, available_memory_bytes, read_settings

LEAST = {"DATABASE_URL": "postgresql://db", "AUTH_MODE": "open"}
IDENTITY = {"AUTH_ISSUER": "https://id.example.org/", "AUTH_AUDIENCE": "web, terminal"}


def read(**env: str) -> Settings:
    return read_settings(LEAST | env)


def test_little_is_needed() -> None:
    settings = read()
    assert (settings.uploads_bucket, settings.converted_bucket) == ("uploads", "converted")
    assert (settings.x265_preset, settings.x265_crf) == (None, None)
    assert (settings.lease_s, settings.stall_s, settings.link_ttl_s) == (60, 45, 3600)
    assert settings.stall_s < settings.lease_s


def test_what_is_missing_is_named() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL is not set"):
        read_settings({"AUTH_MODE": "open"})


def test_the_database_is_named_in_one_way() -> None:
    secret = {
        "DATABASE_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-x",
        "AUTH_MODE": "open",
    }
    settings = read_settings(secret | {"DATABASE_HOST": "proxy.example"})
    assert (settings.database_url, settings.database_host) == (None, "proxy.example")
    assert settings.database_secret_arn == secret["DATABASE_SECRET_ARN"]
    with pytest.raises(SettingsError, match=r"^DATABASE_URL and DATABASE_SECRET_ARN are both set") as refused:
        read(**secret, DATABASE_URL="postgresql://u:hidden@db/x")
    assert "hidden" not in str(refused.value)
    with pytest.raises(SettingsError, match=r"^DATABASE_SECRET_ARN must be the ARN of a secret"):
        read_settings(secret | {"DATABASE_SECRET_ARN": "bucket265/database"})
    with pytest.raises(SettingsError, match=r"^DATABASE_HOST goes with DATABASE_SECRET_ARN"):
        read(DATABASE_HOST="proxy.example")


@pytest.mark.parametrize("missing", ["AUTH_ISSUER", "AUTH_AUDIENCE"])
def test_tokens_are_asked_for_unless_said_otherwise(missing: str) -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://db"} | IDENTITY)
    assert (settings.auth_mode, settings.auth_issuer) == ("jwt", "https://id.example.org/")
    assert settings.auth_audience == ("web", "terminal")
    with pytest.raises(SettingsError, match=f"^{missing} is not set, .*AUTH_MODE=open"):
        read_settings({"DATABASE_URL": "postgresql://db"} | IDENTITY | {missing: ""})


@pytest.mark.parametrize("name", IDENTITY)
def test_open_mode_with_an_identity_provider_is_a_contradiction(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is set, but AUTH_MODE=open"):
        read(**{name: IDENTITY[name]})


@pytest.mark.parametrize(
    "issuer",
    ["http://id.example.org", "id.example.org", "file:///etc/keys", "https://", "https://[", "ftp://localhost"],
)
def test_an_issuer_that_anybody_could_speak_for_is_refused(issuer: str) -> None:
    with pytest.raises(SettingsError, match=r"^AUTH_ISSUER must be an https URL"):
        read(**IDENTITY | {"AUTH_MODE": "jwt", "AUTH_ISSUER": issuer})
    assert read(**IDENTITY | {"AUTH_MODE": "jwt", "AUTH_ISSUER": "http://127.0.0.1:8080"})


def test_forms_have_no_limit_of_their_own_unless_set() -> None:
    assert read().form_upload_max_bytes is None
    assert read(FORM_UPLOAD_MAX_BYTES="4194304").form_upload_max_bytes == 4 * 1024**2


def test_an_empty_value_counts_as_absent() -> None:
    assert read(LEASE_S="", UPLOADS_BUCKET="", S3_ENDPOINT_URL="").uploads_bucket == "uploads"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEASE_S", "soon"),
        ("LEASE_S", "2"),
        ("STALL_S", "0"),
        ("LINK_TTL_S", "0"),
        ("LINK_TTL_S", "-5"),
        ("LINK_TTL_S", "604801"),
        ("X265_CRF", "nan"),
        ("X265_CRF", "-1"),
        ("X265_CRF", "52"),
        ("X265_PRESET", "quick"),
        ("CONVERSION_BUDGET_S", "inf"),
        ("MAX_OUTPUT_BYTES", "0"),
        ("MAX_PIXELS", "255"),
        ("MAX_FRAME_RATE", "inf"),
        ("MAX_STREAMS", "0"),
        ("MAX_CPU_S", "0"),
        ("MAX_SCRATCH_BYTES", "nan"),
        ("DATABASE_POOL_SIZE", "0"),
        ("WORKER_MEMORY_BYTES", "1e999"),
        ("WORKER_CONCURRENCY", "0"),
        ("WORKER_CONCURRENCY", "17"),
        ("WORKER_CONCURRENCY", "1.5"),
        ("WORKER_CONCURRENCY", "many"),
        ("S3_ADDRESSING_STYLE", "dns"),
        ("AUTH_MODE", "none"),
        ("FORM_UPLOAD_MAX_BYTES", "0"),
    ],
)
def test_a_value_that_does_not_fit_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must be .*{re.escape(value)}"):
        read(**{name: value})


def test_a_lease_that_ends_before_a_stall_shows_is_refused_at_start() -> None:
    with pytest.raises(SettingsError, match=r"^LEASE_S must be at least STALL_S, not 10 with STALL_S=45"):
        read(LEASE_S="10")
    assert read(LEASE_S="45").lease_s == 45
    assert read(LEASE_S="10", STALL_S="10").stall_s == 10


def test_storage_is_addressed_by_path_where_an_endpoint_is_given() -> None:
    assert read().s3_addressing_style == "virtual"
    assert read(S3_ENDPOINT_URL="http://127.0.0.1:9000").s3_addressing_style == "path"
    assert read(S3_ENDPOINT_URL="https://s3.example", S3_ADDRESSING_STYLE="virtual").s3_addressing_style == "virtual"


def test_links_are_signed_for_the_public_endpoint() -> None:
    inside = "http://minio:9000"
    assert read(S3_ENDPOINT_URL=inside).s3_public_endpoint_url == inside
    public = "http://localhost:9000"
    assert read(S3_ENDPOINT_URL=inside, S3_PUBLIC_ENDPOINT_URL=public).s3_public_endpoint_url == public


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        read().lease_s = 5  # type: ignore[misc]


def test_a_worker_knows_its_memory() -> None:
    assert 2**28 < available_memory_bytes() < 2**50
    assert read(WORKER_MEMORY_BYTES="4294967296").worker_memory_bytes == 4 * 1024**3


def test_how_many_encodes_run_side_by_side_is_found_unless_said() -> None:
    assert read().worker_concurrency is None
    assert read(WORKER_CONCURRENCY="auto").worker_concurrency is None
    assert [read(WORKER_CONCURRENCY=number).worker_concurrency for number in ("1", "16")] == [1, 16]


def test_the_scratch_folder_can_be_moved() -> None:
    assert read(SCRATCH_DIR="/mnt/scratch").scratch_dir == Path("/mnt/scratch")
