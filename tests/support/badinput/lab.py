"""Where bad input is tried: the whole of the HTTP functions, the links and the converter, on real servers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import httpx

from tests.support.clips import Clips
from tests.support.declaring import declare
from tests.support.http import Api
from tests.support.world import Upload, World, object_created

S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"
DROPPED = "dropped"
ANY = "…"
"""In an expected sentence: a figure that depends on the machine or the file."""


@dataclass(frozen=True)
class Seen:
    """What somebody gets: an HTTP status or the row's state, the error's code, the sentence that a person reads.

    ``attempts`` are the row's, ``encodes`` how often ffmpeg ran.
    """

    result: str
    code: str = ""
    sentence: str = ""
    attempts: int = 0
    encodes: int = 0


class Lab:
    """Tries one input. ``api`` are the HTTP functions."""

    def __init__(self, world: World, clips: Clips, api: Api) -> None:
        self.world = world
        self.clips = clips
        self.api = api
        self.user_id = str(uuid4())

    def post(self, **body: Any) -> httpx.Response:
        """``POST /upload`` with JSON, as the user."""
        return declare(self.api, self.user_id, body)

    def form(self, field: str, filename: str, content_type: str) -> httpx.Response:
        """``POST /upload`` with a form that has one file, as the user."""
        files = {field: (filename, b"twelve bytes", content_type)}
        form = httpx.Request("POST", "http://api/upload", files=files)
        return self.api.request(
            "POST", "/upload", params={"user_id": self.user_id}, headers=form.headers, content=form.read()
        )

    def get(self, path: str, **params: str) -> httpx.Response:
        return self.api.request("GET", path, params=params)

    def link(self, content: bytes) -> dict[str, Any]:
        """A link for the upload of ``content``."""
        answer = self.post(filename="holiday.mov", content_type="video/quicktime", size=len(content))
        assert answer.status_code == 200, answer.text
        upload: dict[str, Any] = answer.json()["upload"]
        return upload

    def converted(self, content: bytes, **columns: Any) -> Seen:
        """Upload, deliver the event once, and look at the row."""
        return self.delivered(self.world.upload(content, **columns))

    def delivered(self, upload: Upload) -> Seen:
        """Deliver the event once, and look at the row."""
        self.world.handle(object_created(upload))
        return self.became(upload)

    def clip(self, name: str) -> bytes:
        return self.clips(name).read_bytes()

    def became(self, upload: Upload) -> Seen:
        """The state of a row."""
        row = self.world.row(upload)
        return Seen(
            row["status"], row["error_code"] or "", row["error_reason"] or "", row["attempt"], self.world.ffmpeg_runs
        )

    def dropped(self) -> Seen:
        """Nothing happened to anything."""
        return Seen(DROPPED, encodes=self.world.ffmpeg_runs)


def answered(response: httpx.Response) -> Seen:
    """An answer of ours."""
    body = response.json()
    return Seen(f"HTTP {response.status_code}", body.get("code", ""), body["message"])


def refused_by_storage(response: httpx.Response) -> Seen:
    """An answer of the storage to whoever used a link."""
    error = ElementTree.fromstring(response.content)  # noqa: S314
    code, said = (error.findtext(name) or error.findtext(S3 + name) or "" for name in ("Code", "Message"))
    return Seen(f"HTTP {response.status_code}", code, said)


@dataclass(frozen=True)
class BadInput:
    """``given``: what comes in, for people. ``cause`` does it; ``gets`` is what must be seen."""

    given: str
    cause: Callable[[Lab], Seen]
    gets: Seen
    settings: Mapping[str, str] = field(default_factory=dict)
