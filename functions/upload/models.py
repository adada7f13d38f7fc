"""Requests of ``POST /upload`` in JSON."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from functions.shared.askedoptions import OptionsRequest
from functions.upload.accept import MAX_FILES

Sha256 = Annotated[str, StringConstraints(to_lower=True, pattern="^[0-9a-fA-F]{64}$")]


class FileRequest(BaseModel):
    """A file that the client is about to upload. The link takes exactly this size, type and checksum."""

    model_config = ConfigDict(extra="forbid")

    filename: str = Field(
        description="Any Unicode, at most 255 characters. Only the last path segment is kept, and each control"
        " character becomes `_`.",
        examples=["holiday.mov"],
    )
    content_type: str | None = Field(
        None,
        description="`video/…`. Where it is absent or `application/octet-stream`, the extension decides.",
        examples=["video/quicktime"],
    )
    size: int = Field(
        strict=True, ge=0, description="Bytes, at most 5 GiB, or what the deployment takes.", examples=[73400320]
    )
    sha256: Sha256 | None = Field(
        None, description="64 hex digits; storage then refuses anything else.", examples=["9f86d081884c7d65" * 4]
    )
    options: OptionsRequest | None = Field(
        None, description="What the conversion shall do.", examples=[{"quality": "high", "max_height": 1080}]
    )


class FilesRequest(BaseModel):
    """Several files at once: all are accepted or none."""

    model_config = ConfigDict(extra="forbid")

    files: list[FileRequest] = Field(min_length=1, max_length=MAX_FILES)
