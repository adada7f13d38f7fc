"""The one list of how a conversion may fail: the code, docs/errors.md and OpenAPI are made from it."""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.shared.errors.kinds import PermanentError, PipelineError, Retry, RetryableError


@dataclass(frozen=True)
class Entry:
    """One code. ``final``: the transaction is Failed, else Retrying. ``hint`` and ``remedy`` are sentences."""

    code: str
    final: bool
    hint: str
    remedy: str
    retry: Retry

    def words(self) -> str:
        """What a person reads, without figures."""
        return f"{self.hint} {self.remedy}"


def catalogue() -> tuple[Entry, ...]:
    """Every code that a transaction's ``error_code`` may have, once: those that end it first, in the order declared."""
    found: dict[str, Entry] = {}
    for base in (PermanentError, RetryableError):
        for kind in _below(base):
            entry = Entry(kind.code, base is PermanentError, kind.hint, kind.remedy, kind.retry)
            found.setdefault(kind.code, entry)
    return tuple(found.values())


def _below(base: type[PipelineError]) -> Iterator[type[PipelineError]]:
    """The errors below a kind, each followed by those below it."""
    for kind in base.__subclasses__():
        yield kind
        yield from _below(kind)
