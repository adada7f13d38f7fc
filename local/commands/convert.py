"""``convert FILE... [-o OUT]``: videos in, H.265 beside them."""

import argparse
import queue
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.bars import Display, display, printable
from local.client import ApiClient
from local.commands.options import asked
from local.commands.running import INTERRUPTED, Stop, client_of, reporting
from local.conversion import convert
from local.naming import output_paths
from local.problems import ClientError

JOIN_S = 0.2


@reporting
def run(args: argparse.Namespace) -> int:
    """The path of each result goes to standard output, everything else to standard error; 1 if any file failed."""
    options = asked(args)
    outputs = output_paths(args.files, args.out, options.get("container", "mp4"))
    stop = Stop()
    client = client_of(args, stop)
    with display() as show:
        batch = _Batch(client, show, stop, args.force, options, list(zip(args.files, outputs, strict=True)))
        try:
            batch.run(args.jobs)
        except KeyboardInterrupt:
            stop.set()
            show.say("Stopped; what was uploaded is still converted: `python -m local download ID` gets it.")
            return INTERRUPTED
    for source in args.files:
        if source in batch.failures:
            print(f"error: {_named(source, batch.failures[source])}", file=sys.stderr)
        elif source in batch.results:
            print(batch.results[source])
    return 0 if len(batch.results) == len(args.files) else 1


@dataclass
class _Batch:
    """Several files, a few at once. Its threads are daemons: after Ctrl-C none of them holds up the exit."""

    client: ApiClient
    show: Display
    stop: Stop
    force: bool
    options: dict[str, Any]
    jobs: list[tuple[Path, Path]]
    failures: dict[Path, ClientError] = field(default_factory=dict)
    results: dict[Path, Path] = field(default_factory=dict)

    def run(self, at_once: int) -> None:
        waiting: queue.SimpleQueue[tuple[Path, Path]] = queue.SimpleQueue()
        for job in self.jobs:
            waiting.put(job)
        threads = [
            threading.Thread(target=self._work, args=(waiting,), daemon=True)
            for _ in range(min(at_once, len(self.jobs)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(JOIN_S)

    def _work(self, waiting: "queue.SimpleQueue[tuple[Path, Path]]") -> None:
        while True:
            try:
                source, out = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done = convert(
                    self.client, source, out, self.show, self.stop.check, force=self.force, options=self.options
                )
                self.results[source] = done.path
            except ClientError as exc:
                self.failures[source] = exc


def _named(source: Path, failure: ClientError) -> str:
    """The reason, with the file that it is about."""
    sentence, name = printable(str(failure)), printable(str(source))
    return sentence if sentence.startswith(name) else f"{name}: {sentence}"
