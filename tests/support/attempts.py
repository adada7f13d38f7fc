"""An attempt without a row: claims, leases and jobs for tests of single stages."""

import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from functions.converter.containers import MOV
from functions.converter.deadline import Deadline
from functions.converter.encode import Job
from functions.converter.lease import Clock, Lease
from functions.converter.media import MediaInfo
from functions.converter.slots import EncodeSlots
from functions.shared.settings import Settings, read_settings
from functions.shared.transactions import Claim, Progress, Source

TRANSACTION = UUID("01928f5e-7c3a-7d6b-9c55-0f2f6b1d2a11")
OPTIONS = {"preset": "ultrafast", "crf": 30}


def a_claim(size: int = 10, attempt: int = 1, attempts_base: int = 0) -> Claim:
    """The claim of an attempt on an object of ``size`` bytes."""
    source = Source("uploads", f"{TRANSACTION}/source", size, "e1")
    return Claim(TRANSACTION, attempt, attempts_base, source, "converted", OPTIONS)


class Row:
    """What a lease writes, and whether the row is still the attempt's."""

    def __init__(self) -> None:
        self.written: list[Progress] = []
        self.ours = True
        self.fails_with: Exception | None = None

    def renew(self, _claim: Claim, progress: Progress) -> bool:
        if self.fails_with:
            raise self.fails_with
        self.written.append(progress)
        return self.ours


def a_lease(
    claim: Claim | None = None,
    renew: Callable[[Claim, Progress], bool] = lambda _claim, _progress: True,
    *,
    seconds: float = 600,
    lease_s: float = 60,
    stall_s: float = 45,
    stopping: threading.Event | None = None,
) -> Lease:
    """A lease that is not kept until the test says so; ``seconds`` is the attempt's budget."""
    return Lease(
        claim or a_claim(), renew, Clock(), Deadline.after(seconds), stopping or threading.Event(), lease_s, stall_s
    )


def settings_with(**env: str) -> Settings:
    """The usual settings, changed by these variables."""
    return read_settings({"DATABASE_URL": "postgresql://", "AUTH_MODE": "open"} | env)


def a_job(folder: Path, media: MediaInfo, lease: Lease | None = None, **env: str) -> Job:
    """A job on a source that lies in ``folder``; ``env`` as for ``settings_with``."""
    return Job(
        folder / "source", folder / "source", MOV, media, lease or a_lease(), EncodeSlots(), settings_with(**env)
    )
