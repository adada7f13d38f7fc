"""Bytes between a file and a presigned URL: one PUT, or a GET that goes on where it was cut."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx

from local.localfile import CHUNK_BYTES, BytesDone, LocalFile, stream
from local.problems import ClientError, from_storage

RETRY_DELAYS_S = (1.0, 2.0, 4.0)
TIMEOUT = httpx.Timeout(30, connect=5)
PUT_TIMEOUT = httpx.Timeout(120, connect=5)
"""Storage answers a PUT's last byte late: it waits for its disks, and for an earlier PUT of the same key to end."""


@dataclass(frozen=True)
class UploadLink:
    """Where and with which headers, to the letter, to PUT."""

    url: str
    headers: dict[str, str]


@dataclass(frozen=True)
class DownloadLink:
    """A presigned GET, the user's name for what it leads to, and what its bytes must be, as far as is known."""

    url: str
    filename: str
    size: int
    sha256: str | None


class TransferCut(Exception):
    """The transfer ended early for a reason that may pass; the message says which."""


def put(http: httpx.Client, link: UploadLink, file: LocalFile, progress: BytesDone) -> bool:
    """PUT a file; False if an object is there already, perhaps ours: an earlier PUT whose answer was lost.

    Raises ``TransferCut`` where a new try may succeed, else ``ClientError``.
    """
    try:
        response = http.put(link.url, headers=link.headers, content=stream(file, progress), timeout=PUT_TIMEOUT)
    except httpx.TransportError as exc:
        raise TransferCut(_why(exc)) from exc
    if response.status_code == 412:
        return False
    if response.status_code >= 500:
        raise TransferCut(f"the storage answered {response.status_code}")
    if not response.is_success:
        raise from_storage(response, f"the upload of {file.path.name}")
    return True


class Part:
    """The file ``<out>.part`` while a result arrives: its bytes so far and their sum."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._sum = hashlib.sha256()
        self.size = 0
        sink.seek(0)
        while chunk := sink.read(CHUNK_BYTES):
            self._sum.update(chunk)
            self.size += len(chunk)

    def restart(self) -> None:
        """Drop what is there."""
        self._sink.seek(0)
        self._sink.truncate()
        self._sum, self.size = hashlib.sha256(), 0

    def is_whole(self, link: DownloadLink) -> bool:
        """Whether it holds exactly the bytes that the link promises."""
        return self.size == link.size and link.sha256 in (None, self._sum.hexdigest())

    def append(self, http: httpx.Client, link: DownloadLink, progress: BytesDone) -> None:
        """Fetch what is missing; raises ``TransferCut`` or, if storage refuses, ``ClientError``."""
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={self.size}-"} if self.size else {})
        try:
            with http.stream("GET", link.url, headers=headers, timeout=TIMEOUT) as response:
                if not response.is_success:
                    self._refused(response, link)
                if response.status_code != 206:
                    self.restart()
                for chunk in response.iter_raw():
                    self._take(chunk, link)
                    progress(self.size)
        except httpx.TransportError as exc:
            raise TransferCut(_why(exc)) from exc
        finally:
            self._sink.flush()
        if self.size < link.size:
            raise TransferCut("the storage sent less than it announced")

    def _take(self, chunk: bytes, link: DownloadLink) -> None:
        if self.size + len(chunk) > link.size:
            raise ClientError(f"The storage sent more than the {link.size} bytes of the result.", "wrong_size")
        self._sink.write(chunk)
        self._sum.update(chunk)
        self.size += len(chunk)

    def _refused(self, response: httpx.Response, link: DownloadLink) -> None:
        response.read()
        if response.status_code >= 500:
            raise TransferCut(f"the storage answered {response.status_code}")
        raise from_storage(response, f"the download of {link.filename}")


@contextmanager
def part_of(out: Path) -> Iterator[Part]:
    """Open ``<out>.part``, with what an earlier run left in it, for us alone. Raises ``OSError``."""
    path = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666), "r+b") as sink:
        try:
            fcntl.flock(sink, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ClientError(f"Another download is writing {path}.", "already_running") from None
        yield Part(sink)


def finish(out: Path, *, force: bool) -> None:
    """Give the whole part its final name; raises ``ClientError`` rather than overwrite, unless ``force``."""
    part = out.with_name(out.name + ".part")
    if out.exists() and not force:
        raise ClientError(f"{out} exists already; --force replaces it.", "file_exists")
    os.replace(part, out)


def _why(exc: httpx.TransportError) -> str:
    if isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout):
        return f"nothing answers at {exc.request.url.copy_with(raw_path=b'/')}"
    return "the storage did not answer in time" if isinstance(exc, httpx.TimeoutException) else "the connection broke"
