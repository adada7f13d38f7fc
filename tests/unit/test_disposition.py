"""A download is saved under the user's own name, whatever that name is."""

from email.message import Message
from urllib.parse import unquote

import pytest

from functions.download.disposition import content_disposition, download_name

NAMES = [
    ("holiday.mov", "holiday.mp4"),
    ("HOLIDAY.MOV", "HOLIDAY.mp4"),
    ("no extension", "no extension.mp4"),
    ("v1.2 final cut", "v1.2 final cut.mp4"),
    ("Пляж 🏖️ 日本.mkv", "Пляж 🏖️ 日本.mp4"),
    ('say "hi".mov', "say _hi_.mp4"),
    ("two\r\nSet-Cookie: x=1.mov", "two__Set-Cookie_ x=1.mp4"),
    ("../../etc/passwd.mov", "_.._etc_passwd.mp4"),
    ("C:\\clip.mov", "C__clip.mp4"),
    ("clip\u202egpj.mov", "clipgpj.mp4"),
    ("line\u2028end.mov", "line_end.mp4"),
    (".mov", "video.mp4"),
    ("...", "video.mp4"),
    ("family 👨‍👩‍👧.mov", "family 👨‍👩‍👧.mp4"),
]


@pytest.mark.parametrize(("filename", "expected"), NAMES)
def test_the_download_has_the_users_name_with_the_new_extension(filename: str, expected: str) -> None:
    assert download_name(filename, "mp4") == expected


@pytest.mark.parametrize("name", [expected for _, expected in NAMES] + ['q".mp4', "a\\b%41.mp4", "half \ud83d.mp4"])
@pytest.mark.parametrize("kind", ["attachment", "inline"])
def test_the_header_is_one_line_of_ascii_that_carries_the_whole_name(kind: str, name: str) -> None:
    header = content_disposition(kind, name)
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith(f'{kind}; filename="')
    assert unquote(header.partition("filename*=UTF-8''")[2]) == name.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("name", ['q".mp4', "a\\b.mp4", 'x"; filename="evil.exe', "naïve.mp4"])
def test_the_plain_name_cannot_end_its_quotes(name: str) -> None:
    header = content_disposition("attachment", name)
    plain = header.partition('filename="')[2].partition('"')[0]
    assert header == f'attachment; filename="{plain}"; filename*={header.partition("filename*=")[2]}'
    assert not set(plain) & set('"\\%')


def test_a_parser_of_the_standard_library_reads_the_name_back() -> None:
    message = Message()
    message["Content-Disposition"] = content_disposition("attachment", "Пляж; 1.mp4")
    assert message.get_content_disposition() == "attachment"
    del message["Content-Disposition"]
    message["Content-Disposition"] = content_disposition("attachment", "plain.mp4")
    assert message.get_filename() == "plain.mp4"
