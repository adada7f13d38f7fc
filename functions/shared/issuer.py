"""The keys that an OpenID Connect issuer publishes, asked for with bounds: this is the one address outside our own."""

import http.client
import json
import time
import urllib.request
from typing import Any

from functions.shared.errors import IdentityProviderUnavailable
from functions.shared.settings import is_safe_url

Json = dict[str, Any]

ANSWER_WITHIN_S = 5.0
ANSWER_BYTES = 1024**2
CHUNK_BYTES = 64 * 1024


def fetch_keys(issuer: str) -> list[Json]:
    """The JSON Web Keys (RFC 7517) that the issuer's discovery document leads to; blocks for at most ten seconds or so.

    Raises ``IdentityProviderUnavailable``, whose detail says to an operator what is wrong.
    """
    address = issuer.rstrip("/") + "/.well-known/openid-configuration"
    about = _get_json(address)
    if about.get("issuer") != issuer:
        raise IdentityProviderUnavailable(
            f"{address} is of the issuer {about.get('issuer')!r}, but AUTH_ISSUER is {issuer!r}: set it so"
        )
    keys = _get_json(str(about.get("jwks_uri"))).get("keys")
    if not isinstance(keys, list):
        raise IdentityProviderUnavailable(f"there are no keys at {about.get('jwks_uri')}")
    return [key for key in keys if isinstance(key, dict)]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The issuer named the address, and no other is asked."""

    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def _get_json(url: str) -> Json:
    if not is_safe_url(url):
        raise IdentityProviderUnavailable(f"{url!r} is not an https URL, or http on loopback")
    try:
        found = json.loads(_get(url))
    except (OSError, ValueError, http.client.HTTPException) as exc:
        raise IdentityProviderUnavailable(f"{url}: {exc!r}") from exc
    if not isinstance(found, dict):
        raise IdentityProviderUnavailable(f"{url}: not a JSON object")
    return found


def _get(url: str) -> bytes:
    """Raises ``TimeoutError`` after ``ANSWER_WITHIN_S`` however slowly it drips, ``ValueError`` for too much of it."""
    give_up = time.monotonic() + ANSWER_WITHIN_S
    whole = bytearray()
    with _opener.open(url, timeout=ANSWER_WITHIN_S) as response:
        while chunk := response.read1(CHUNK_BYTES):
            whole += chunk
            if len(whole) > ANSWER_BYTES:
                raise ValueError(f"more than {ANSWER_BYTES} bytes")
            if time.monotonic() > give_up:
                raise TimeoutError(f"no end within {ANSWER_WITHIN_S:g} s")
    return bytes(whole)
