"""A file from storage to the user's disk: resumed where it was cut, with fresh links as long as it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from local import transfer
from local.localfile import BytesDone
from local.problems import ClientError
from local.transfer import RETRY_DELAYS_S, DownloadLink, TransferCut


@dataclass(frozen=True)
class Fetch:
    """``link`` gives a fresh link to always the same object; ``pause`` waits some seconds and may raise to stop."""

    http: httpx.Client
    link: Callable[[], DownloadLink]
    pause: Callable[[float], None]

    def to(self, out: Path, progress: BytesDone, *, force: bool) -> DownloadLink:
        """Download to ``out``, by way of ``<out>.part``: the final name only ever holds a whole file.

        What an earlier run left in the part is kept and completed.
        """
        link = self.link()
        try:
            with transfer.part_of(out) as part:
                self._receive(part, link, progress)
                transfer.finish(out, force=force)
        except OSError as exc:
            raise ClientError(f"{out} cannot be written: {exc.strerror}.", "unwritable_file") from exc
        return link

    def _receive(self, part: transfer.Part, link: DownloadLink, progress: BytesDone) -> None:
        """Fetch what is missing; from the start where the rest of an earlier run turns out to be of another file."""
        resumed = part.size > 0
        self._complete(part, link, progress)
        if not part.is_whole(link) and resumed:
            part.restart()
            self._complete(part, link, progress)
        if not part.is_whole(link):
            part.restart()
            raise ClientError(f"The download of {link.filename} does not have the announced sum.", "wrong_sum")

    def _complete(self, part: transfer.Part, link: DownloadLink, progress: BytesDone) -> None:
        """Fetch until all is there; each try that brought something earns as many new ones."""
        failures = 0
        while part.size < link.size:
            before = part.size
            try:
                part.append(self.http, link, progress)
            except TransferCut as exc:
                failures = 0 if part.size > before else failures + 1
                if failures > len(RETRY_DELAYS_S):
                    raise ClientError(f"The download of {link.filename} failed: {exc}.", "download_cut") from exc
                self.pause(RETRY_DELAYS_S[max(0, failures - 1)])
                link = self.link()
