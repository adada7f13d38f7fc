"""The parent's side of the inspector: what a child that was taken over cannot do to it."""

import socket
import subprocess
import sys

import pytest

from functions.converter import inspection
from functions.shared.errors import UnreadableMedia


def test_an_answer_that_never_ends_is_not_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "REPLY_BYTES", 1024**2)
    ours, theirs = socket.socketpair()
    endless = f"import socket\ns = socket.socket(fileno={theirs.fileno()})\nwhile True: s.send(b'[' * 65536)"
    with theirs:
        child = subprocess.Popen([sys.executable, "-c", endless], pass_fds=[theirs.fileno()], start_new_session=True)
    talking = inspection._Child(child, ours)
    try:
        with pytest.raises(UnreadableMedia):
            inspection._receive(talking, lambda _moved: None)
    finally:
        inspection._end(talking)
