"""The supervisor: starts the servers, makes them ready, starts the API and the workers, watches, and stops them all.

Every process is a child of ours that the kernel ends with us, so a crash of the supervisor leaves nothing behind.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from local import tools
from local.child import Child
from local.desk import Desk
from local.freeports import check_ports
from local.lock import StackLock
from local.programs import Api, Worker
from local.servers import servers_of
from local.welcome import welcome

LOOK_S = 0.2


class StopRequested(KeyboardInterrupt):
    """SIGTERM or SIGHUP: stop as at Ctrl-C."""


class Stack:
    """A running desk, as a context manager in the main thread.

    Entering raises a ``DeskError`` (``StackRuns``, ``PortTaken``, ``ToolMissing``, ``ChildFailed``,
    ``BootstrapFailed``), and then nothing is left running. ``report`` gets lines for people.
    """

    def __init__(self, desk: Desk, report: Callable[[str], None] = print) -> None:
        self.desk = desk
        self._report = report
        self._lock = StackLock(desk.data_dir)
        self._servers: list[Child] = []
        self._api: list[Child] = []
        self._workers: list[Child] = []

    def __enter__(self) -> Self:
        self._lock.acquire()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def children(self) -> list[Child]:
        """All processes, in the order of their start."""
        return [*self._servers, *self._api, *self._workers]

    def check(self) -> None:
        """Raise ``ChildFailed``, naming the process, if one has ended."""
        for child in self.children:
            child.check()

    def watch(self) -> None:
        """Return never: raise ``ChildFailed`` when a process ends."""
        while True:
            self.check()
            time.sleep(LOOK_S)

    def stop(self) -> None:
        """Stop everything, in order: workers first, that they can give back what they hold. Idempotent.

        A second Ctrl-C or SIGTERM kills what has not ended by then.
        """
        try:
            for worker in self._workers:
                worker.ask_to_stop()
            for child in reversed(self.children):
                child.stop()
        except KeyboardInterrupt:
            for child in reversed(self.children):
                child.kill()
        self._lock.release()

    def _start(self) -> None:
        desk = self.desk
        check_ports(desk)
        if desk.runs_minio:
            tools.minio_program(desk.cache_dir, desk.env)
        for server in servers_of(desk):
            self._servers.append(server)
            server.start()
        # Half a second of imports, while the servers start.
        from local.bootstrap import bootstrap

        for server in self._servers:
            server.wait_ready()
        bootstrap(desk)
        self._api.append(Api(desk))
        self._workers += [Worker(desk, number) for number in range(1, desk.workers + 1)]
        for child in [*self._api, *self._workers]:
            child.start()
        for child in [*self._api, *self._workers]:
            child.wait_ready()
        self.check()
        for line in welcome(desk):
            self._report(line)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP raise ``StopRequested``, as Ctrl-C raises ``KeyboardInterrupt``."""

    def request(number: int, frame: FrameType | None) -> None:
        raise StopRequested

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, request) for number in numbers]
    # A shell starts a background job with SIGINT ignored; then it stays so, but ours must be Python's own.
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, interrupt)
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
