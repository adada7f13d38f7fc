"""A form is understood as it arrives, wherever the network cuts it."""

import pytest

from functions.shared.errors import InvalidRequest
from functions.upload.formdata import Event, FormDataParser, PartBegin, PartData, PartEnd
from tests.support.forms import field_part, file_part, form

CONTENT = b"\r\n--not-the-boundary\r\n--\r" * 5


def parse(body: bytes, headers: dict[str, str], size: int) -> tuple[list[Event], bool]:
    parser = FormDataParser(headers["Content-Type"])
    events = [event for i in range(0, len(body), size) for event in parser.feed(body[i : i + size])]
    return events, parser.ended


def begun(disposition: str) -> PartBegin:
    events, _ = parse(*form((f"Content-Disposition: form-data; {disposition}", b"")), 1000)
    first = events[0]
    assert isinstance(first, PartBegin)
    return first


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_chunks_of_any_size_give_the_same_parts(size: int) -> None:
    events, ended = parse(*form(field_part("user_id", "u"), file_part(CONTENT)), size)
    assert ended
    assert [event for event in events if isinstance(event, PartBegin)] == [
        PartBegin("user_id", None, None),
        PartBegin("file", "holiday.mov", "video/quicktime"),
    ]
    assert b"".join(event.data for event in events if isinstance(event, PartData)) == b"u" + CONTENT
    assert sum(isinstance(event, PartEnd) for event in events) == 2


def test_a_form_that_was_cut_has_not_ended() -> None:
    body, headers = form(file_part(CONTENT))
    assert not parse(body[:-6], headers, 100)[1]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('"Пляж 日本.mov"', "Пляж 日本.mov"),
        ('"say %22hi%22.mov"', 'say "hi".mov'),
        ('"say \\"hi\\".mov"', 'say "hi".mov'),
        ('"two%0D%0Alines.mov"', "two\r\nlines.mov"),
        ('"100%25.mov"', "100%25.mov"),
        ('"a;b.mov"', "a;b.mov"),
        ('""', ""),
    ],
)
def test_file_names_are_read_as_browsers_and_curl_write_them(written: str, name: str) -> None:
    assert begun(f'name="file"; filename={written}').filename == name


def test_a_name_in_the_extended_syntax_alone_is_read_too() -> None:
    assert begun("name=\"file\"; filename*=utf-8''%D0%9F%D0%BB.mov").filename == "Пл.mov"


def test_a_name_that_is_not_utf_8_is_read_as_latin_1() -> None:
    body, headers = form(('Content-Disposition: form-data; name="file"; filename="@.mov"', b""))
    events, _ = parse(body.replace(b"@", b"\xe9"), headers, 1000)
    assert events[0] == PartBegin("file", "é.mov", None)


@pytest.mark.parametrize(
    "header", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 5000]
)
def test_a_form_without_a_usable_boundary_is_refused(header: str) -> None:
    with pytest.raises(InvalidRequest):
        FormDataParser(header)


@pytest.mark.parametrize("body", [b"hello", b"--b\r\nno colon here\r\n\r\n", b"--b\r\nX: " + b"y" * 10_000])
def test_what_is_not_a_form_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="malformed"):
        FormDataParser("multipart/form-data; boundary=b").feed(body)


def test_a_flood_of_parts_is_refused() -> None:
    body, headers = form(*[field_part("x", "")] * 1001)
    with pytest.raises(InvalidRequest, match="1000 parts"):
        parse(body, headers, 4096)
