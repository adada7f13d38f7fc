"""What ``POST /upload`` answers, for the documentation: ``declare`` and ``form`` make it."""

from pydantic import BaseModel, Field


class UploadLink(BaseModel):
    """One request, to be sent to storage before it expires. It works once."""

    method: str = Field(examples=["PUT"])
    url: str = Field(examples=["http://localhost:9000/uploads/0192d7c1-6d0c-4c2e-9b6d-3f6c1f0e7a11/source?X-Amz-…"])
    headers: dict[str, str] = Field(
        description="Send exactly these; a browser sets `Content-Length` itself.",
        examples=[{"Content-Type": "video/quicktime", "Content-Length": "73400320", "If-None-Match": "*"}],
    )
    expires_at: str = Field(examples=["2026-03-01T13:00:00Z"])


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
