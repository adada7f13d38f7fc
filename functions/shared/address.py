"""Where the database is: a URL that is given, or what a secret says."""

from typing import Protocol


class Address(Protocol):
    """Tells the URL of the database; raises ``DatabaseUnavailable`` if that cannot be found out."""

    def url(self) -> str: ...

    def after_refusal(self, refused: str) -> str | None:
        """Another URL than ``refused``, whose password the server did not take; None if there is none."""


class GivenAddress:
    """A URL that does not change."""

    def __init__(self, url: str) -> None:
        self._url = url

    def url(self) -> str:
        return self._url

    def after_refusal(self, refused: str) -> str | None:
        return None
