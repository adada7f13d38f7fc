"""MinIO is built once, by a Go that is new enough, and a failure says why and what to do."""

import subprocess
import sys
from pathlib import Path

import pytest

from local.tools import ToolMissing, find_go, minio_program
from tests.support.processes import running, tree
from tests.support.waiting import wait_until


def fake_go(folder: Path, version: str = "go1.26.1", install: str = "exit 1") -> dict[str, str]:
    """An environment whose ``go`` says ``version``, writes down each call, and runs ``install`` to build."""
    folder.mkdir(exist_ok=True)
    program = folder / "go"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = version ]; then echo "go version {version} linux/amd64"; exit; fi\n'
        f'echo "$@" >> {folder}/calls\n{install}\n'
    )
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "GOFLAGS": "-mod=vendor", "GOPROXY": "https://proxy.example"}


BUILD = 'sleep 0.3; mkdir -p "$GOPATH/bin"; env > "$GOPATH/bin/minio"'


def test_two_that_need_minio_at_once_build_it_once(tmp_path: Path) -> None:
    env = fake_go(tmp_path / "go", install=BUILD)
    cache = tmp_path / "a" / "cache"
    program = f"from local.tools import *; print(minio_program(Path({str(cache)!r}), {env!r}))"
    builders = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    found = [builder.communicate()[0].splitlines()[-1] for builder in builders]
    assert found == [str(minio_program(cache, env))] * 2
    assert len((tmp_path / "go" / "calls").read_text().splitlines()) == 1


def test_the_build_uses_the_users_proxy_and_nothing_else_of_his_go(tmp_path: Path) -> None:
    program = minio_program(tmp_path, fake_go(tmp_path / "go", install=BUILD))
    seen = dict(line.split("=", 1) for line in program.read_text().splitlines())
    assert seen["GOPROXY"] == "https://proxy.example"
    assert seen["GOFLAGS"] == "-buildvcs=false -modcacherw"
    assert Path(seen["HOME"]).parent == program.parent
    assert list(program.parent.iterdir()) == [program]


def test_a_failed_build_says_why_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env = fake_go(tmp_path / "go", install="echo 'module lookup disabled' >&2; exit 1")
    with pytest.raises(ToolMissing, match=r"(?s)module lookup disabled.*S3_ENDPOINT_URL"):
        minio_program(tmp_path / "cache", env)
    assert "building MinIO once" in capsys.readouterr().out
    assert [path for path in (tmp_path / "cache").rglob("*") if path.name in ("minio", "build")] == []


def test_a_build_that_was_cut_off_is_ended_and_swept(tmp_path: Path) -> None:
    env = fake_go(tmp_path / "go", install="sleep 600")
    cache = tmp_path / "cache"
    program = f"from local.tools import *; minio_program(Path({str(cache)!r}), {env!r})"
    builder = subprocess.Popen([sys.executable, "-c", program])
    wait_until((tmp_path / "go" / "calls").exists, "the build")
    everything = tree(builder.pid)
    builder.kill()
    builder.wait()
    wait_until(lambda: not running(everything[:2]), "the end of go")
    for process in running(everything):
        process.kill()
    assert minio_program(cache, fake_go(tmp_path / "go", install=BUILD)).exists()
    assert not list(cache.rglob("build"))


@pytest.mark.parametrize("version", ["go1.24.7", "go1.9", "devel"])
def test_a_go_that_is_too_old_is_passed_over_for_the_wheels(tmp_path: Path, version: str) -> None:
    found = find_go(fake_go(tmp_path / "go", version=version))
    assert found.parent.parent.joinpath("VERSION").read_text().startswith("go1.27")


def test_a_go_on_path_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    assert find_go(fake_go(tmp_path / "go", version="go1.24.8")) == tmp_path / "go" / "go"


def test_a_machine_without_go_uses_the_wheels(tmp_path: Path) -> None:
    assert find_go({"PATH": str(tmp_path)}).is_file()
