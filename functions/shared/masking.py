"""The last resort: what looks like a secret leaves a log line, whoever put it there. Pure.

Our own code logs ids and figures. But the text of a foreign error may quote a presigned link, a header or a DSN.
"""

import re
from functools import cache

MASK = "***"

_VALUE = r"[^\s\"'\\&,;}<>)]+"
_NAMED = r"(?:pass(?:word|wd)|secret_?(?:access_?)?(?:key|string)|access_?key_?id)"
_IS = r"(?:\\*[\"'])?\s*(?:[=:>]|%3[dD])\s*(?:\\*[\"'])?"

_HINTS = ("x-amz-", "signature", "keyid", "key_id", "@", "bearer", "basic", "eyj", "passw", "secret", "token")
"""One of these stands in whatever a mask could match; looking for them costs a tenth of the masks."""


@cache
def _masks() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Made when a line first looks suspicious: most processes never see one, and each would pay at its start.

    What a mask looks for is bounded in length: a client's path is in the line, and must not cost more than it is long.
    """
    return (
        # A link with a signature: all of its query. https://host/key?X-Amz-…
        (re.compile(r"\?[^\s\"'\\?]*(?:X-Amz-|Signature=|AWSAccessKeyId=)[^\s\"'\\]*", re.IGNORECASE), "?" + MASK),
        # One parameter of such a query, or a header, on its own.
        (
            re.compile(
                rf"\b(X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId)({_IS}){_VALUE}", re.I
            ),
            rf"\1\2{MASK}",
        ),
        # Who and with which password: postgresql://user:password@host, nats://token@host, user:password@host.
        (re.compile(r"://[^\s\"'\\/@:?#]{0,256}:[^\s\"'\\]{0,256}@"), f"://{MASK}@"),
        (re.compile(r"://[^\s\"'\\/@?#]{1,512}@"), f"://{MASK}@"),
        (re.compile(r"\b([\w.-]{1,64}):[^\s\"'\\/@:]{1,256}@(?=[\w\[])"), rf"\1:{MASK}@"),
        (re.compile(r"\b(Bearer|Basic)(\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1\2{MASK}"),
        (re.compile(r"\beyJ[\w-]{8,512}\.[\w-]+(?:\.[\w-]*)?"), MASK),
        # Whatever is named as a secret: password='…', "SecretAccessKey": "…", sslpassword=…
        # In quotes it may hold anything: up to the same quote, escaped as deeply and no deeper.
        (
            re.compile(rf"({_NAMED}(?:\\*[\"'])?\s*[=:]\s*)(\\*[\"'])(.{{1,512}}?)(?<!\\)\2", re.IGNORECASE),
            rf"\1\2{MASK}\2",
        ),
        (re.compile(rf"({_NAMED}(?:{_IS}))(?!{re.escape(MASK)}){_VALUE}", re.IGNORECASE), rf"\1{MASK}"),
        (
            re.compile(rf"((?:access|id|refresh|session|security)[_-]?token(?:{_IS})){_VALUE}", re.IGNORECASE),
            rf"\1{MASK}",
        ),
        (re.compile(rf"\b(token=){_VALUE}", re.IGNORECASE), rf"\1{MASK}"),
    )


def masked(text: str) -> str:
    """``text`` with ``***`` in place of secrets."""
    low = text.lower()
    if any(hint in low for hint in _HINTS):
        for pattern, replacement in _masks():
            text = pattern.sub(replacement, text)
    return text
