"""What our OpenAPI has that FastAPI does not make: models by name, and the bearer token of ``AUTH_MODE=jwt``.

A model costs a function time at its start. So routes name the models of their answers, and only who asks for the
document imports them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import BaseModel

SCHEME = "token"
_modules: dict[str, str] = {}
"""Where each model that a route names is defined."""


def models(module: str, *names: str) -> dict[str, Any]:
    """The schema of an answer or of a body: the model of that name, or one of several."""
    _modules.update(dict.fromkeys(names, module))
    schemas = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def answer(description: str, module: str, *names: str) -> dict[str, Any]:
    """An entry for an answer in JSON."""
    return {"description": description, "content": {"application/json": {"schema": models(module, *names)}}}


PROBLEM = {"application/problem+json": {"schema": models("functions.shared.models", "Problem")}}


def add_models(spec: dict[str, Any]) -> None:
    """Define, in place, the models that routes have named."""
    from pydantic.json_schema import models_json_schema

    named: list[tuple[type[BaseModel], Literal["validation"]]] = [
        (getattr(import_module(module), name), "validation") for name, module in sorted(_modules.items())
    ]
    _, schema = models_json_schema(named, ref_template="#/components/schemas/{model}")
    known = spec.setdefault("components", {}).setdefault("schemas", {})
    known |= schema["$defs"]
    spec["components"]["schemas"] = dict(sorted(known.items()))


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
                    parameter["schema"].pop("description", None)
                    operation["security"] = [{SCHEME: []}]
                    operation["responses"]["401"] = {
                        "description": "The token is missing, is not for this API, or has expired: `detail` says.",
                        "content": PROBLEM,
                    }
