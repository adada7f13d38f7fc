"""Who asks. ``AUTH_MODE=open`` takes the ``user_id`` query parameter at its word: loopback only."""

from uuid import UUID

from functions.shared.errors import InvalidParameter, MissingParameter


def parse_uuid(name: str, value: str) -> UUID:
    """The parameter as a UUID; raises ``InvalidParameter`` in the words that clients rely on."""
    try:
        return UUID(value)
    except ValueError:
        raise InvalidParameter(f"Invalid UUID format for parameter: '{name}'") from None


def required_uuids(**parameters: str | None) -> list[UUID]:
    """All parameters as UUIDs, in order; one error names all that are missing."""
    missing = [name for name, value in parameters.items() if not value]
    if missing:
        raise MissingParameter(f"Missing required parameter(s): {', '.join(missing)}")
    return [parse_uuid(name, value) for name, value in parameters.items() if value]
