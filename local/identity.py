"""Who we are to an API in open mode: one random UUID per user of this machine, kept in the user's settings."""

import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from local.problems import ClientError


def user_file(env: Mapping[str, str]) -> Path:
    """Where the id is kept."""
    base = env.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path("~/.config").expanduser()) / "bucket265" / "user"


def user_id(given: str | None, env: Mapping[str, str]) -> uuid.UUID:
    """The given id, or the kept one, made at first use; raises ``ClientError``."""
    if given is not None:
        return _parse(given, "--user")
    path = user_file(env)
    try:
        if not path.exists():
            _keep(path, str(uuid.uuid4()))
        return _parse(path.read_text().strip(), str(path))
    except OSError as exc:
        raise ClientError(f"{path} cannot be used ({exc.strerror}); name a user with --user UUID.", "no_user") from exc


def _parse(text: str, where: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ClientError(f"{where} must be a UUID, not {text!r}.", "invalid_user") from None


def _keep(path: Path, text: str) -> None:
    """Write the whole file or nothing; where another process was faster, its file stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text + "\n")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
