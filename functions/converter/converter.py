"""One object-created event → one outcome: claim the row, run the pipeline, record how it ended."""

import threading
from dataclasses import dataclass, field
from importlib import import_module

from functions.converter import ffmpeg
from functions.converter.deadline import Deadline
from functions.converter.deps import Deps
from functions.converter.lease import Clock, Lease
from functions.converter.patience import patiently
from functions.converter.workspace import sweep
from functions.shared import logs, metrics
from functions.shared.errors import (
    PermanentError,
    RetryableError,
    StaleAttempt,
    UnexpectedError,
    WorkerStopping,
)
from functions.shared.events import ObjectCreated
from functions.shared.transactions import (
    Duplicate,
    Exhausted,
    GiveBack,
    Source,
    may_retry,
    retry_delay_s,
)

DOCTOR_PREFIX = "doctor/"
"""Keys of the doctor's and the bootstrap's own round trips."""


@dataclass(frozen=True)
class Done:
    """Acknowledge the message. ``outcome`` is for the log."""

    outcome: str


@dataclass(frozen=True)
class Later:
    """Deliver the message again in ``delay_s``."""

    delay_s: float
    outcome: str


@dataclass(frozen=True)
class DeadLetter:
    """The attempts are used up: put the message aside, the row becomes Failed."""

    outcome: str


Outcome = Done | Later | DeadLetter


@dataclass
class Converter:
    """Handles events one at a time per thread; many threads may share it."""

    deps: Deps
    stopping: threading.Event = field(default_factory=threading.Event)

    def warm_up(self) -> None:
        """Make now what the first event would wait for: an inspector, clients, a connection, the encoder's version."""
        self.deps.inspector.prepare()
        ffmpeg.version()
        for later in ("pipeline", "shots", "framecheck"):
            import_module(f"functions.converter.{later}")
        _ = self.deps.storage.client
        self.deps.transactions.warm_up()

    def tidy(self) -> None:
        """Remove what a worker that was killed left in the scratch folder: a sandbox keeps it for the next call."""
        sweep(self.deps.settings.scratch_dir)

    def handle(self, created: ObjectCreated, message_id: str, clock: Clock, deadline: Deadline) -> Outcome:
        """What to do with the message that named this object. Raises ``DatabaseUnavailable`` if no row can be read."""
        settings = self.deps.settings
        if created.bucket != settings.uploads_bucket or created.key.startswith(DOCTOR_PREFIX):
            return Done("not_ours")
        source = Source(created.bucket, created.key, created.size, created.etag)
        claim = self.deps.transactions.claim(source, message_id, settings.worker_name)
        match claim:
            case Duplicate(why):
                return Done(why)
            case GiveBack(delay_s):
                return Later(delay_s, "given_back")
            case Exhausted():
                return DeadLetter("attempts_exhausted")
        metrics.CONVERSIONS_STARTED.add()
        if claim.attempt == 1:
            metrics.UPLOADS_STORED.add()
        logs.event("claimed", transaction_id=claim.transaction_id, attempt=claim.attempt, message_id=message_id)
        lease = Lease(
            claim, self.deps.transactions.renew, clock, deadline, self.stopping, settings.lease_s, settings.stall_s
        )
        with lease.kept():
            return self._attempt(lease)

    def _attempt(self, lease: Lease) -> Outcome:
        try:
            from functions.converter.pipeline import convert  # not what a cold start that converts nothing waits for

            convert(lease, self.deps)
        except StaleAttempt:
            logs.event("attempt.stale", transaction_id=lease.claim.transaction_id, attempt=lease.claim.attempt)
            return self._stale()
        except PermanentError as exc:
            return self._failed(lease, exc)
        except RetryableError as exc:
            return self._retry(lease, exc)
        except Exception as exc:
            logs.event("attempt.crashed", level=40, exc_info=True, transaction_id=lease.claim.transaction_id)
            unexpected = UnexpectedError()
            unexpected.__cause__ = exc
            return self._retry(lease, unexpected)
        return Done("completed")

    def _failed(self, lease: Lease, exc: PermanentError) -> Outcome:
        claim = lease.claim
        logs.event("attempt.failed", transaction_id=claim.transaction_id, code=exc.code, detail=exc.detail)
        if not patiently(
            lambda: self.deps.transactions.fail(claim, exc.code, exc.sentence()), lease.deadline.patience_s()
        ):
            return self._stale()
        metrics.CONVERSIONS_FAILED.add(1, exc.code)
        return Done("failed")

    def _retry(self, lease: Lease, exc: RetryableError) -> Outcome:
        """Hand the row back. When that was the last attempt, nothing may claim it again: dead-letter the message."""
        claim = lease.claim
        given_back = isinstance(exc, WorkerStopping)
        again = given_back or may_retry(claim.attempt, claim.attempts_base)
        delay_s = retry_delay_s(claim.attempt, claim.attempts_base) if again and not given_back else 0.0
        logs.event(
            "attempt.retry", transaction_id=claim.transaction_id, code=exc.code, detail=exc.detail, delay_s=delay_s
        )
        if not patiently(
            lambda: self.deps.transactions.retry(claim, exc.code, exc.sentence(), delay_s, counts=not given_back),
            lease.deadline.patience_s(),
        ):
            return self._stale()
        metrics.CONVERSIONS_RETRIED.add(1, exc.code)
        return Later(delay_s, exc.code) if again else DeadLetter(exc.code)

    def _stale(self) -> Outcome:
        """Never acknowledged: it may be the message that the newer attempt was claimed under, and its way back."""
        return Later(self.deps.settings.lease_s, "stale")
