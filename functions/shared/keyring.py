"""An issuer's keys, kept: asked for again when they are old or a token names an unknown one, but never in a hurry."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jwt import PyJWK, PyJWTError

from functions.shared import logs
from functions.shared.errors import IdentityProviderUnavailable, Unauthorized

FRESH_S = 3600.0
"""After that, keys are asked for again while the old ones serve."""

KEPT_S = 24 * 3600.0
"""How long keys serve while the identity provider does not answer."""

AGAIN_S = 30.0
"""No two questions within it, whatever keys tokens name: anybody can name unknown ones."""

AGAIN_AFTER_FAILURE_S = 5.0

NEVER = float("-inf")
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
BY_CURVE = {"P-256": ("ES256",), "P-384": ("ES384",), "P-521": ("ES512",), "Ed25519": ("EdDSA",), "Ed448": ("EdDSA",)}
ALGORITHMS = frozenset(RSA).union(*BY_CURVE.values())
"""Those with a public key. A secret that we could check with, we could also sign with."""


@dataclass(frozen=True)
class Key:
    """A public key, and the algorithms that a signature made with it may have."""

    public: Any
    algorithms: tuple[str, ...]


class Keyring:
    """``fetch`` blocks and gives JSON Web Keys, or raises ``IdentityProviderUnavailable``. Thread-safe."""

    def __init__(self, fetch: Callable[[], list[dict[str, Any]]], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str | None, Key] = {}
        self._fetched_at = self._tried_at = NEVER

    def holds(self, kid: str | None) -> bool:
        """Whether a key of that id is here, and not too old to be trusted."""
        return kid in self._keys and self._clock() - self._fetched_at <= KEPT_S

    def is_due(self, kid: str | None) -> bool:
        """Whether ``refresh`` would ask the identity provider."""
        now = self._clock()
        answered = self._tried_at == self._fetched_at
        if now - self._tried_at < (AGAIN_S if answered else AGAIN_AFTER_FAILURE_S):
            return False
        return kid not in self._keys or now - self._fetched_at > FRESH_S

    def refresh(self, kid: str | None) -> None:
        """Ask the identity provider, unless somebody just did. Blocks; what goes wrong, ``get`` tells."""
        with self._lock:
            if not self.is_due(kid):
                return
            try:
                found = self._fetch()
            except IdentityProviderUnavailable as exc:
                logs.event("identity_provider.failed", level=40, why=exc.detail)
                self._tried_at = self._clock()
            else:
                self._keys = _usable(found)
                self._tried_at = self._fetched_at = self._clock()
                logs.event("identity_provider.keys", count=len(self._keys))

    def get(self, kid: str | None) -> Key:
        """The key of that id; of a token without one, the only key there is. Never blocks.

        Raises ``Unauthorized`` for a key that the issuer does not publish, ``IdentityProviderUnavailable`` where it is
        not known which ones it does.
        """
        if self.holds(kid):
            return self._keys[kid]
        if self._tried_at != self._fetched_at or self._fetched_at == NEVER:
            raise IdentityProviderUnavailable
        raise Unauthorized(
            "The token is signed with a key that its issuer does not publish (any more); get a new token."
        )


def _usable(found: list[dict[str, Any]]) -> dict[str | None, Key]:
    """The keys by id; a key that is the only one is also that of tokens which name none."""
    keys: dict[str | None, Key] = {}
    for jwk in found:
        algorithms: tuple[str, ...] = RSA if jwk.get("kty") == "RSA" else BY_CURVE.get(str(jwk.get("crv")), ())
        if "alg" in jwk:
            algorithms = tuple(name for name in algorithms if name == jwk["alg"])
        if not algorithms or jwk.get("use", "sig") != "sig":
            continue
        try:
            keys[jwk.get("kid")] = Key(PyJWK(jwk, algorithms[0]).key, algorithms)
        except (PyJWTError, ValueError, TypeError):
            logs.event("identity_provider.key_ignored", level=30, kid=str(jwk.get("kid"))[:80])
    if len(keys) == 1:
        keys[None] = next(iter(keys.values()))
    return keys
