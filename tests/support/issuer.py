"""A tiny OpenID Connect issuer: a discovery document, two public keys, and tokens signed with whatever a test likes."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "bucket265-tests"
Claims = dict[str, Any]


class Issuer:
    """``answers`` are its pages by path, for tests to change; ``asked`` lists the paths that were fetched."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self.publish_about(jwks_uri=f"{url}/keys")
        self.publish_keys({"rsa": self.rsa, "ec": self.ec})

    def publish_about(self, **about: Any) -> None:
        self.answers["/.well-known/openid-configuration"] = (200, {}, json.dumps({"issuer": self.url} | about).encode())

    def publish_keys(self, keys: Mapping[str, Any]) -> None:
        """``keys`` are private ones by their id; their public halves are published."""
        published = [
            (RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm).to_jwk(key.public_key(), as_dict=True)
            | {"kid": kid, "use": "sig"}
            for kid, key in keys.items()
        ]
        self.answers["/keys"] = (200, {}, json.dumps({"keys": published}).encode())

    def claims(self, subject: str, **claims: Any) -> Claims:
        """Those of a good token; ``claims`` replace or, if None, remove some."""
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 300}
        return {name: value for name, value in (good | claims).items() if value is not None}

    def token(
        self, subject: str, *, key: Any = None, alg: str = "RS256", kid: str | None = "rsa", **claims: Any
    ) -> str:
        """A token, good unless something else is asked for."""
        header = {} if kid is None else {"kid": kid}
        return jwt.encode(self.claims(subject, **claims), key or self.rsa, alg, header)

    def rsa_public_pem(self) -> bytes:
        return self.rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """An issuer that listens; its address is ``url``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            status, headers, body = issuer.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
