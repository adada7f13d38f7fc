"""The name under which a browser saves the result: RFC 6266 with RFC 8187. Pure; any user's name is harmless here."""

import unicodedata
from urllib.parse import quote

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They can make ``exe.mp4`` out of ``4pm.exe`` on screen."""

NOT_IN_NAMES = frozenset('/\\<>:"|?*')
"""Path separators, and what Windows refuses in a file name."""

ATTR_CHARS = "!#$&+-.^_`|~"
"""Besides letters and digits, what RFC 8187 leaves unescaped."""


def download_name(filename: str, target_format: str) -> str:
    """``holiday.mov`` as ``holiday.mp4``: one path segment without control characters, whatever came in."""
    stem, dot, extension = filename.rpartition(".")
    if not dot or not _is_extension(extension):
        stem = filename
    cleaned = "".join(_harmless(char) for char in stem).strip(" .")
    return f"{cleaned or 'video'}.{target_format}"


def content_disposition(kind: str, name: str) -> str:
    """The header's value; ``kind`` is ``attachment`` or ``inline``. ASCII only, on one line."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in name)
    encoded = quote(name.encode("utf-8", "replace"), safe=ATTR_CHARS)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def _is_extension(text: str) -> bool:
    return 1 <= len(text) <= 10 and text.isascii() and text.isalnum()


def _harmless(char: str) -> str:
    if char in BIDI_CONTROLS:
        return ""
    if char in NOT_IN_NAMES or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
        return "_"
    return char
