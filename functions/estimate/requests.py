"""The body of ``POST /estimate``."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from functions.shared.askedoptions import OptionsRequest, fault_sentences, json_object
from functions.shared.errors import EstimateTooLarge, InvalidRequest

MIB = 1024**2


class EstimateRequest(BaseModel):
    """Which uploaded film, and with which options."""

    model_config = ConfigDict(extra="forbid")

    transaction_id: str | None = Field(
        None,
        description="As `POST /upload` returned it; a UUID. Required.",
        examples=["0192d7c1-6d0c-4c2e-9b6d-3f6c1f0e7a11"],
    )
    options: OptionsRequest | None = Field(
        None, description="Instead of those of the upload.", examples=[{"quality": "small", "speed": "smallest"}]
    )


def parse_request(body: bytes) -> EstimateRequest:
    """Raises ``InvalidRequest``."""
    data = json_object(body, "{transaction_id} or {transaction_id, options}")
    try:
        return EstimateRequest.model_validate(data)
    except ValidationError as exc:
        raise InvalidRequest(" ".join(fault_sentences(exc.errors(include_url=False)))) from None


def too_large(most_bytes: int) -> EstimateTooLarge:
    """The refusal of a film that has more bytes."""
    most = f"at most {most_bytes / MIB:.0f} MiB" if most_bytes >= MIB else f"at most {most_bytes} bytes"
    return EstimateTooLarge(f"{EstimateTooLarge.hint.replace('too large', f'too large ({most})', 1)}")
