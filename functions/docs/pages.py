"""``/docs``: Swagger UI from our own host, as a browser inside a closed network needs it.

All addresses are relative, so that the page works wherever the API lies: below a stage's path, behind a proxy.
"""

from functools import cache
from importlib import resources

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

MEDIA_TYPES = {
    "swagger-ui-bundle.js": "application/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
BEHAVIOUR = {"tryItOutEnabled": True, "filter": True, "displayRequestDuration": True}
"""A token given to the page is forgotten with it: ``persistAuthorization`` would keep it in the browser."""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def root() -> RedirectResponse:
    return RedirectResponse("docs")


@router.get("/docs")
async def docs() -> HTMLResponse:
    return get_swagger_ui_html(
        title="bucket265",
        openapi_url="openapi.json",
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/favicon-32x32.png",
        swagger_ui_parameters=BEHAVIOUR,
    )


@router.get("/docs/{name}")
async def asset(name: str) -> Response:
    if name not in MEDIA_TYPES:
        raise HTTPException(404)
    return Response(_content(name), headers={"Cache-Control": "public, max-age=86400"}, media_type=MEDIA_TYPES[name])


@cache
def _content(name: str) -> bytes:
    return (resources.files("fastapi_swagger") / "resources" / name).read_bytes()
