"""What operators and machines ask the gateway: is it alive, is it ready, how busy is it."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from functions.shared.errors import Bucket265Error, DatabaseUnavailable
from functions.shared.web import NO_STORE, problem, problem_responses
from local.metrics import PrometheusSink, render
from local.probes import counts_probe, database_probe, storage_probe


def operations_router(figures: PrometheusSink) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/metrics``."""
    router = APIRouter(tags=["operations"])
    dependencies = {"database": database_probe(), "storage": storage_probe()}
    counts = counts_probe()

    @router.get("/healthz", summary="Is the process alive?", response_class=JSONResponse)
    async def healthz() -> JSONResponse:
        """Asks nobody else."""
        return JSONResponse({"status": "ok"}, headers=NO_STORE)

    @router.get(
        "/readyz",
        summary="Do the database and the storage answer?",
        response_class=JSONResponse,
        responses=problem_responses({DatabaseUnavailable(): "`detail` names what does not answer."}),
    )
    async def readyz(request: Request) -> JSONResponse:
        """Answers within a few seconds, whatever the dependencies do."""
        answers = await asyncio.gather(*(probe.answer() for probe in dependencies.values()), return_exceptions=True)
        down = {name: a for name, a in zip(dependencies, answers, strict=True) if isinstance(a, Bucket265Error)}
        if not down:
            return JSONResponse({"status": "ready", "checks": dict.fromkeys(dependencies, "ok")}, headers=NO_STORE)
        detail = " ".join(f"Down: {name}. {error.sentence()}" for name, error in down.items())
        code = next(iter(down.values())).code
        return problem(code, detail, request.scope["state"]["request_id"], status=503)

    @router.get("/metrics", summary="For Prometheus", response_class=Response)
    async def scrape() -> Response:
        """Requests and their latency, what all workers did, and the transactions by status."""
        try:
            rows, workers = await counts.answer()
        except Bucket265Error:
            rows, workers = None, []
        return Response(render(figures, rows, workers), media_type=CONTENT_TYPE_LATEST)

    return router
