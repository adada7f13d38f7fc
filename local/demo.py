"""One film through a whole stack of its own, from nothing to the checked result: ``make demo``."""

import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.bars import display
from local.client import ApiClient, State
from local.conversion import convert
from local.desk import LOOPBACK, Desk, read_desk
from local.filmfacts import FilmFacts, NoFacts, film_facts
from local.freeports import find_free_ports
from local.localfile import require_file
from local.lock import NotOurs, StackLock
from local.naming import safe_name
from local.problems import ClientError
from local.stack import Stack

CLIP = Path(__file__).with_name("clips") / "bigbuckbunny.mp4"
PORT_VARIABLES = ("API_PORT", "S3_PORT", "S3_CONSOLE_PORT", "NATS_PORT", "DB_PORT")
YOUNG_S = 60.0
"""A stack's folder younger than this may belong to a demo that has not locked it yet."""
FIELDS_AT_THE_ENDS = 2
"""Frames by which a film that was made of fields may be off: those without a second field, or without five for four."""


@dataclass(frozen=True)
class Demonstrated:
    """A checked result. ``took_s``: from the start of the upload to the end of the download."""

    source: Path
    result: Path
    before: FilmFacts
    after: FilmFacts
    took_s: float


def demonstrate(source: Path) -> Demonstrated:
    """Convert one film and check the result, which stays when the stack has gone. Main thread only.

    Raises ``ClientError`` or ``DeskError``.
    """
    require_file(source)
    home = _demo_folder(read_desk().data_dir)
    result = home / safe_name(f"{source.stem}.mp4")
    _say("starting a stack of its own: PostgreSQL, NATS, MinIO, the API and a worker")
    with _own_folder(home) as folder, Stack(own_desk(folder, os.environ), report=_nothing) as stack:
        began = time.monotonic()

        def pause(seconds: float) -> None:
            time.sleep(seconds)
            stack.check()

        client = ApiClient(f"http://{LOOPBACK}:{stack.desk.ports.api}", uuid.uuid4(), pause=pause)
        with display() as show:
            converted = convert(client, source, result, show, stack.check, force=True)
        took_s = time.monotonic() - began
        _say("checking the result frame by frame")
        before, after = check_result(source, converted.path, converted.state)
    return Demonstrated(source, converted.path, before, after, took_s)


def show_table(done: Demonstrated) -> None:
    """The small table on standard output."""
    table = Table(title=done.source.name)
    for heading in ("", "before", "after"):
        table.add_column(heading, justify="right" if heading else "left")
    tag = f" ({done.after.tag})" if done.after.tag else ""
    table.add_row("codec", done.before.codec, f"{done.after.codec}{tag}")
    table.add_row("size", _megabytes(done.source), _megabytes(done.result))
    table.add_row("duration", f"{done.before.duration_s:.2f} s", f"{done.after.duration_s:.2f} s")
    table.add_row("frames", str(done.before.frames), str(done.after.frames))
    table.add_row("time", "", f"{done.took_s:.1f} s")
    Console().print(table)


def check_result(source: Path, result: Path, state: State) -> tuple[FilmFacts, FilmFacts]:
    """Both films' facts; raises ``ClientError`` unless the result is the source as ``state`` says.

    That is as H.265, but for a source that is kept as it is, or whose own pictures were put into another container.
    """
    try:
        before, after = film_facts(source), film_facts(result)
    except NoFacts as exc:
        raise ClientError(f"The result could not be checked: {exc}.", "check_failed") from exc
    is_h265 = state["result"] != "kept_original" and state["target_codec"] == "h265"
    if is_h265 and (after.codec, after.tag) != ("hevc", "hvc1"):
        raise ClientError(f"The result is {after.codec}/{after.tag}, not hevc/hvc1.", "check_failed")
    factor = _frame_factor(state)
    if abs(after.frames - factor * before.frames) > (0 if factor == 1 else FIELDS_AT_THE_ENDS):
        raise ClientError(f"The result has {after.frames} frames, the source {before.frames}.", "check_failed")
    return before, after


def _frame_factor(state: State) -> float:
    """Frames of the result for each of the source: of interlaced films each field becomes one."""
    video = (state.get("media") or {}).get("video") or {}
    factors = {"interlaced": 2.0, "telecine": 0.8} if state["result"] == "converted" else {}
    return factors.get(video.get("fields", ""), 1.0)


def _demo_folder(data_dir: Path) -> Path:
    """``DATA_DIR/demo``, where results stay. A ``DATA_DIR`` that we are the first to use is marked as ours."""
    lock = StackLock(data_dir)
    if data_dir.exists() and any(data_dir.iterdir()) and not lock.is_ours():
        raise NotOurs(f"{data_dir} holds something else: let DATA_DIR name a new or empty folder")
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not lock.is_ours():
        lock.acquire()
        lock.release()
    home = data_dir / "demo"
    home.mkdir(exist_ok=True)
    return home


@contextmanager
def _own_folder(home: Path) -> Iterator[Path]:
    """A folder for one stack, removed with all that it held; so are those of demos that were killed."""
    for folder in home.glob("stack-*"):
        if time.time() - folder.stat().st_mtime > YOUNG_S and StackLock(folder).holder() is None:
            shutil.rmtree(folder, ignore_errors=True)
    own = Path(tempfile.mkdtemp(prefix="stack-", dir=home))
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def own_desk(folder: Path, env: Mapping[str, str]) -> Desk:
    """A desk beside any other: ports of its own, one worker, nothing of another stack's addresses, and no login."""
    ports = dict(zip(PORT_VARIABLES, map(str, find_free_ports(len(PORT_VARIABLES))), strict=True))
    own = dict(env) | ports | {"API_HOST": LOOPBACK, "DATA_DIR": str(folder), "WORKERS": "1"}
    own |= {"AUTH_MODE": "open", "AUTH_ISSUER": "", "AUTH_AUDIENCE": ""}
    if not env.get("S3_ENDPOINT_URL"):
        own.pop("S3_PUBLIC_ENDPOINT_URL", None)
    return read_desk(own)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _nothing(line: str) -> None:
    """Where things listen matters to nobody: the stack is gone in a moment."""


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.2f} MB"
