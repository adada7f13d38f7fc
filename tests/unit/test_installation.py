"""What a compose installation is made of: a secret of its own for everyone, and one version of MinIO everywhere."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from functions.shared.settings import read_settings
from local import installation
from local.desk import Secrets, load_secrets
from local.tools import MINIO_MODULE, MINIO_VERSION

ROOT = Path(__file__).parents[2]


@pytest.fixture
def volumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The volumes as the init service has them, in a place where the tests' user may own everything."""
    for name in ("secrets", *installation.OWNED):
        (tmp_path / name).mkdir()
    me = dict.fromkeys(installation.USERS, os.geteuid())
    monkeypatch.setattr(installation, "USERS", me)
    return tmp_path


def sourced(path: Path) -> dict[str, str]:
    """The variables that a shell gets from a file."""
    done = subprocess.run(
        ["/bin/sh", "-c", 'set -a && . "$0" && env -0', path], env={}, capture_output=True, text=True, check=True
    )
    pairs = dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
    return {name: value for name, value in pairs.items() if name not in ("PWD", "OLDPWD", "SHLVL", "_")}


def test_a_shell_reads_each_service_its_variables_and_nobody_else_can(volumes: Path) -> None:
    installation.prepare(volumes)
    expected = installation.service_secrets(load_secrets(volumes / "secrets" / "installation"))
    assert set(expected) == set(installation.USERS)
    for service, variables in expected.items():
        path = volumes / "secrets" / f"{service}.env"
        assert sourced(path) == variables
        assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_a_second_start_keeps_every_secret(volumes: Path) -> None:
    installation.prepare(volumes)
    files = {path.name: path.read_text() for path in (volumes / "secrets").glob("*.env")}
    installation.prepare(volumes)
    assert {path.name: path.read_text() for path in (volumes / "secrets").glob("*.env")} == files


def test_values_survive_the_shell_whatever_they_hold(volumes: Path) -> None:
    odd = Secrets("p a$s'\"`\\", "key", "#;&", "n", "w")
    (volumes / "secrets" / "odd").mkdir()
    path = volumes / "secrets" / "odd.env"
    variables = installation.service_secrets(odd)["postgres"]
    installation._write_env_file(path, variables, os.geteuid())
    assert sourced(path) == {"POSTGRES_PASSWORD": odd.postgres_password}


def test_only_storage_knows_the_password_by_which_uploads_are_announced(volumes: Path) -> None:
    installation.prepare(volumes)
    password = load_secrets(volumes / "secrets" / "installation").nats_storage_password
    knowing = {path.stem for path in (volumes / "secrets").glob("*.env") if password in path.read_text()}
    assert knowing == {"minio", "nats"}


def test_the_functions_can_be_configured_by_what_they_are_told(volumes: Path) -> None:
    installation.prepare(volumes)
    env = sourced(volumes / "secrets" / "api.env") | {"AUTH_MODE": "open", "S3_ENDPOINT_URL": "http://minio:9000"}
    settings = read_settings(env)
    assert str(settings.database_url).endswith("@postgres:5432/bucket265")
    assert settings.s3_secret_access_key


def test_the_image_of_minio_is_built_from_the_version_of_the_desk() -> None:
    dockerfile = (ROOT / "infra" / "minio" / "Dockerfile").read_text()
    assert re.findall(r"module=(\S+); version=(\S+);", dockerfile) == [(MINIO_MODULE, MINIO_VERSION)]


def test_users_are_those_of_the_images_and_of_compose() -> None:
    text = "".join((ROOT / name).read_text() for name in ("infra/Dockerfile", "infra/minio/Dockerfile"))
    text += (ROOT / "docker-compose.yml").read_text()
    named = {int(uid) for uid in re.findall(r'^\s*(?:USER|user:) "?(\d+):\1"?$', text, re.MULTILINE)}
    assert named == set(installation.USERS.values())
