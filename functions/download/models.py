"""What ``GET /download``, ``/stream``, ``/receipt`` and ``/thumbnail`` answer, for the documentation."""

from pydantic import BaseModel, Field


class LinkAnswer(BaseModel):
    """Where the result can be fetched, with GET and `Range` requests, until `expires_at`."""

    url: str = Field(examples=["http://localhost:9000/converted/0192d7c1-6d0c-4c2e-9b6d-3f6c1f0e7a11/1.mp4?X-Amz-…"])
    expires_at: str = Field(examples=["2026-03-01T13:00:00Z"])
    filename: str = Field(
        description="The user's name with the extension of what is delivered.", examples=["holiday.mp4"]
    )
    size: int = Field(description="Bytes.", examples=[20971520])
    sha256: str = Field(description="64 lower-case hex digits.", examples=["9f86d081884c7d65" * 4])


class PreviewLinkAnswer(BaseModel):
    """Where the picture can be fetched, until `expires_at`."""

    url: str = Field(
        examples=["http://localhost:9000/converted/0192d7c1-6d0c-4c2e-9b6d-3f6c1f0e7a11/1.poster.jpg?X-Amz-…"]
    )
    expires_at: str = Field(examples=["2026-03-01T13:00:00Z"])
    filename: str = Field(examples=["holiday.poster.jpg"])
    size: int = Field(description="Bytes.", examples=[48211])
    sha256: str | None = Field(description="64 lower-case hex digits, where known.", examples=["9f86d081884c7d65" * 4])
