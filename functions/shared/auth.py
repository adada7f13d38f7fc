"""Who asks.

``AUTH_MODE=open`` takes the ``user_id`` parameter at its word: loopback only. ``AUTH_MODE=jwt`` takes it from a bearer
token, which either API Gateway has verified before us, or ``tokens.py`` verifies here.
"""

import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from starlette.requests import Request

from functions.shared.errors import InvalidParameter, MissingParameter, NotOwner, Unauthorized
from functions.shared.settings import Settings, settings
from functions.shared.wiring import tokens

PLAIN_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


async def asking_user(request: Request, user_id: str | None) -> str | None:
    """The user that a request is for; ``user_id`` is its parameter, and in open mode the answer.

    Otherwise the token's user: raises ``Unauthorized`` without a good one, ``NotOwner`` for a parameter that names
    another user, ``IdentityProviderUnavailable``.
    """
    if settings().auth_mode == "open":
        return user_id
    user = user_of(await _verified_claims(request), settings())
    if user_id and parse_uuid("user_id", user_id) != user:
        raise NotOwner
    return str(user)


def user_of(claims: Mapping[str, Any], expected: Settings) -> UUID:
    """The user that a verified token speaks for, if the token is our issuer's and meant for us.

    ``sub`` itself if it is a UUID, else a UUID made of issuer and ``sub``. Nested, so that no pair of them reads as
    another pair. Raises ``Unauthorized``.
    """
    if claims.get("iss") != expected.auth_issuer:
        raise Unauthorized(f"The token is not of this API's issuer; get one from {expected.auth_issuer}.")
    if not _audience(claims) & set(expected.auth_audience):
        raise Unauthorized(
            "The token is meant for another application; ask your identity provider for one for this API."
        )
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject or not _is_text(subject):
        raise Unauthorized("The token has no subject (`sub`), so it says nothing about who asks; get a user's token.")
    if PLAIN_UUID.fullmatch(subject):
        return UUID(subject)
    return uuid5(uuid5(NAMESPACE_URL, expected.auth_issuer), subject)


def parse_uuid(name: str, value: str) -> UUID:
    """The parameter as a UUID; raises ``InvalidParameter`` in the words that clients rely on."""
    try:
        return UUID(value)
    except ValueError:
        raise InvalidParameter(f"Invalid UUID format for parameter: '{name}'") from None


def required_uuids(**parameters: str | None) -> list[UUID]:
    """All parameters as UUIDs, in order; one error names all that are missing."""
    missing = [name for name, value in parameters.items() if not value]
    if missing:
        raise MissingParameter(f"Missing required parameter(s): {', '.join(missing)}")
    return [parse_uuid(name, value) for name, value in parameters.items() if value]


async def _verified_claims(request: Request) -> Mapping[str, Any]:
    """``aws.event`` is Mangum's: no client can put it into the scope of a request that came by HTTP."""
    event = request.scope.get("aws.event")
    if event is not None:
        return _claims_of(event)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized
    return await tokens().verified_claims(token.strip())


def _claims_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What API Gateway's JWT authorizer found in the token; raises ``Unauthorized`` where none was before us."""
    authorizer = event["requestContext"].get("authorizer") or {}
    claims: Mapping[str, Any] | None = (authorizer.get("jwt") or {}).get("claims")
    if not claims:
        raise Unauthorized
    return claims


def _audience(claims: Mapping[str, Any]) -> set[str]:
    """Whom a token is for; as API Gateway has it, ``client_id`` counts where there is no ``aud`` (Cognito).

    API Gateway writes a list as ``[one two]``.
    """
    named = claims["aud"] if "aud" in claims else claims.get("client_id")
    if isinstance(named, str):
        return set(named[1:-1].split()) if named.startswith("[") and named.endswith("]") else {named}
    return {one for one in named if isinstance(one, str)} if isinstance(named, list) else set()


def _is_text(claim: str) -> bool:
    """JSON can write half a surrogate pair, which no bytes stand for."""
    try:
        claim.encode()
    except UnicodeEncodeError:
        return False
    return True
