"""Bearer tokens, verified with their issuer's public keys. Imported only where API Gateway did not do it before us."""

from functools import partial
from typing import Any

import jwt

from functions.shared.errors import Unauthorized
from functions.shared.issuer import fetch_keys
from functions.shared.keyring import ALGORITHMS, Key, Keyring
from functions.shared.offload import in_identity_thread
from functions.shared.wiring import identity_threads

LEEWAY_S = 30
"""By how much the clocks of issuer and gateway may differ."""

CHECKS: Any = {"require": ["exp"], "verify_aud": False, "verify_iss": False, "verify_sub": False}
"""``auth.user_of`` looks at the other claims, as it does for tokens that API Gateway verified."""

WORDS = (
    (jwt.ExpiredSignatureError, "The token has expired; get a new one from your identity provider."),
    (jwt.ImmatureSignatureError, "The token is not valid yet; wait, or set your identity provider's clock right."),
    (jwt.InvalidSignatureError, "The token's signature is not its issuer's; get a new token."),
    (jwt.InvalidAlgorithmError, "The token is signed in a way that its key is not for; get a new token."),
    (jwt.MissingRequiredClaimError, "The token says nothing about its end (`exp`); get one that expires."),
)
MALFORMED = "What came as the token is no JSON Web Token, or was damaged on its way; get a new one."
REFUSED_ALGORITHM = "The token is not signed with a public key's algorithm (RS256, ES256, EdDSA, …); get one that is."


class Tokens:
    """The tokens of one issuer."""

    def __init__(self, issuer: str, keyring: Keyring | None = None) -> None:
        self._keyring = keyring or Keyring(partial(fetch_keys, issuer))

    async def verified_claims(self, token: str) -> dict[str, Any]:
        """What a token says, once signature and times are checked.

        Raises ``Unauthorized`` or ``IdentityProviderUnavailable``.
        """
        try:
            header = jwt.get_unverified_header(token)
            if str(header.get("alg")) not in ALGORITHMS:
                raise Unauthorized(REFUSED_ALGORITHM)
            key = await self._key(header.get("kid"))
            return jwt.decode(token, key.public, list(key.algorithms), CHECKS, leeway=LEEWAY_S)
        except (jwt.PyJWTError, RecursionError) as exc:  # the latter: lists in lists in lists
            raise Unauthorized(_words(exc)) from None

    async def _key(self, kid: str | None) -> Key:
        """Waits for the identity provider only where the key is not here; old ones serve while it is asked again."""
        if self._keyring.is_due(kid):
            if self._keyring.holds(kid):
                identity_threads().submit(self._keyring.refresh, kid)
            else:
                await in_identity_thread(self._keyring.refresh, kid)
        return self._keyring.get(kid)


def _words(exc: Exception) -> str:
    return next((words for kind, words in WORDS if isinstance(exc, kind)), MALFORMED)
