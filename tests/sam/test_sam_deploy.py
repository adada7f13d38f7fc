"""``sam deploy``, as a user types it, makes a stack that converts a video; a second one finds nothing to do."""

import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.support.cloud.cloud import Cloud
from tests.support.cloud.emulator import REGION, ROOT_KEY
from tests.support.cloud.stack import CODE_BUCKET, Stack, adopt, code_zip, upload_code
from tests.support.cloud.template import ROOT, as_json, for_emulator, read_template
from tests.support.media import BIG_BUCK_BUNNY, measure

SAM = ROOT / ".venv" / "sam" / "bin" / "sam"
NAME = "by-sam"


class Sam:
    """The program, with the emulator for AWS."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._folder = folder
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SAM_CLI_TELEMETRY": "0",
            "AWS_ENDPOINT_URL": cloud.emulator.url,
            "AWS_CA_BUNDLE": str(cloud.emulator.certificate),
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
            "AWS_DEFAULT_REGION": REGION,
        }

    def deploy(self, template: Path, **parameters: str) -> str:
        """What it said; fails the test with it for another exit code than 0."""
        words = ["deploy", "--template-file", str(template), "--stack-name", NAME, "--s3-bucket", CODE_BUCKET]
        words += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
        words += ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
        words += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
        done = subprocess.run(
            [SAM, *words], cwd=self._folder, env=self._env, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def parameters(cloud: Cloud) -> dict[str, str]:
    return cloud.parameters(NAME)


@pytest.fixture(scope="module")
def sam(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Sam:
    upload_code(cloud.emulator)
    return Sam(cloud, tmp_path_factory.mktemp("sam"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, parameters: dict[str, str]) -> Path:
    """The project's own, with its code in a folder beside it."""
    folder = tmp_path_factory.mktemp("package")
    code = folder / "code"
    with zipfile.ZipFile(io.BytesIO(code_zip())) as archive:
        archive.extractall(code)
    (code / "bootstrap").chmod(0o755)
    path = folder / "template.json"
    path.write_text(as_json(for_emulator(read_template(), "code", parameters)))
    return path


@pytest.fixture(scope="module")
def stack(cloud: Cloud, sam: Sam, template: Path, parameters: dict[str, str]) -> Stack:
    said = sam.deploy(template, **parameters)
    assert "Successfully created/updated stack" in said
    return adopt(cloud.emulator, NAME, parameters)


def test_the_stack_converts_a_video(cloud: Cloud, stack: Stack) -> None:
    deployment = cloud.deployment(stack)
    source = BIG_BUCK_BUNNY.read_bytes()
    deployment.wait_completed(transaction_id := deployment.put("clip.mp4", "video/mp4", source))
    result = measure(deployment.send("GET", "/download", follow=True, transaction_id=transaction_id).body)
    assert (result.codec, result.frames) == ("hevc", measure(source).frames)


def test_the_outputs_name_the_address(stack: Stack) -> None:
    assert stack.outputs["ApiUrl"].startswith("https://")


def test_a_second_deploy_changes_nothing(sam: Sam, stack: Stack, template: Path, parameters: dict[str, str]) -> None:
    assert stack.name == NAME
    assert "No changes to deploy" in sam.deploy(template, **parameters)
