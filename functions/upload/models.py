"""Requests and answers of ``POST /upload``."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

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
    size: int = Field(strict=True, ge=0, description="Bytes, at most 5 GiB.", examples=[73400320])
    sha256: Sha256 | None = Field(
        None, description="64 hex digits; storage then refuses anything else.", examples=["9f86d081884c7d65" * 4]
    )
    options: dict[str, Any] | None = Field(
        None, description="No options are supported yet: leave it out.", examples=[{}]
    )


class FilesRequest(BaseModel):
    """Several files at once: all are accepted or none."""

    model_config = ConfigDict(extra="forbid")

    files: list[FileRequest] = Field(min_length=1, max_length=MAX_FILES)


class UploadLink(BaseModel):
    """One request, to be sent to storage before it expires. It works once."""

    method: str = Field(examples=["PUT"])
    url: str = Field(examples=["http://localhost:9000/uploads/0192d7c1-6d0c-4c2e-9b6d-3f6c1f0e7a11/source?X-Amz-…"])
    headers: dict[str, str] = Field(
        description="Send exactly these; a browser sets `Content-Length` itself.",
        examples=[{"Content-Type": "video/quicktime", "Content-Length": "73400320", "If-None-Match": "*"}],
    )
    expires_at: str = Field(examples=["2026-03-01T13:00:00.000000Z"])


class DeclaredAnswer(BaseModel):
    """One file declared."""

    message: str = Field(examples=["Upload link created"])
    transaction_id: str
    upload: UploadLink | None = Field(description="Null when this Idempotency-Key's upload has already arrived.")


class DeclaredFile(BaseModel):
    transaction_id: str
    filename: str
    upload: UploadLink | None


class DeclaredListAnswer(BaseModel):
    """Several files declared, in the order of the request."""

    message: str = Field(examples=["Upload links created"])
    transactions: list[DeclaredFile]


class StoredAnswer(BaseModel):
    """One file of a form stored."""

    message: str = Field(examples=["File uploaded successfully"])
    filename: str
    transaction_id: str


class StoredFile(BaseModel):
    filename: str
    transaction_id: str


class StoredListAnswer(BaseModel):
    """Several files of a form stored, in the order of the form."""

    message: str = Field(examples=["Files uploaded successfully"])
    transactions: list[StoredFile]
