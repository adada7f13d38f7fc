"""What every HTTP function shares: the app factory, request ids, and errors as RFC 9457 problems.

An error carries ``detail`` and, with the same text, ``message``, so that clients of either convention can read it.
"""

import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from functions.shared import logs
from functions.shared.errors import Bucket265Error, DatabaseUnavailable, StorageUnavailable

STATUS_BY_CODE = {
    "invalid_request": 400,
    "missing_file": 400,
    "invalid_file_type": 400,
    "missing_parameter": 400,
    "invalid_parameter": 400,
    "upload_interrupted": 400,
    "forbidden": 403,
    "transaction_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "idempotency_conflict": 409,
    "not_ready": 409,
    "file_too_large": 413,
    "converted_missing": 500,
    "internal_error": 500,
    "database_unavailable": 503,
    "storage_unavailable": 503,
}
"""HTTP status of each error code: the domain does not know HTTP."""

TITLES = {
    400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    409: "Conflict", 413: "Content Too Large", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip
RETRY_AFTER_S = "5"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Problem(BaseModel):
    """An error, as RFC 9457 `application/problem+json`."""

    type: str = Field("about:blank", description="Always `about:blank`: `code` tells the errors apart.")
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="What went wrong and what to do, for people.", examples=["Transaction not found"])
    message: str = Field(description="The same text as `detail`.", examples=["Transaction not found"])
    code: str = Field(description="Stable, for machines; docs/errors.md lists all.", examples=["transaction_not_found"])
    request_id: str = Field(description="Name it when you report a problem.")


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the error statuses of a route."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


def problem(code: str, detail: str, request_id: str, status: int | None = None) -> JSONResponse:
    """One error answer in the promised shape."""
    status = status or STATUS_BY_CODE.get(code, 500)
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "message": detail,
        "code": code,
        "request_id": request_id,
    }
    headers = {"Retry-After": RETRY_AFTER_S} if status == 503 else {}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def create_app(*routers: APIRouter, **about: Any) -> FastAPI:
    """An app with these routers; the gateway of a desk has all, a Lambda has one."""
    app = FastAPI(
        title="bucket265",
        redirect_slashes=False,
        responses={500: {"model": Problem, "description": "Our fault; try again."}},
        **about,
    )
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(Bucket265Error, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_middleware(RequestEnvelope)
    return app


class RequestEnvelope:
    """Gives each request an id, logs it, sets the safety headers, and turns a crash into a problem.

    Plain ASGI: Starlette's BaseHTTPMiddleware costs a task and a queue per request.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope.setdefault("state", {})["request_id"] = uuid.uuid4().hex
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            logs.event("request.crashed", level=40, exc_info=True, request_id=request_id, path=scope["path"])
            if status == 0:
                crash = problem("internal_error", Bucket265Error.hint, request_id)
                await crash(scope, receive, send_with_id)
        finally:
            ms = (time.perf_counter() - started) * 1000
            logs.event("request", id=request_id, method=scope["method"], path=scope["path"], status=status, ms=ms)


def _request_id(request: Request) -> str:
    return str(request.scope["state"]["request_id"])


async def _on_domain_error(request: Request, exc: Exception) -> JSONResponse:
    error = exc if isinstance(exc, Bucket265Error) else Bucket265Error()
    if isinstance(error, (DatabaseUnavailable, StorageUnavailable)):
        logs.event("dependency.failed", level=40, exc_info=True, code=error.code, request_id=_request_id(request))
        return problem(error.code, f"{error.hint} Try again in a moment.", _request_id(request))
    return problem(error.code, error.sentence(), _request_id(request))


async def _on_invalid_request(request: Request, exc: Exception) -> JSONResponse:
    errors = exc.errors() if isinstance(exc, RequestValidationError) else []
    where = "; ".join(f"{'.'.join(str(part) for part in e['loc'][1:]) or 'body'}: {e['msg']}" for e in errors[:5])
    return problem("invalid_request", f"The request is not valid: {where}", _request_id(request))


async def _on_http_error(request: Request, exc: Exception) -> JSONResponse:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    code = {404: "not_found", 405: "method_not_allowed"}.get(status, "invalid_request")
    detail = {404: "There is no such endpoint; see /docs.", 405: "This endpoint does not take that method; see /docs."}
    return problem(code, detail.get(status, TITLES.get(status, "Bad Request")), _request_id(request), status)
