"""What an upload may be called, how large it may be and of which type. Pure."""

import re
import unicodedata
from pathlib import PurePosixPath

from functions.shared.errors import EmptyFile, FileTooLarge, InvalidFileType, InvalidRequest
from functions.shared.storage import SINGLE_PUT_LIMIT

FILENAME_CHARS = 255
MAX_FILES = 100
"""In one request."""

UNTYPED = "application/octet-stream"
APPLICATION_TYPES = frozenset(
    {
        "application/mp4",
        "application/mxf",
        "application/ogg",
        "application/vnd.ms-asf",
        "application/vnd.rn-realmedia",
        "application/x-matroska",
        "image/gif",
        "image/webp",
    }
)
"""Containers of video that are not registered under ``video/``. A picture that stands still is found by the probe."""

VIDEO_EXTENSIONS = frozenset(
    (
        "264", "265", "3g2", "3gp", "asf", "avi", "divx", "dv", "f4v", "flv", "gif", "h264", "h265", "hevc", "ivf",
        "m2p", "m2ts", "m2v", "m4v", "mj2", "mkv", "mov", "mp4", "mpe", "mpeg", "mpg", "mts", "mxf", "nut", "obu",
        "ogm", "ogv", "qt", "rm", "rmvb", "ts", "vob", "webm", "webp", "wmv", "wtv", "y4m",
    )
)  # fmt: skip
"""Judge a file whose type the client does not know. What it really is, the probe decides."""

MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+(;[\x20-\x7e]*)?", re.IGNORECASE)


def clean_filename(name: str) -> str:
    """The last segment of the client's name for the file: any Unicode, with ``_`` for each control character.

    Raises ``InvalidRequest`` if nothing is left, or more than ``FILENAME_CHARS`` characters.
    """
    segment = re.split(r"[/\\]", name)[-1]
    cleaned = "".join("_" if unicodedata.category(char) in ("Cc", "Cs") else char for char in segment).strip()
    if cleaned in ("", ".", ".."):
        raise InvalidRequest("The file name is empty; name the file, such as holiday.mov.")
    if len(cleaned) > FILENAME_CHARS:
        raise InvalidRequest(f"The file name has {len(cleaned)} characters; at most {FILENAME_CHARS} are accepted.")
    return cleaned


def extension(filename: str) -> str:
    """Lower-case extension without the dot, or ``unknown``: the format of a file until it is probed."""
    suffix = PurePosixPath(filename).suffix.removeprefix(".").lower()
    return suffix if re.fullmatch("[a-z0-9]{1,10}", suffix) else "unknown"


def accepted_type(content_type: str | None, filename: str) -> str:
    """The media type to store the file under; raises ``InvalidFileType`` for what is not a video by type or name."""
    full = " ".join((content_type or UNTYPED).split())
    if len(full) > 255 or not MEDIA_TYPE.fullmatch(full):
        raise InvalidFileType
    bare = full.partition(";")[0].strip().lower()
    if bare.startswith("video/") or bare in APPLICATION_TYPES:
        return full
    if bare == UNTYPED and extension(filename) in VIDEO_EXTENSIONS:
        return full
    raise InvalidFileType


def upload_limit(max_upload_bytes: int) -> int:
    """Bytes that one upload may have: the setting, as far as storage takes it."""
    return min(max_upload_bytes, SINGLE_PUT_LIMIT)


def check_size(size: int, limit: int) -> None:
    """Raise ``EmptyFile`` or ``FileTooLarge`` for a declared size that cannot be uploaded."""
    if size == 0:
        raise EmptyFile
    if size > limit:
        raise FileTooLarge(f"The file has {size} bytes. {too_large_remedy(limit)}")


def too_large_remedy(limit: int) -> str:
    return f"One upload may have at most {limit} bytes: cut the video into shorter films, or compress it first."
