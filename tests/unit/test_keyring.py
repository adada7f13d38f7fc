"""An issuer's keys: when they are asked for, how long they serve, and which are taken."""

import json
from typing import Any

import pytest

from functions.shared.errors import IdentityProviderUnavailable, Unauthorized
from functions.shared.keyring import AGAIN_AFTER_FAILURE_S, AGAIN_S, FRESH_S, KEPT_S, RSA, Keyring
from tests.support.issuer import Issuer


class Provider:
    """Publishes ``keys``, or is ``down``; ``asked`` counts. ``now`` is the time."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.down = False
        self.asked = 0
        self.now = 1000.0
        self.ring = Keyring(self._fetch, lambda: self.now)

    def _fetch(self) -> list[dict[str, Any]]:
        self.asked += 1
        if self.down:
            raise IdentityProviderUnavailable("down")
        return self.keys

    def get(self, kid: str | None) -> Any:
        """As a token with that key would: ask if it is time to, then look."""
        if self.ring.is_due(kid):
            self.ring.refresh(kid)
        return self.ring.get(kid)


@pytest.fixture(scope="module")
def published() -> dict[str, dict[str, Any]]:
    issuer = Issuer("https://id.example.org")
    return {key["kid"]: key for key in json.loads(issuer.answers["/keys"][2])["keys"]}


@pytest.fixture
def provider(published: dict[str, dict[str, Any]]) -> Provider:
    provider = Provider()
    provider.keys = [published["rsa"]]
    return provider


def test_keys_are_asked_for_once(provider: Provider) -> None:
    for _ in range(100):
        assert provider.get("rsa").algorithms == RSA
        provider.ring.refresh("rsa")
    assert provider.asked == 1


def test_a_new_key_is_found_and_one_that_was_withdrawn_is_refused(
    provider: Provider, published: dict[str, dict[str, Any]]
) -> None:
    provider.get("rsa")
    provider.keys = [published["ec"]]
    provider.now += AGAIN_S
    assert provider.get("ec").algorithms == ("ES256",)
    with pytest.raises(Unauthorized):
        provider.get("rsa")


def test_unknown_keys_bring_no_more_than_a_question_every_half_minute(provider: Provider) -> None:
    for _ in range(10):
        for i in range(50):
            with pytest.raises(Unauthorized):
                provider.get(f"made up {i}")
        provider.now += AGAIN_S / 5
    assert provider.asked == 2
    assert provider.get("rsa")


def test_old_keys_are_asked_for_again_and_serve_through_an_outage(provider: Provider) -> None:
    provider.get("rsa")
    provider.now += FRESH_S + 1
    provider.down = True
    assert provider.get("rsa")
    assert provider.asked == 2
    with pytest.raises(IdentityProviderUnavailable):
        provider.get("perhaps a new one")
    provider.now += KEPT_S
    with pytest.raises(IdentityProviderUnavailable):
        provider.get("rsa")
    provider.down = False
    provider.now += AGAIN_AFTER_FAILURE_S
    assert provider.get("rsa")


def test_a_provider_that_is_down_is_not_asked_by_every_request(provider: Provider) -> None:
    provider.down = True
    for _ in range(50):
        with pytest.raises(IdentityProviderUnavailable):
            provider.get("rsa")
    assert provider.asked == 1


def test_only_public_keys_for_signatures_are_taken(provider: Provider, published: dict[str, dict[str, Any]]) -> None:
    rsa, ec = published["rsa"], published["ec"]
    provider.keys = [
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0", "alg": "HS256"},
        {**rsa, "kid": "encrypts", "use": "enc"},
        {**rsa, "kid": "secretly", "alg": "HS256"},
        {**rsa, "kid": "broken", "n": "!"},
        {**ec, "kid": "unknown curve", "crv": "secp256k1"},
        {**ec, "kid": "off the curve", "x": ec["y"]},
        {"kid": "nothing"},
        {**rsa, "kid": "narrow", "alg": "PS384"},
    ]
    assert provider.get("narrow").algorithms == ("PS384",)
    for kid in (key["kid"] for key in provider.keys[:-1]):
        with pytest.raises(Unauthorized):
            provider.get(kid)


def test_a_token_that_names_no_key_is_checked_with_the_only_one(
    provider: Provider, published: dict[str, dict[str, Any]]
) -> None:
    assert provider.get(None) == provider.get("rsa")
    provider.keys = list(published.values())
    provider.now += FRESH_S + 1
    with pytest.raises(Unauthorized):
        provider.get(None)
