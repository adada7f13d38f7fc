"""The HTTP API as a client in Python sees it. Every failure is a ``ClientError`` with one sentence."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from local import transfer
from local.fetching import Fetch
from local.localfile import BytesDone, LocalFile
from local.problems import ClientError, from_api, unreachable
from local.transfer import RETRY_DELAYS_S, DownloadLink, TransferCut, UploadLink

POLL_FIRST_S = 0.2
POLL_GROWTH = 1.5
POLL_CAP_S = 1.0
PATIENCE_S = 90.0
"""How long a wait bears an API that does not answer: a restart of the stack is no reason to give up."""

State = dict[str, Any]
"""The body of ``GET /status``."""


@dataclass(frozen=True)
class Declared:
    """A transaction that waits for its upload. ``link`` is None once an object is there."""

    transaction_id: str
    key: str
    link: UploadLink | None
    options: dict[str, Any] = field(default_factory=dict)


class ApiClient:
    """Calls of one user to one API. Thread-safe. ``pause`` waits some seconds and may raise to stop.

    With a ``token``, ``user_id`` may be None: the token says who asks. It goes to the API alone, never to the storage.
    """

    def __init__(
        self,
        api_url: str,
        user_id: uuid.UUID | None,
        *,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.api_url = api_url.rstrip("/")
        self._user = {} if user_id is None else {"user_id": str(user_id)}
        self._authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._pause = pause
        direct = {"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None}
        self._http = httpx.Client(
            transport=transport, timeout=transfer.TIMEOUT, mounts=direct if not transport else None
        )

    def close(self) -> None:
        self._http.close()

    def declare(self, file: LocalFile, key: str | None = None, options: dict[str, Any] | None = None) -> Declared:
        """Announce an upload. The same ``key`` again, with the same options, gives the same transaction, with a fresh
        link.
        """
        key = key or str(uuid.uuid4())
        body = {
            "filename": file.path.name,
            "content_type": file.content_type,
            "size": file.size,
            "sha256": file.sha256,
            **({"options": options} if options else {}),
        }
        answer = self._call("POST", "/upload", headers={"Idempotency-Key": key}, json=body)
        upload = answer.get("upload")
        link = UploadLink(upload["url"], dict(upload["headers"])) if upload else None
        return Declared(answer["transaction_id"], key, link, options or {})

    def put(self, declared: Declared, file: LocalFile, progress: BytesDone = lambda _: None) -> bool:
        """Upload the declared file, again if it is cut off.

        False: storage holds an object already, most likely ours, from a PUT whose answer was lost; ``wait`` with
        ``expect`` finds out.
        """
        for pause_s in (*RETRY_DELAYS_S, None):
            if declared.link is None:
                return False
            try:
                return transfer.put(self._http, declared.link, file, progress)
            except TransferCut as exc:
                if pause_s is None:
                    raise ClientError(f"The upload of {file.path.name} failed: {exc}.", "upload_cut") from exc
                self._pause(pause_s)
            declared = self.declare(file, declared.key, declared.options)
        return False

    def status(self, transaction_id: str) -> State:
        """The transaction as it is now."""
        return self._call("GET", "/status", params={"transaction_id": transaction_id})

    def wait(
        self, transaction_id: str, progress: Callable[[State], None] = lambda _: None, expect: LocalFile | None = None
    ) -> State:
        """Poll until the transaction is Completed; raises ``ClientError`` if it ends otherwise.

        With ``expect``, also if the object in storage turns out to be another file.
        """
        delay_s = POLL_FIRST_S
        while True:
            state = self._status_patiently(transaction_id)
            progress(state)
            _raise_if_foreign(state, expect)
            if state["status"] == "Completed":
                return state
            if state["status"] in ("Failed", "Expired"):
                raise _ended(state)
            self._pause(delay_s)
            delay_s = min(POLL_CAP_S, delay_s * POLL_GROWTH)

    def link(self, transaction_id: str) -> DownloadLink:
        """A fresh link to the result."""
        return self._link("/download", transaction_id=transaction_id)

    def fetch(
        self, transaction_id: str, out: Path, progress: BytesDone = lambda _: None, *, force: bool = False
    ) -> DownloadLink:
        """Download the result to ``out``, which only ever holds a whole file."""
        fetch = Fetch(self._http, partial(self.link, transaction_id), self._pause)
        return fetch.to(out, progress, force=force)

    def receipt(self, transaction_id: str) -> bytes:
        """The receipt of a completed transaction: a JSON object, byte for byte as the conversion wrote it."""
        response = self._answer("GET", "/receipt", params={"transaction_id": transaction_id})
        _body(response)
        return response.content

    def thumbnail_link(self, transaction_id: str, kind: str) -> DownloadLink:
        """A fresh link to a picture: ``poster``, ``sprite`` or ``preview``."""
        return self._link("/thumbnail", transaction_id=transaction_id, kind=kind)

    def fetch_thumbnail(self, transaction_id: str, kind: str, out: Path, *, force: bool = False) -> None:
        """Download a picture to ``out``."""
        fetch = Fetch(self._http, partial(self.thumbnail_link, transaction_id, kind), self._pause)
        fetch.to(out, lambda _: None, force=force)

    def storyboard(self, transaction_id: str) -> str:
        """The cues for scrubbing, in WebVTT; they hold links to the sprite."""
        params = {"transaction_id": transaction_id, "kind": "storyboard"}
        response = self._answer("GET", "/thumbnail", params=params)
        if not response.is_success:
            raise from_api(response)
        return response.text

    def _link(self, path: str, **params: str) -> DownloadLink:
        answer = self._call("GET", path, headers={"Accept": "application/json"}, params=params)
        return DownloadLink(answer["url"], answer["filename"], answer["size"], answer["sha256"])

    def _status_patiently(self, transaction_id: str) -> State:
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.status(transaction_id)
            except ClientError as exc:
                passing = exc.code == "unreachable" or (exc.status or 0) >= 500
                if not passing or time.monotonic() > give_up:
                    raise
            self._pause(POLL_CAP_S)

    def _call(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        return _body(self._answer(method, path, **kwargs))

    def _answer(
        self,
        method: str,
        path: str,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> httpx.Response:
        """One request, repeated when its answer was lost: each of ours may be."""
        params, headers = self._user | (params or {}), self._authorization | (headers or {})
        for pause_s in (*RETRY_DELAYS_S, None):
            try:
                response = self._http.request(method, self.api_url + path, params=params, headers=headers, **kwargs)
            except httpx.ConnectError as exc:
                raise unreachable(self.api_url, exc) from exc
            except httpx.TransportError as exc:
                if pause_s is None:
                    raise unreachable(self.api_url, exc) from exc
            else:
                if response.status_code not in (429, 502, 503, 504) or pause_s is None:
                    return response
            self._pause(pause_s)
        raise AssertionError("the last round returns or raises")


def _body(response: httpx.Response) -> dict[str, Any]:
    if not response.is_success:
        raise from_api(response)
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ClientError(f"What answers at {response.url.copy_with(query=None)} is not this API.", "not_this_api")
    return body


def _raise_if_foreign(state: State, expect: LocalFile | None) -> None:
    source = state.get("source") or {}
    if expect is None or not source.get("etag"):
        return
    if (source.get("size"), source["etag"].strip('"')) != (expect.size, expect.md5):
        sentence = f"Storage holds another file than {expect.path.name} for this transaction; upload it again."
        raise ClientError(sentence, "foreign_upload")


def _ended(state: State) -> ClientError:
    if state["status"] == "Expired":
        return ClientError("The upload link ended before a file arrived; upload it again.", "expired")
    return ClientError(state.get("error_reason") or "The conversion failed.", state.get("error_code") or "failed")
