"""What an upload may be called, how large it may be, and of which type."""

import pytest

from functions.shared.errors import EmptyFile, FileTooLarge, InvalidFileType, InvalidRequest
from functions.shared.storage import SINGLE_PUT_LIMIT
from functions.upload.accept import accepted_type, check_size, clean_filename, extension, upload_limit


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("holiday.mov", "holiday.mov"),
        ("Пляж 2024 🏖️.mov", "Пляж 2024 🏖️.mov"),
        ('say "hi"; now.mp4', 'say "hi"; now.mp4'),
        ("/home/me/clip.mp4", "clip.mp4"),
        ("C:\\Videos\\clip.mp4", "clip.mp4"),
        ("../../etc/passwd.mp4", "passwd.mp4"),
        ("two\nlines\r.mov", "two_lines_.mov"),
        ("nul\0byte\x1b[31m.mov", "nul_byte_[31m.mov"),
        ("half \ud83d.mov", "half _.mov"),
        ("  spaced.mov ", "spaced.mov"),
    ],
)
def test_a_file_keeps_its_name_without_folders_and_control_characters(given: str, kept: str) -> None:
    assert clean_filename(given) == kept


@pytest.mark.parametrize("name", ["", " ", "..", ".", "folder/", "a" * 252 + ".mov"])
def test_a_name_that_is_none_or_too_long_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        clean_filename(name)


def test_a_name_of_255_characters_is_accepted() -> None:
    assert len(clean_filename("ü" * 251 + ".mov")) == 255


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("a.MOV", "mov"),
        ("a.tar.mkv", "mkv"),
        ("a", "unknown"),
        (".mov", "unknown"),
        ("a.мов", "unknown"),
        ("a.", "unknown"),
    ],
)
def test_the_format_is_the_extension_until_probed(filename: str, expected: str) -> None:
    assert extension(filename) == expected


@pytest.mark.parametrize(
    ("content_type", "filename", "stored"),
    [
        ("video/mp4", "a.bin", "video/mp4"),
        ("VIDEO/Quicktime", "a", "VIDEO/Quicktime"),
        ('video/mp4;  codecs="avc1"', "a", 'video/mp4; codecs="avc1"'),
        ("application/x-matroska", "a.mkv", "application/x-matroska"),
        ("application/octet-stream", "a.MKV", "application/octet-stream"),
        ("image/gif", "a.gif", "image/gif"),
        ("image/webp", "a", "image/webp"),
        (None, "a.webm", "application/octet-stream"),
        ("", "a.webm", "application/octet-stream"),
    ],
)
def test_videos_are_accepted_by_type_or_where_it_says_nothing_by_name(
    content_type: str | None, filename: str, stored: str
) -> None:
    assert accepted_type(content_type, filename) == stored


@pytest.mark.parametrize(
    ("content_type", "filename"),
    [
        ("text/plain", "a.mp4"),
        ("image/jpeg", "a.mp4"),
        ("application/pdf", "a.mp4"),
        ("application/octet-stream", "a.exe"),
        (None, "mp4"),
        ("video", "a.mp4"),
        ("video/", "a.mp4"),
        ("video/mp4\x00", "a.mp4"),
        ("video/mp4; é", "a.mp4"),
        ("video/" + "x" * 250, "a.mp4"),
    ],
)
def test_other_types_are_refused_in_the_words_clients_know(content_type: str | None, filename: str) -> None:
    with pytest.raises(InvalidFileType) as caught:
        accepted_type(content_type, filename)
    assert caught.value.sentence() == "Invalid file type. Only videos are allowed."


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(EmptyFile):
        check_size(0, 10)


def test_a_file_beyond_the_limit_is_refused_with_the_figures_and_a_remedy() -> None:
    check_size(10, 10)
    with pytest.raises(FileTooLarge, match=r"11 bytes.*at most 10 bytes: cut the video"):
        check_size(11, 10)


def test_no_setting_raises_the_limit_above_what_one_put_takes() -> None:
    assert upload_limit(10) == 10
    assert upload_limit(SINGLE_PUT_LIMIT * 2) == SINGLE_PUT_LIMIT
