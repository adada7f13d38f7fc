"""What an error looks like, for the documentation: ``web.problem`` makes it."""

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """An error, as RFC 9457 `application/problem+json`."""

    type: str = Field("about:blank", description="Always `about:blank`: `code` tells the errors apart.")
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="What went wrong and what to do, for people.", examples=["Transaction not found"])
    message: str = Field(description="The same text as `detail`.", examples=["Transaction not found"])
    code: str = Field(description="Stable, for machines; docs/errors.md lists all.", examples=["transaction_not_found"])
    request_id: str = Field(
        description="Name it when you report a problem.", examples=["0b6c5f2be35c4c44a4b9d2b4a3a1b2c3"]
    )
