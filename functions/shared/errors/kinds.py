"""The kinds of error. Of two that differ in what happens next, the types differ."""

from enum import StrEnum
from typing import ClassVar


class Retry(StrEnum):
    """Whether another attempt helps, as people read it."""

    NO = "no"
    BY_ITSELF = "yes: tried again by itself"
    AFTER_REPAIR = "after the remedy: redrive it"


class Bucket265Error(Exception):
    """Base of all our errors."""

    code: ClassVar[str] = "internal_error"
    hint: ClassVar[str] = "Something went wrong on our side; try again."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    def sentence(self) -> str:
        """What a person reads: the hint, then the figures if there are any."""
        return f"{self.hint} ({self.detail})" if self.detail else self.hint


class StaleAttempt(Bucket265Error):
    """A newer attempt owns the row, or the row is terminal."""

    code = "stale_attempt"
    hint = "A newer attempt owns this transaction."


class PipelineError(Bucket265Error):
    """A stage of a conversion failed. ``hint`` says what happened, ``remedy`` what to do; each is a sentence."""

    remedy: ClassVar[str] = "Report this file."
    retry: ClassVar[Retry] = Retry.NO

    def sentence(self) -> str:
        """What a person reads: the hint with the figures if there are any, then the remedy."""
        return self.words(self.detail)

    @classmethod
    def words(cls, detail: str = "") -> str:
        """The sentence of such an error with these figures."""
        happened = f"{cls.hint.removesuffix('.')} ({detail})." if detail else cls.hint
        return f"{happened} {cls.remedy}"


class PermanentError(PipelineError):
    """Redelivery cannot succeed: mark the transaction Failed, acknowledge the message."""


RETRIED = "It is tried again by itself"
GIVEN_UP = "An operator can mend the cause and redrive it"
"""What stands in place of ``RETRIED`` once a transaction is given up."""


class RetryableError(PipelineError):
    """Redelivery may succeed: mark the transaction Retrying, give the message back with a delay."""

    remedy = f"{RETRIED}."
    retry = Retry.BY_ITSELF


class RequestRefused(Bucket265Error):
    """A request that cannot be served as it is. ``detail`` is the whole sentence that the client reads."""

    code = "bad_request"

    def sentence(self) -> str:
        return self.detail or self.hint
