"""What the commands share while they run: the client, the desk, and how an error becomes a sentence and a code."""

import argparse
import functools
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from functions.shared.errors import Bucket265Error
from functions.shared.settings import SettingsError
from local.client import ApiClient
from local.desk import Desk, DeskError, read_desk
from local.identity import token, user_id
from local.lock import StackLock
from local.naming import safe_name
from local.problems import ClientError

if TYPE_CHECKING:  # the image's terminal, for doctor and redrive, has no rich
    from local.bars import Display

Run = Callable[[argparse.Namespace], int]
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def reporting(run: Run) -> Run:
    """Turn an expected error into one sentence on standard error and exit code 1."""

    @functools.wraps(run)
    def reported(args: argparse.Namespace) -> int:
        try:
            return run(args)
        except (ClientError, DeskError, SettingsError) as exc:
            print(f"error: {exc}", file=sys.stderr)
        except Bucket265Error as exc:
            print(f"error: {exc.sentence()}", file=sys.stderr)
        except KeyboardInterrupt:
            return INTERRUPTED
        return 1

    return reported


def existing_desk() -> Desk:
    """The servers that the environment names, else those of the stack in ``DATA_DIR``; raises ``ClientError``.

    Looking must not found an installation: a desk makes its passwords when it is first asked for them.
    """
    desk = read_desk()
    needs_passwords = desk.runs_postgres or desk.runs_minio or desk.runs_nats
    if needs_passwords and not StackLock(desk.data_dir).is_ours():
        raise ClientError(
            f"No stack has ever run on {desk.data_dir}: start one with `make up`, let DATA_DIR name another, "
            "or name your servers by DATABASE_URL, S3_ENDPOINT_URL and NATS_URL."
        )
    return desk


class Stop:
    """The user's wish to stop, seen by every thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def check(self) -> None:
        """Raise ``ClientError`` once the user wants to stop."""
        if self._event.is_set():
            raise ClientError("stopped", "stopped")

    def pause(self, seconds: float) -> None:
        """Wait, unless the user wants to stop."""
        self._event.wait(seconds)
        self.check()


def client_of(args: argparse.Namespace, stop: Stop) -> ApiClient:
    """The client that the options and the environment describe; ``stop`` ends its waits."""
    bearer = token(os.environ)
    user = None if bearer and args.user is None else user_id(args.user, os.environ)
    return ApiClient(args.api, user, token=bearer, pause=stop.pause)


def fetch_result(client: ApiClient, transaction_id: str, folder: Path, show: "Display") -> Path:
    """Download the result of a completed transaction into a folder of ours, under its own name."""
    link = client.link(transaction_id)
    out = folder / safe_name(link.filename)
    bar = show.bar(out.name, "download", link.size)
    client.fetch(transaction_id, out, lambda done: bar(done, ""))
    return out
