"""The life of a transaction, as pure rules: states, budgets and delays. No I/O here."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID


class Status(StrEnum):
    """What a client sees under ``status``. Terminal: Completed, Failed. Expired revives when the object still comes."""

    PENDING = "Pending"
    CONVERTING = "Converting"
    RETRYING = "Retrying"
    COMPLETED = "Completed"
    FAILED = "Failed"
    EXPIRED = "Expired"


ATTEMPTS_LIMIT = 5
RETRY_DELAYS_S = (5.0, 15.0, 60.0, 60.0)
"""Wait before attempts 2, 3, 4 and 5; DESIGN rule 4."""

REISSUE_FIRST_S = 15.0
REISSUE_CAP_S = 3600.0
DOUBLINGS = 10
"""More than the cap needs."""


def attempts_used(attempt: int, attempts_base: int) -> int:
    """Claims that count against ``ATTEMPTS_LIMIT``."""
    return attempt - attempts_base


def may_retry(attempt: int, attempts_base: int) -> bool:
    """Whether a failed attempt leaves another one in the budget."""
    return attempts_used(attempt, attempts_base) < ATTEMPTS_LIMIT


def retry_delay_s(attempt: int, attempts_base: int) -> float:
    """Seconds until the attempt after this one may start."""
    used = max(1, attempts_used(attempt, attempts_base))
    return RETRY_DELAYS_S[min(used, len(RETRY_DELAYS_S)) - 1]


def reissue_wait_s(reissues: int) -> float:
    """Seconds until an event is re-issued again: doubling, because a long queue looks like a lost event."""
    return min(REISSUE_CAP_S, REISSUE_FIRST_S * 2.0 ** min(reissues, DOUBLINGS))


@dataclass(frozen=True)
class Source:
    """The object that an upload made. ``etag`` is unquoted; it names this version of the key."""

    bucket: str
    key: str
    size: int
    etag: str


@dataclass(frozen=True)
class Claim:
    """One attempt's right to convert. ``attempt`` is the fencing number that every later write names."""

    transaction_id: UUID
    attempt: int
    attempts_base: int
    source: Source
    converted_bucket: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Duplicate:
    """Nothing to do: the work is done, under way under another message, or was never ours."""

    why: str


@dataclass(frozen=True)
class GiveBack:
    """The same message came again while its own lease or retry delay runs: deliver it later."""

    delay_s: float


@dataclass(frozen=True)
class Exhausted:
    """The attempts budget is spent: dead-letter the message."""

    transaction_id: UUID


ClaimResult = Claim | Duplicate | GiveBack | Exhausted


@dataclass(frozen=True)
class Progress:
    """What status shows. ``percent`` is frames encoded of those probed, below 100 until Completed."""

    stage: str
    percent: float
    fps: float | None = None
    speed: float | None = None
    eta_s: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "percent": round(self.percent, 1),
            "fps": self.fps,
            "speed": self.speed,
            "eta_s": None if self.eta_s is None else round(self.eta_s, 1),
            "stage": self.stage,
        }


@dataclass(frozen=True)
class NewTransaction:
    """A row about to be inserted."""

    transaction_id: UUID
    user_id: UUID
    filename: str
    content_type: str
    declared_size: int | None
    declared_sha256: str | None
    upload_expires_at: datetime
    uploads_bucket: str
    stored_path_original: str
    converted_bucket: str
    original_format: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a commit stores of a conversion: the delivered object, how it came about, and what lies beside it.

    ``outcome`` is ``converted``, ``remuxed`` or ``kept_original``, ``reason`` a sentence that says why where it is not
    ``converted``. ``target_format`` is the extension of what is delivered, ``target_codec`` its video codec.
    ``dropped``: ``{"what", "index", "codec", "language", "reason"}`` each. ``warnings``: ``{"code", "message",
    "count"}`` each. ``previews``: keys by name, of ``PREVIEWS``. ``quality``: ``{"crf", "vmaf", "p5"}`` of what was
    encoded, x265's rate factor and the measured mean and 5th percentile over the frames; None where it was not.
    """

    key: str
    size: int
    sha256: str
    outcome: str = "converted"
    reason: str | None = None
    target_format: str = "mp4"
    target_codec: str = "h265"
    dropped: tuple[dict[str, Any], ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()
    receipt_key: str | None = None
    previews: dict[str, str] = field(default_factory=dict)
    quality: dict[str, float | None] | None = None


PREVIEWS = ("poster", "storyboard", "sprite", "preview")

CONTENT_TYPES = {
    "3gp": "video/3gpp",
    "asf": "video/x-ms-asf",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "json": "application/json",
    "m2ts": "video/mp2t",
    "m4v": "video/x-m4v",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpg": "video/mpeg",
    "ogg": "video/ogg",
    "ogv": "video/ogg",
    "ts": "video/mp2t",
    "vtt": "text/vtt",
    "webm": "video/webm",
    "webp": "image/webp",
    "wmv": "video/x-ms-wmv",
}
"""Media type of what lies in the converted bucket, by its extension."""

UNKNOWN_TYPE = "application/octet-stream"


def link_end(link_ttl_s: int) -> datetime:
    """When a link that is made now expires: signatures count in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=link_ttl_s)


def source_key(transaction_id: UUID) -> str:
    """Key of a source in the uploads bucket: the user's file name never enters it."""
    return f"{transaction_id}/source"


def transaction_of(key: str) -> str:
    """Whose source or output a key names, for log lines: the way back from ``source_key``."""
    return key.partition("/")[0]


def output_key(transaction_id: UUID, attempt: int, extension: str) -> str:
    """Attempt-scoped key of a result in the converted bucket."""
    return f"{transaction_id}/{attempt}.{extension}"


def artefact_key(transaction_id: UUID, attempt: int, name: str) -> str:
    """Attempt-scoped key of what lies beside a result, such as ``receipt.json`` or ``poster.jpg``."""
    return f"{transaction_id}/{attempt}.{name}"


def attempt_of(key: str) -> int | None:
    """Which attempt wrote an object of the converted bucket; None for a key that no attempt writes."""
    found = re.fullmatch(r"[^/]+/([1-9][0-9]*)\.[^/]+", key)
    return int(found[1]) if found else None
