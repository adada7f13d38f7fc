"""Progress on standard error: bars on a terminal, a line now and then where there is none."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Update = Callable[[float, str], None]
"""Called with what is done so far and a note."""
PLAIN_STEP = 0.25


class Display(Protocol):
    """Where progress is shown. Thread-safe."""

    def bar(self, name: str, stage: str, total: float) -> Update:
        """A new bar for one stage of one file."""

    def say(self, text: str) -> None:
        """One line."""


class Bars:
    """On a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def bar(self, name: str, stage: str, total: float) -> Update:
        task = self._progress.add_task(stage, total=total or 1, name=escape(printable(name)), note="")

        def update(done: float, note: str) -> None:
            self._progress.update(task, completed=done if total else 1, note=escape(note))

        return update

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


class Lines:
    """Where standard error is a file or a pipe: a line at the start, the end and each quarter of a stage."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def bar(self, name: str, stage: str, total: float) -> Update:
        shown = -1.0

        def update(done: float, note: str) -> None:
            nonlocal shown
            share = done / total if total else 1.0
            if shown < 0 or share >= shown + PLAIN_STEP or share >= 1 > shown:
                shown = share
                self.say(f"{printable(name)}: {stage} {share:.0%} {note}".rstrip())

        return update

    def say(self, text: str) -> None:
        with self._lock:
            print(text, file=sys.stderr, flush=True)


@contextmanager
def display() -> Iterator[Display]:
    """The display that fits this process's standard error."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (
        TextColumn("{task.fields[name]}"),
        TextColumn("{task.description:<8}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console) as progress:
        yield Bars(progress)


def printable(name: str) -> str:
    """A file name that cannot disturb the terminal."""
    return "".join(c if c.isprintable() else "?" for c in name)
