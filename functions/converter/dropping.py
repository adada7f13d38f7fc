"""What a result does not have although the source does, and why; and what a client should know beside that."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Dropped:
    """``what`` is for machines (``subtitle``, ``audio``, ``attachment`` …), ``reason`` a sentence for people."""

    what: str
    reason: str
    index: int | None = None
    codec: str | None = None
    language: str | None = None

    def as_json(self) -> dict[str, Any]:
        return vars(self)


@dataclass(frozen=True)
class Warned:
    """``code`` is for machines, ``count`` how often it was met; None where that is no question."""

    code: str
    message: str
    count: int | None = None

    def as_json(self) -> dict[str, Any]:
        return vars(self)
