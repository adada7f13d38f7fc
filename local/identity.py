"""Who we are to an API: the bearer of a token, or in open mode one random UUID per user of this machine, kept."""

import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path

from local.problems import BEARER_VARIABLE, ClientError

B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What may follow ``Bearer`` (RFC 6750)."""


def token(env: Mapping[str, str]) -> str | None:
    """The user's token, if there is one; raises ``ClientError`` for what cannot be one, without showing it."""
    given = (env.get(BEARER_VARIABLE) or "").strip()
    if given and not B64TOKEN.fullmatch(given):
        raise ClientError(
            f"{BEARER_VARIABLE} holds no token: it takes the token alone, without `Bearer` or quotes.", "no_token"
        )
    return given or None


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
