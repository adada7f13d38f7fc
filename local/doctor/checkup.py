"""Runs checks in order and tells what each found. What needs a broken link is not tried: one break, one FAIL."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from local.desk import Desk


@dataclass(frozen=True)
class Patient:
    """What is examined. ``origin``: the web page whose uploads have to work; ``free_bytes``: on each disk."""

    desk: Desk
    origin: str
    free_bytes: int


class Broken(Exception):
    """A link does not hold: what was seen, and the remedy. Both are clauses without a full stop."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}. {remedy}.")


@dataclass(frozen=True)
class Check:
    """One link. ``examine`` returns what it saw, or raises ``Broken``."""

    link: str
    examine: Callable[[Patient], str]
    needs: tuple[str, ...] = field(default=())


class Verdict(StrEnum):
    OK = "ok"
    FAIL = "FAIL"
    SKIP = "skip"


@dataclass(frozen=True)
class Finding:
    link: str
    verdict: Verdict
    text: str

    def __str__(self) -> str:
        return f"{self.verdict:<5} {self.link:<14} {self.text}"


def examine(patient: Patient, checks: Sequence[Check]) -> Iterator[Finding]:
    """The findings, each as soon as it is made."""
    unsound: set[str] = set()
    for check in checks:
        finding = _examine_one(patient, check, unsound)
        if finding.verdict is not Verdict.OK:
            unsound.add(check.link)
        yield finding


def _examine_one(patient: Patient, check: Check, unsound: set[str]) -> Finding:
    missing = [link for link in check.needs if link in unsound]
    if missing:
        return Finding(check.link, Verdict.SKIP, f"not tried, it needs: {', '.join(missing)}")
    try:
        return Finding(check.link, Verdict.OK, check.examine(patient))
    except Broken as exc:
        return Finding(check.link, Verdict.FAIL, str(exc))
    except Exception as exc:  # the other links are still worth a look
        return Finding(check.link, Verdict.FAIL, f"the check itself failed: {exc!r}")


def address(url: str | None) -> str:
    """Host and port of a URL, without its password."""
    parts = urlsplit(url or "")
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or "the default endpoint"


def one_line(exc: BaseException) -> str:
    """An error's text in one line, without a full stop."""
    return " ".join(str(exc).split()).rstrip(".") or type(exc).__name__
