"""The contract's OpenAPI, in the gateway and written down for the function that shows it on AWS.

python -m local.openapi
"""

import json
from pathlib import Path
from typing import Any

from functions.docs import pages
from functions.download.routes import router as download_router
from functions.estimate.routes import router as estimate_router
from functions.shared.web import create_app
from functions.status.routes import router as status_router
from functions.upload.routes import router as upload_router

WRITTEN = Path(pages.__file__).with_name("openapi.json")

CONTRACT = (status_router, upload_router, estimate_router, download_router)
"""Matched in this order: the route that pollers ask comes first."""

ABOUT = """
Upload a video, poll its status, fetch it as H.265 in MP4.

1. `POST /upload` declares the file and answers with a presigned PUT; send the file there.
2. `GET /status` until `Completed`.
3. `GET /download` redirects to the result.

Where this page has a button `Authorize`, your token says who you are; elsewhere your `user_id` does: any UUID that you
choose and keep.

Every error has the shape of RFC 9457, with `message` repeating `detail`; `code` is stable.
"""
TAGS = [{"name": name} for name in ("upload", "status", "estimate", "download")]


def contract_text() -> str:
    """The document without the gateway's own endpoints, and without a token: a deployment adds that if it asks."""
    spec: dict[str, Any] = create_app(*CONTRACT, description=ABOUT, openapi_tags=TAGS).openapi()
    return json.dumps(spec, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    WRITTEN.write_text(contract_text())
    print(f"wrote {WRITTEN}")
