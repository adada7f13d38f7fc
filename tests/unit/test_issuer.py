"""What is taken from an identity provider, and what of it is not: the one address that lies outside our own servers."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from functions.shared import issuer as product
from functions.shared.errors import IdentityProviderUnavailable
from functions.shared.issuer import ANSWER_BYTES, fetch_keys
from tests.support.issuer import Issuer, running_issuer

ABOUT = "/.well-known/openid-configuration"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


def refused(issuer: Issuer) -> str:
    """What an operator reads; a user does not."""
    with pytest.raises(IdentityProviderUnavailable) as caught:
        fetch_keys(issuer.url)
    assert issuer.url not in caught.value.sentence()
    return caught.value.detail


def test_the_discovery_document_leads_to_the_keys(issuer: Issuer) -> None:
    assert [key["kid"] for key in fetch_keys(issuer.url)] == ["rsa", "ec"]
    assert issuer.asked == [ABOUT, "/keys"]


def test_an_issuer_that_is_spelled_otherwise_is_named(issuer: Issuer) -> None:
    issuer.publish_about(issuer=issuer.url + "/", jwks_uri=f"{issuer.url}/keys")
    assert f"{issuer.url}/'" in refused(issuer)
    assert [key["kid"] for key in fetch_keys(issuer.url + "/")] == ["rsa", "ec"]


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "http://id.example.org/keys", "ftp://localhost/keys", None, 7])
def test_keys_come_by_https_or_from_this_machine(issuer: Issuer, uri: object) -> None:
    issuer.publish_about(jwks_uri=uri)
    assert "https" in refused(issuer)
    assert issuer.asked == [ABOUT]


def test_redirects_lead_nowhere(issuer: Issuer) -> None:
    with running_issuer() as other:
        for path in (ABOUT, "/keys"):
            good = issuer.answers[path]
            issuer.answers[path] = (302, {"Location": f"{other.url}/keys"}, b"")
            assert "302" in refused(issuer)
            issuer.answers[path] = good
        assert other.asked == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"keys": 7}'),
        (200, b"\xff"),
        (200, json.dumps({"keys": ["x" * ANSWER_BYTES]}).encode()),
    ],
)
def test_answers_that_are_none_are_not_taken(issuer: Issuer, status: int, body: bytes) -> None:
    issuer.answers["/keys"] = (status, {}, body)
    assert "/keys" in refused(issuer)


def test_a_provider_that_does_not_listen_is_named(issuer: Issuer) -> None:
    with pytest.raises(IdentityProviderUnavailable, match=r"127\.0\.0\.1:9"):
        fetch_keys("http://127.0.0.1:9")


@pytest.mark.parametrize("drip", [b"", b"x"])
def test_a_provider_that_never_ends_is_left(drip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "ANSWER_WITHIN_S", 0.3)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while not done.wait(0.05):
                    try:
                        client.sendall(drip)
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with pytest.raises(IdentityProviderUnavailable, match="Timeout"):
                fetch_keys(f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            done.set()
            thread.join()
