"""The commands of who runs a stack: ``up``, ``down``, ``clean`` and ``bootstrap``."""

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING

from functions.shared.settings import SettingsError
from local.desk import Desk, DeskError, read_desk
from local.lock import StackLock
from local.stack import Stack, stopped_by_signals

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

STOPS_WITHIN_S = 120.0


class Refused(DeskError):
    """A command that cannot be carried out, or would do harm."""


def add_commands(subparsers: "Subparsers") -> None:
    """Add the commands; each sets ``run``, which takes the parsed arguments and returns the exit code."""
    for name, run, text in (
        ("up", up, "run everything in the foreground until Ctrl-C"),
        ("down", down, "stop the stack that runs on DATA_DIR"),
        ("clean", clean, "remove DATA_DIR with all videos and rows"),
        ("bootstrap", make_ready, "create what the servers lack: schema, buckets, notifications, streams"),
    ):
        parser = subparsers.add_parser(name, help=text, description=text)
        parser.set_defaults(run=run)


def reported(command: Callable[[Desk], int]) -> Callable[[argparse.Namespace], int]:
    """Give the command its desk, and turn an expected error into a sentence and exit code 1."""

    @wraps(command)
    def run(_: argparse.Namespace) -> int:
        try:
            return command(read_desk())
        except (DeskError, SettingsError) as exc:
            print(f"error: {exc}", file=sys.stderr, flush=True)
            return 1

    return run


@reported
def up(desk: Desk) -> int:
    with stopped_by_signals():
        try:
            with Stack(desk, report=lambda line: print(line, flush=True)) as stack:
                stack.watch()
        except KeyboardInterrupt:
            print("stopped", flush=True)
    return 0


@reported
def down(desk: Desk) -> int:
    lock = StackLock(desk.data_dir)
    holder = lock.holder()
    if holder is None:
        print(f"no stack runs on {desk.data_dir}")
        return 0
    os.kill(holder, signal.SIGTERM)
    give_up = time.monotonic() + STOPS_WITHIN_S
    while lock.holder() == holder:
        if time.monotonic() > give_up:
            raise Refused(f"process {holder} does not stop")
        time.sleep(0.1)
    print("stopped")
    return 0


@reported
def clean(desk: Desk) -> int:
    if not desk.data_dir.exists():
        return 0
    lock = StackLock(desk.data_dir)
    lock.acquire()
    for entry in desk.data_dir.iterdir():
        if entry != desk.cache_dir:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    with suppress(OSError):  # a mount point, or the cache is in it
        desk.data_dir.rmdir()
    lock.release()
    return 0


@reported
def make_ready(desk: Desk) -> int:
    from local.bootstrap import bootstrap

    bootstrap(desk)
    print("ready: schema, buckets, notifications and streams are in place, and an event came back")
    return 0
