"""multipart/form-data, parsed as it arrives: bytes in, events out. Holds no more than the chunk it was given."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from functions.shared.errors import InvalidRequest

MAX_PARTS = 1000


@dataclass(frozen=True)
class PartBegin:
    """A part's headers are known. ``filename`` is None for a plain field."""

    name: str
    filename: str | None
    content_type: str | None


@dataclass(frozen=True)
class PartData:
    data: bytes


@dataclass(frozen=True)
class PartEnd:
    pass


Event = PartBegin | PartData | PartEnd


class FormDataParser:
    """Feed it chunks; ``ended`` once the closing boundary came. Raises ``InvalidRequest`` for what is not a form."""

    def __init__(self, content_type: str) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise InvalidRequest("The form-data has no boundary; let your client set its Content-Type.")
        self.ended = False
        self._parts = 0
        self._events: list[Event] = []
        self._headers: dict[str, str] = {}
        self._name = self._value = b""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as exc:
            raise _malformed(exc) from None

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that this chunk completes."""
        try:
            self._parser.write(chunk)
        except FormParserError as exc:
            raise _malformed(exc) from None
        events, self._events = self._events, []
        return events

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = _text(self._value)
        self._name = self._value = b""

    def _on_headers_finished(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise InvalidRequest(f"The form has more than {MAX_PARTS} parts.")
        headers, self._headers = self._headers, {}
        disposition = headers.get("content-disposition", "")
        self._events.append(
            PartBegin(_parameter(disposition, "name") or "", _filename(disposition), headers.get("content-type"))
        )

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(PartData(data[start:end]))

    def _on_part_end(self) -> None:
        self._events.append(PartEnd())

    def _on_end(self) -> None:
        self.ended = True


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _filename(disposition: str) -> str | None:
    """The part's file name. Clients that do not follow RFC 7578 send a name beyond ASCII as ``filename*`` alone."""
    name = _parameter(disposition, "filename")
    if name is not None:
        return name
    extended = re.search(r"filename\*=utf-8'[^']*'([^;\s]+)", disposition, re.IGNORECASE)
    return unquote(extended[1]) if extended else None


def _parameter(disposition: str, name: str) -> str | None:
    """A parameter's value, with what browsers escape in it put back; parsed as UTF-8 bytes in a Latin-1 disguise."""
    disguised = disposition.encode("utf-8").decode("latin-1")
    value = parse_options_header(disguised)[1].get(name.encode())
    if value is None:
        return None
    return re.sub("%(22|0D|0A)", lambda escaped: chr(int(escaped[1], 16)), value.decode("utf-8"))


def _malformed(exc: FormParserError) -> InvalidRequest:
    return InvalidRequest(f"The form-data is malformed: {exc}.")
