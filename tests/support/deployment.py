"""Any deployment, seen from outside: its API's address and its storage's keys. Plain ``urllib``, no client of ours."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

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


_once = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))
_following = urllib.request.build_opener(urllib.request.ProxyHandler({}))


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


@dataclass(frozen=True)
class Deployment:
    """A running bucket265 and a user of it."""

    api_url: str
    storage_url: str
    storage_key: str
    storage_secret: str = field(repr=False)
    user_id: str = field(default_factory=lambda: str(uuid4()))

    def url(self, path: str, **params: str) -> str:
        return f"{self.api_url}{path}?{urlencode({'user_id': self.user_id} | params)}"

    def declare(self, filename: str, content_type: str, size: int, **more: str) -> Json:
        """``POST /upload`` as JSON: the transaction and its link."""
        body = {"filename": filename, "content_type": content_type, "size": size, **more}
        headers = {"Content-Type": "application/json"}
        answer = send("POST", self.url("/upload"), json.dumps(body).encode(), headers)
        assert answer.status == 200, answer.body
        return answer.json()

    def put(self, filename: str, content_type: str, content: bytes, **more: str) -> str:
        """Declare a file and PUT it through its link; the transaction id."""
        declared = self.declare(filename, content_type, len(content), **more)
        upload = declared["upload"]
        stored = send(upload["method"], upload["url"], content, upload["headers"])
        assert stored.status == 200, stored.body
        transaction_id: str = declared["transaction_id"]
        return transaction_id

    def status(self, transaction_id: str) -> Json:
        answer = send("GET", self.url("/status", transaction_id=transaction_id))
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
        url = self.url("/download", transaction_id=transaction_id)
        answer = send("GET", url, headers={"Accept": "application/json"})
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
        )


def deployment_of(env: Mapping[str, str], api_url: str) -> Deployment:
    """The deployment whose storage the environment describes as it does for our functions."""
    return Deployment(api_url.rstrip("/"), env["S3_ENDPOINT_URL"], env["S3_ACCESS_KEY_ID"], env["S3_SECRET_ACCESS_KEY"])
