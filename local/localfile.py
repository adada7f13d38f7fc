"""A file about to be uploaded: its facts, measured in one pass, and its bytes as a stream."""

import hashlib
import mimetypes
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local.problems import ClientError

CHUNK_BYTES = 256 * 1024
BytesDone = Callable[[int], None]
"""Called with the bytes handled so far; may raise to stop."""

VIDEO_TYPES = {
    "3gp": "video/3gpp", "asf": "video/x-ms-asf", "avi": "video/x-msvideo", "flv": "video/x-flv",
    "m2ts": "video/mp2t", "m4v": "video/x-m4v", "mkv": "video/x-matroska", "mov": "video/quicktime",
    "mp4": "video/mp4", "mpeg": "video/mpeg", "mpg": "video/mpeg", "mts": "video/mp2t", "mxf": "video/mxf",
    "ogv": "video/ogg", "ts": "video/mp2t", "vob": "video/mpeg", "webm": "video/webm", "wmv": "video/x-ms-wmv",
}  # fmt: skip
"""By extension: the machine's own table calls ``.ts`` a translation and does not know the half of these."""


@dataclass(frozen=True)
class LocalFile:
    """What a file was when it was measured. ``md5`` is what storage shows as ETag; both sums are hex."""

    path: Path
    size: int
    md5: str
    sha256: str
    content_type: str


def content_type(path: Path) -> str:
    """The media type that a file's name promises."""
    known = VIDEO_TYPES.get(path.suffix.lower().lstrip("."))
    return known or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def require_file(path: Path) -> None:
    """Raise ``ClientError`` unless there is a file that we may read."""
    if not path.exists():
        raise ClientError(f"{path}: there is no such file.", "no_such_file")
    if not path.is_file():
        raise ClientError(f"{path} is not a file.", "no_such_file")
    if not os.access(path, os.R_OK):
        raise ClientError(f"{path} cannot be read: permission denied.", "unreadable_file")


def measure(path: Path, progress: BytesDone = lambda _: None) -> LocalFile:
    """Read a file once for its size and sums; raises ``ClientError`` if it cannot be read.

    The pass comes before the declaration, so that the SHA-256 is part of the upload link: storage then takes these
    bytes and no others, and a file that changes on the way is refused instead of converted.
    """
    md5, sha256, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    require_file(path)
    try:
        with path.open("rb") as source:
            while chunk := source.read(CHUNK_BYTES):
                md5.update(chunk)
                sha256.update(chunk)
                size += len(chunk)
                progress(size)
    except OSError as exc:
        raise ClientError(f"{path} cannot be read: {exc.strerror}.", "unreadable_file") from exc
    return LocalFile(path, size, md5.hexdigest(), sha256.hexdigest(), content_type(path))


def stream(file: LocalFile, progress: BytesDone) -> Iterator[bytes]:
    """The declared bytes; raises ``ClientError`` if the file became shorter."""
    done = 0
    with file.path.open("rb") as source:
        while done < file.size:
            chunk = source.read(min(CHUNK_BYTES, file.size - done))
            if not chunk:
                raise ClientError(f"{file.path} became shorter while it was uploaded.", "file_changed")
            yield chunk
            done += len(chunk)
            progress(done)
