"""AWS Lambda's entry to the documentation: ``/docs`` and ``/openapi.json`` of the whole API.

The other functions' routes are not imported but written down in ``openapi.json``; ``python -m local.openapi`` does it.
"""

import json
from pathlib import Path

from fastapi.responses import JSONResponse
from mangum import Mangum

from functions.docs.pages import router
from functions.shared.invocation import Invocation
from functions.shared.openapi import ask_for_token
from functions.shared.settings import settings
from functions.shared.web import create_app

app = create_app(router, openapi_url=None)
handler = Invocation("docs", Mangum(app, lifespan="off"))


@app.get("/openapi.json")
async def openapi() -> JSONResponse:
    spec = json.loads(Path(__file__).with_name("openapi.json").read_text())
    if settings().auth_mode == "jwt":
        ask_for_token(spec)
    return JSONResponse(spec)
