"""What every HTTP function shares: the app factory, the shape of errors (RFC 9457) and of times.

An error carries ``detail`` and, with the same text, ``message``, so that clients of either convention can read it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from functions.shared import logs
from functions.shared.envelope import RequestEnvelope
from functions.shared.errors import Bucket265Error, DatabaseUnavailable, PermanentError, RetryableError
from functions.shared.openapi import PROBLEM, add_models, ask_for_token

STATUS_BY_CODE = {
    "invalid_request": 400,
    "missing_file": 400,
    "invalid_file_type": 400,
    "empty_file": 400,
    "missing_parameter": 400,
    "invalid_parameter": 400,
    "upload_interrupted": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "transaction_not_found": 404,
    "receipt_missing": 404,
    "thumbnail_missing": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "idempotency_conflict": 409,
    "not_ready": 409,
    "not_uploaded": 409,
    "file_too_large": 413,
    "body_too_large": 413,
    "estimate_too_large": 413,
    "estimate_too_slow": 422,
    "converted_missing": 500,
    "internal_error": 500,
    "busy": 503,
    "database_unavailable": 503,
    "identity_provider_unavailable": 503,
    "storage_unavailable": 503,
}
"""HTTP status of each error code: the domain does not know HTTP. Of what else ends a conversion see ``status_of``."""

TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 409: "Conflict", 413: "Content Too Large", 422: "Unprocessable Content",
    500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip
OWN_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}
"""Of each error with that status."""
NO_STORE = {"Cache-Control": "no-store"}
EXAMPLE_REQUEST_ID = "0b6c5f2be35c4c44a4b9d2b4a3a1b2c3"


Responses = dict[int | str, dict[str, Any]]


def problem_responses(why: Mapping[Bucket265Error, str]) -> Responses:
    """OpenAPI entries for a route's errors, one of each status; ``why`` says in Markdown when that status comes."""
    return {status_of(error): _documented(error, text) for error, text in why.items()}


def status_of(error: Bucket265Error) -> int:
    """HTTP status of an error; a file that cannot be converted is the client's, what may pass is ours."""
    if error.code in STATUS_BY_CODE:
        return STATUS_BY_CODE[error.code]
    return 422 if isinstance(error, PermanentError) else 503 if isinstance(error, RetryableError) else 500


def _documented(error: Bucket265Error, text: str) -> dict[str, Any]:
    ((media_type, content),) = PROBLEM.items()
    example = problem_body(error.code, error.sentence(), EXAMPLE_REQUEST_ID, status_of(error))
    return {"description": text, "content": {media_type: content | {"example": example}}}


def problem_body(code: str, detail: str, request_id: str, status: int) -> dict[str, Any]:
    """RFC 9457, and what our clients read."""
    return {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "message": detail,
        "code": code,
        "request_id": request_id,
    }


def problem(
    code: str, detail: str, request_id: str, status: int | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """One error answer in the promised shape."""
    status = status or STATUS_BY_CODE.get(code, 500)
    body = problem_body(code, detail, request_id, status)
    extra = NO_STORE | OWN_HEADERS.get(status, {}) | dict(headers or {})
    return JSONResponse(body, status, extra, media_type="application/problem+json")


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC, as all our answers write times."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Api(FastAPI):
    """FastAPI whose OpenAPI describes our errors instead of its own, and the bearer token where one is asked for."""

    asks_for_token = False

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            spec = super().openapi()
            add_models(spec)
            if self.asks_for_token:
                ask_for_token(spec)
        return super().openapi()


def create_app(*routers: APIRouter, asks_for_token: bool = False, **about: Any) -> FastAPI:
    """An app with these routers; the gateway of a desk has all, a Lambda has one.

    ``asks_for_token`` is what its OpenAPI says.
    """
    away = "The database or the storage does not answer; see `Retry-After`."
    responses = problem_responses({DatabaseUnavailable(): away})
    # Besides being true, "default" keeps FastAPI from documenting an answer 422 that we never give.
    responses["default"] = {"description": "Any other error has this shape too.", "content": PROBLEM}
    app = Api(
        title="bucket265",
        summary="Drop a video into a bucket, get H.265 back.",
        redirect_slashes=False,
        responses=responses,
        # Relative to /openapi.json: the API may lie below any path.
        servers=[{"url": ".", "description": "this deployment"}],
        # The envelope observes; FastAPI's own telemetry would cost each request several look-ups to find itself off.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        **about,
    )
    app.asks_for_token = asks_for_token
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(Bucket265Error, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_middleware(RequestEnvelope, on_crash=_on_crash)
    return app


def _request_id(request: Request) -> str:
    return str(request.scope["state"]["request_id"])


def _on_crash(request_id: str) -> JSONResponse:
    return problem("internal_error", Bucket265Error.hint, request_id)


async def _on_domain_error(request: Request, exc: Exception) -> JSONResponse:
    error = exc if isinstance(exc, Bucket265Error) else Bucket265Error()
    if isinstance(error, RetryableError):
        logs.event("dependency.failed", level=40, exc_info=True, code=error.code)
        return problem(error.code, f"{error.hint} Try again in a moment.", _request_id(request), status_of(error))
    return problem(error.code, error.sentence(), _request_id(request), status_of(error))


async def _on_invalid_request(request: Request, exc: Exception) -> JSONResponse:
    errors = exc.errors() if isinstance(exc, RequestValidationError) else []
    where = "; ".join(f"{'.'.join(str(part) for part in e['loc'][1:]) or 'body'}: {e['msg']}" for e in errors[:5])
    return problem("invalid_request", f"The request is not valid: {where}", _request_id(request))


async def _on_http_error(request: Request, exc: Exception) -> JSONResponse:
    status, headers = (exc.status_code, exc.headers) if isinstance(exc, HTTPException) else (500, None)
    code = {404: "not_found", 405: "method_not_allowed"}.get(status, "invalid_request")
    detail = {404: "There is no such endpoint; see /docs.", 405: "This endpoint does not take that method; see /docs."}
    text = detail.get(status, TITLES.get(status, "Bad Request"))
    return problem(code, text, _request_id(request), status, headers)
