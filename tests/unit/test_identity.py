"""The user's id: random, the same every time, and another one by --user; or the token's, which nobody gets to see."""

from argparse import Namespace
from pathlib import Path

import pytest

from local.commands.running import Stop, client_of
from local.identity import token, user_id
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


def test_a_token_comes_alone_and_is_not_shown_where_it_is_none() -> None:
    assert token({}) is token({"BUCKET265_TOKEN": ""}) is None
    assert token({"BUCKET265_TOKEN": " abc.d-e_f.g\n"}) == "abc.d-e_f.g"
    for given in ("Bearer abc.def.ghi", '"abc.def.ghi"', "abc\r\nX-Evil: 1", "abc\u00e9"):
        with pytest.raises(ClientError, match="without `Bearer`") as caught:
            token({"BUCKET265_TOKEN": given})
        assert "abc" not in str(caught.value)


def test_with_a_token_nobody_is_named_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("BUCKET265_TOKEN", "abc.def.ghi")
    client_of(Namespace(api="http://api.test", user=None), Stop()).close()
    assert not any(tmp_path.iterdir())
    monkeypatch.delenv("BUCKET265_TOKEN")
    client_of(Namespace(api="http://api.test", user=None), Stop()).close()
    assert any(tmp_path.iterdir())
