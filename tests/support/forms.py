"""multipart/form-data as clients write it."""

from uuid import uuid4


def form(*parts: tuple[str, bytes], boundary: str = "") -> tuple[bytes, dict[str, str]]:
    """A body of (part headers, content), and the request's headers."""
    boundary = boundary or uuid4().hex
    body = b"".join(
        b"--" + boundary.encode() + b"\r\n" + headers.encode() + b"\r\n\r\n" + content + b"\r\n"
        for headers, content in parts
    )
    return body + b"--" + boundary.encode() + b"--\r\n", {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def file_part(
    content: bytes, filename: str = "holiday.mov", content_type: str | None = "video/quicktime"
) -> tuple[str, bytes]:
    """The part of a file input named ``file``."""
    headers = f'Content-Disposition: form-data; name="file"; filename="{filename}"'
    if content_type is not None:
        headers += f"\r\nContent-Type: {content_type}"
    return headers, content


def field_part(name: str, value: str) -> tuple[str, bytes]:
    """The part of a text input."""
    return f'Content-Disposition: form-data; name="{name}"', value.encode()
