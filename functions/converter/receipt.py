"""The receipt of a conversion: what came in, what went out, what was decided, and what was measured of it."""

import json
from pathlib import Path

from functions.converter.encode import Job
from functions.converter.previews import Previews
from functions.converter.publish import Published
from functions.converter.rendering import Rendition
from functions.converter.verify import Verified

VERSION = 1


def write_receipt(rendition: Rendition, verified: Verified, previews: Previews, published: Published, job: Job) -> Path:
    """Write ``receipt.json`` into the workspace."""
    path = job.source.with_name("receipt.json")
    path.write_text(json.dumps({"version": VERSION}))
    return path
