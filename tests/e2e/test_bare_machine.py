"""A machine with nothing: ``make demo`` of a fresh clone, an empty environment, and a PATH of four things."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
COREUTILS = """
arch b2sum base32 base64 basename cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dirname du
echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir
mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pinky pr printenv printf ptx pwd readlink
realpath rm rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf
stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir
wc who whoami yes
"""
ORDINARY = pwd.getpwnam("nobody")
ACCOUNTS = ["root", "ordinary user"] if os.geteuid() == 0 else ["ordinary user"]
BOUND_S = 1500


@dataclass(frozen=True)
class Account:
    """Who runs a program; the test's own account where nothing is given."""

    user: int | None = None
    group: int | None = None

    def run(
        self, argv: list[str], folder: str, env: dict[str, str], bound_s: float
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            argv,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=bound_s,
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
        )


@pytest.fixture(scope="module")
def built() -> Iterator[Path]:
    """Where the first account's MinIO is kept for the next: one build shows as much as two."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_demo_needs_only_python_make_git_and_coreutils(account: str, built: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="bare-") as folder:
        place = Path(folder)
        clone, home, path = place / "clone", place / "home", place / "path"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", f"file://{CHECKOUT}", str(clone)], check=True)
        home.mkdir(mode=0o700)
        _copy(built, home / ".cache" / "bucket265")
        become = _account(account, place)
        _link_programs(path, _python(become))

        bare = {"HOME": str(home), "PATH": str(path)}
        done = become.run([shutil.which("make") or "make", "demo"], str(clone), bare, BOUND_S)

        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        result = Path(done.stdout.splitlines()[-1])
        assert result.is_absolute()
        assert result.stat().st_size > 10_000
        assert result.read_bytes()[4:8] == b"ftyp"
        _copy(home / ".cache" / "bucket265", built)


def _account(account: str, place: Path) -> Account:
    """How to start a program as that account; everything in ``place`` becomes its own."""
    place.chmod(0o755)
    if account == "root" or os.geteuid() != 0:
        return Account()
    for entry in [place, *place.rglob("*")]:
        os.chown(entry, ORDINARY.pw_uid, ORDINARY.pw_gid, follow_symlinks=False)
    return Account(ORDINARY.pw_uid, ORDINARY.pw_gid)


def _python(become: Account) -> Path:
    """A Python that this account can run, with venv."""
    here = [Path(sys.base_prefix) / "bin" / "python3", Path("/usr/bin/python3"), Path("/usr/local/bin/python3")]
    wanted = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
    for candidate in here:
        try:
            done = become.run([str(candidate), "-c", wanted], "/", {}, 30)
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    raise AssertionError(f"no Python 3.11 with venv among {here} for {become}")


def _link_programs(folder: Path, python: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "python3").symlink_to(python)
    for name in ("make", "git", *COREUTILS.split()):
        found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
        if found:
            (folder / name).symlink_to(found)
    assert (folder / "make").exists()
    assert not shutil.which("go", path=str(folder))


def _copy(cache: Path, to: Path) -> None:
    for program in cache.glob("minio-*"):
        shutil.copytree(program, to / program.name, dirs_exist_ok=True)
