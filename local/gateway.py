"""The HTTP functions of the cloud in one process: all routers on one uvicorn. ``python -m local.gateway`` runs it."""

import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg2
import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from psycopg2.extensions import parse_dsn

from functions.docs.pages import router as pages_router
from functions.shared import logs
from functions.shared.settings import SettingsError, settings
from functions.shared.web import create_app
from functions.shared.wiring import database, storage, tokens
from local.metrics import own_figures
from local.openapi import ABOUT, CONTRACT, TAGS
from local.operations import operations_router

KEEP_ALIVE_S = 75
"""Longer than the idle time of common load balancers, so that it is they who close."""

GRACE_S = 20
"""For requests under way when the process is asked to stop."""


@dataclass(frozen=True)
class Listen:
    """Where the gateway listens, and which web pages of other origins may call it."""

    host: str
    port: int
    cors_origins: tuple[str, ...]


def read_listen(env: Mapping[str, str]) -> Listen:
    """Read ``API_HOST``, ``API_PORT`` and ``CORS_ORIGINS`` (comma-separated; none by default, as any page that the
    user visits could otherwise act for them). Raises ``SettingsError``.
    """
    port = env.get("API_PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingsError(f"API_PORT must be a port number, not {port!r}")
    origins = tuple(origin.strip() for origin in (env.get("CORS_ORIGINS") or "").split(",") if origin.strip())
    return Listen(env.get("API_HOST") or "127.0.0.1", int(port), origins)


def build_app(cors_origins: tuple[str, ...] = ()) -> FastAPI:
    """All routes of the contract, and the operators' own."""
    figures = own_figures()
    app = create_app(
        *CONTRACT,
        operations_router(figures),
        pages_router,
        asks_for_token=settings().auth_mode == "jwt",
        openapi_tags=[*TAGS, {"name": "operations"}],
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
    )
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=cors_origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
            expose_headers=["X-Request-Id"],
        )
    return app


def check_settings() -> None:
    """Raise ``SettingsError`` for what would otherwise fail with the first request, and spare that one the wait."""
    try:
        parse_dsn(settings().database_url or "")
    except psycopg2.ProgrammingError:
        raise SettingsError("DATABASE_URL is not a PostgreSQL URL: postgresql://user:password@host:port/name") from None
    if settings().auth_mode == "jwt":
        tokens()
    try:
        storage().connect()
    except ValueError as exc:
        raise SettingsError(f"S3_ENDPOINT_URL or S3_PUBLIC_ENDPOINT_URL: {exc}") from None


def listening_socket(listen: Listen) -> socket.socket:
    """Raises ``SettingsError`` where the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        return socket.create_server((listen.host, listen.port), family=family, backlog=2048)
    except OSError as exc:
        address = f"{listen.host}:{listen.port}"
        raise SettingsError(f"cannot listen on {address}: {exc.strerror}; set API_PORT or API_HOST") from None


def main() -> int:
    """Serve until SIGTERM or SIGINT; 1 for a setting that does not fit."""
    logs.configure("api")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        listen = read_listen(os.environ)
        check_settings()
        listener = listening_socket(listen)
    except SettingsError as exc:
        print(exc, file=sys.stderr)
        return 1
    config = uvicorn.Config(
        build_app(listen.cors_origins),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    logs.event("gateway.listening", host=listen.host, port=listen.port)
    # All that is loaded by now stays; a full collection that went through it would stop every request for 80 ms.
    gc.collect()
    gc.freeze()
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        database().close()
        logs.event("gateway.stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
