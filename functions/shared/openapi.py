"""OpenAPI in ``AUTH_MODE=jwt``: a bearer token says who asks. Pure."""

from typing import Any

SCHEME = "token"
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def ask_for_token(spec: dict[str, Any]) -> None:
    """Describe, in place, the token for each operation that takes a ``user_id``, which is then optional."""
    spec.setdefault("components", {})["securitySchemes"] = {
        SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of the identity provider, without the word `Bearer`.",
        }
    }
    for operations in spec["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "user_id":
                    parameter["description"] = "Optional: the token says who asks. Another user's is refused with 403."
                    operation["security"] = [{SCHEME: []}]
                    operation["responses"]["401"] = {
                        "description": "The token is missing, is not for this API, or has expired: `detail` says.",
                        "content": PROBLEM,
                    }
