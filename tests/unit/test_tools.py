"""MinIO is built once, by a Go that is new enough, and a failure says why and what to do."""

import threading
from pathlib import Path

import pytest

from local.tools import ToolMissing, find_go, minio_program


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
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(minio_program(cache, env))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [minio_program(cache, env)] * 2
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
    assert [path for path in (tmp_path / "cache").rglob("*") if path.name == "minio" or "build-" in path.name] == []


@pytest.mark.parametrize("version", ["go1.24.7", "go1.9", "devel"])
def test_a_go_that_is_too_old_is_passed_over_for_the_wheels(tmp_path: Path, version: str) -> None:
    found = find_go(fake_go(tmp_path / "go", version=version))
    assert found.parent.parent.joinpath("VERSION").read_text().startswith("go1.27")


def test_a_go_on_path_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    assert find_go(fake_go(tmp_path / "go", version="go1.24.8")) == tmp_path / "go" / "go"


def test_a_machine_without_go_uses_the_wheels(tmp_path: Path) -> None:
    assert find_go({"PATH": str(tmp_path)}).is_file()
