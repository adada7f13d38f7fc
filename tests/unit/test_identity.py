"""The user's id: random, the same every time, and another one by --user."""

from pathlib import Path

import pytest

from local.identity import user_id
from local.problems import ClientError


def test_the_id_is_made_once_and_kept(tmp_path: Path) -> None:
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    first = user_id(None, env)
    assert user_id(None, env) == first
    assert user_id(None, {"XDG_CONFIG_HOME": str(tmp_path / "other")}) != first


def test_a_given_id_is_used_and_not_kept(tmp_path: Path) -> None:
    given = "11111111-1111-4111-8111-111111111111"
    assert str(user_id(given, {"XDG_CONFIG_HOME": str(tmp_path)})) == given
    assert not any(tmp_path.iterdir())


def test_an_id_that_is_no_uuid_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="--user must be a UUID, not 'me'"):
        user_id("me", {})
    (tmp_path / "bucket265").mkdir()
    (tmp_path / "bucket265" / "user").write_text("garbage")
    with pytest.raises(ClientError, match="must be a UUID"):
        user_id(None, {"XDG_CONFIG_HOME": str(tmp_path)})


def test_where_nothing_can_be_kept_the_remedy_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClientError, match="--user UUID"):
        user_id(None, {"XDG_CONFIG_HOME": str(tmp_path / "file")})
