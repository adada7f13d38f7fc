"""Any deployment, seen from outside: its API's address and its storage's keys. Plain ``urllib``, no client of ours."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import urllib3
from minio import Minio

from tests.support.waiting import wait_until

REQUEST_TIMEOUT_S = 60
CONVERTED_WITHIN_S = 180
FINAL = ("Completed", "Failed", "Expired")

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One answer, whatever its status."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class _StrangersGetNoToken(urllib.request.HTTPRedirectHandler):
    """Follows a redirect as browsers, curl and requests do: to another host without the token of the first."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        if followed and urlsplit(newurl).netloc != req.host:
            followed.remove_header("Authorization")
        return followed


_trusted = ssl.create_default_context()
_direct = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_trusted))
_once = urllib.request.build_opener(_NoRedirects, *_direct)
_following = urllib.request.build_opener(_StrangersGetNoToken, *_direct)


def trust(certificate: Path) -> None:
    """Take a server's own certificate for good from now on."""
    _trusted.load_verify_locations(certificate)


def send(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, *, follow: bool = False
) -> Answer:
    """One request. Redirects are followed only on demand; an error status is an answer like others."""
    request = urllib.request.Request(url, body, dict(headers or {}), method=method)  # noqa: S310
    opener = _following if follow else _once
    try:
        with opener.open(request, timeout=REQUEST_TIMEOUT_S) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as exc:
        with exc:
            return Answer(exc.code, exc.headers, exc.read())


def no_token(_user_id: str) -> str:
    """Where everybody is taken at their word."""
    return ""


@dataclass(frozen=True)
class Deployment:
    """A running bucket265 and a user of it. ``token_of`` makes the bearer token of a user, where one is needed.

    ``certificate``: a PEM file by which the storage is known, where the machine does not know it anyway.
    """

    api_url: str
    storage_url: str
    storage_key: str
    storage_secret: str = field(repr=False)
    token_of: Callable[[str], str] = no_token
    certificate: Path | None = None
    user_id: str = field(default_factory=lambda: str(uuid4()))

    def for_another_user(self) -> "Deployment":
        """The same, asked by somebody else."""
        return replace(self, user_id=str(uuid4()))

    def url(self, path: str, **params: str) -> str:
        return f"{self.api_url}{path}?{urlencode({'user_id': self.user_id} | params)}"

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        follow: bool = False,
        **params: str,
    ) -> Answer:
        """One request of this user to the API."""
        return send(method, self.url(path, **params), body, self._who() | dict(headers or {}), follow=follow)

    def _who(self) -> dict[str, str]:
        token = self.token_of(self.user_id)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def try_declare(self, filename: str, content_type: str, size: int, **more: Any) -> Answer:
        """``POST /upload`` as JSON."""
        body = {"filename": filename, "content_type": content_type, "size": size, **more}
        headers = {"Content-Type": "application/json"}
        return self.send("POST", "/upload", json.dumps(body).encode(), headers)

    def declare(self, filename: str, content_type: str, size: int, **more: Any) -> Json:
        """What ``POST /upload`` takes: the transaction and its link."""
        answer = self.try_declare(filename, content_type, size, **more)
        assert answer.status == 200, answer.body
        return answer.json()

    def put(self, filename: str, content_type: str, content: bytes, **more: Any) -> str:
        """Declare a file and PUT it through its link; the transaction id."""
        declared = self.declare(filename, content_type, len(content), **more)
        return self.store(declared, content)

    def store(self, declared: Json, content: bytes) -> str:
        """PUT the file of ``declare``'s answer through its link; the transaction id."""
        upload = declared["upload"]
        stored = send(upload["method"], upload["url"], content, upload["headers"])
        assert stored.status == 200, stored.body
        transaction_id: str = declared["transaction_id"]
        return transaction_id

    def status(self, transaction_id: str) -> Json:
        answer = self.send("GET", "/status", transaction_id=transaction_id)
        assert answer.status == 200, answer.body
        return answer.json()

    def wait_final(self, transaction_id: str) -> Json:
        """The status in which the transaction ended."""

        def final() -> Json | None:
            state = self.status(transaction_id)
            return state if state["status"] in FINAL else None

        return wait_until(final, f"the end of {transaction_id}", CONVERTED_WITHIN_S) or {}

    def wait_completed(self, transaction_id: str) -> Json:
        state = self.wait_final(transaction_id)
        assert state["status"] == "Completed", state
        return state

    def link(self, transaction_id: str) -> Json:
        """``GET /download`` as JSON: the link to the result."""
        answer = self.send("GET", "/download", headers={"Accept": "application/json"}, transaction_id=transaction_id)
        assert answer.status == 200, answer.body
        return answer.json()

    def second_client(self) -> Minio:
        """The storage through another SDK than the product's, with the deployment's own keys."""
        storage = urlsplit(self.storage_url)
        return Minio(
            storage.netloc,
            access_key=self.storage_key,
            secret_key=self.storage_secret,
            secure=storage.scheme == "https",
            region="us-east-1",
            http_client=urllib3.PoolManager(ca_certs=str(self.certificate)) if self.certificate else None,
        )


def deployment_of(env: Mapping[str, str], api_url: str) -> Deployment:
    """The deployment whose storage the environment describes as it does for our functions."""
    return Deployment(api_url.rstrip("/"), env["S3_ENDPOINT_URL"], env["S3_ACCESS_KEY_ID"], env["S3_SECRET_ACCESS_KEY"])
