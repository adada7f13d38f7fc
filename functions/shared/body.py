"""A request's body as it arrives: bounded in bytes, and in the time that a silent client may take."""

import asyncio
from typing import Any

from starlette.requests import Request

from functions.shared.errors import BodyTooLarge, RequestRefused, RequestTimeout, UploadInterrupted

READ_TIMEOUT_S = 60.0
JSON_BYTES = 1024**2


class Body:
    """Reads chunk by chunk. Raises ``too_large`` beyond ``limit`` bytes, at once if the client announces as many."""

    def __init__(self, request: Request, limit: int, too_large: RequestRefused) -> None:
        self.received = 0
        self._receive = request.receive
        self._limit = limit
        self._too_large = too_large
        self._more = True
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise too_large

    async def read(self) -> bytes:
        """The next bytes, none at the end.

        Raises ``RequestTimeout`` when none came for ``READ_TIMEOUT_S``, ``UploadInterrupted`` when the client is gone.
        """
        while self._more:
            message = await self._next_message()
            self._more = message.get("more_body", False)
            chunk: bytes = message.get("body", b"")
            self.received += len(chunk)
            if self.received > self._limit:
                raise self._too_large
            if chunk:
                return chunk
        return b""

    async def _next_message(self) -> dict[str, Any]:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout from None
        if message["type"] == "http.disconnect":
            raise UploadInterrupted
        return dict(message)


async def read_json_body(request: Request, remedy: str) -> bytes:
    """The whole body of a JSON request; raises ``BodyTooLarge``, with a remedy, and what ``Body.read`` raises."""
    too_large = BodyTooLarge(f"A JSON request may have at most {JSON_BYTES} bytes; {remedy}.")
    body = Body(request, JSON_BYTES, too_large)
    whole = bytearray()
    while chunk := await body.read():
        whole += chunk
    return bytes(whole)
