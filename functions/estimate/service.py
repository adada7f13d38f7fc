"""An uploaded film → what converting it would come to. The row stays as it is, and nothing is published."""

import threading
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from functions.converter import sandbox
from functions.converter.encode import Job
from functions.converter.estimating import Estimate, estimate_film
from functions.converter.fetch import fetch
from functions.converter.inspection import Inspector
from functions.converter.lease import Lease, uncontested
from functions.converter.plan import plan_conversion
from functions.converter.probe import accept
from functions.converter.slots import EncodeSlots
from functions.converter.unpack import probe_film
from functions.converter.workspace import sweep, workspace
from functions.estimate.requests import too_large
from functions.shared.database import Row
from functions.shared.errors import Busy, CpuLimitExceeded, EstimateTooSlow, NotUploaded, TimeBudgetExceeded
from functions.shared.options import Options
from functions.shared.settings import Settings, settings
from functions.shared.transactions import Source
from functions.shared.wiring import storage

WITHIN_S = 22.0
"""API Gateway gives up after 30 s, and a cold start takes some of them."""

BUSY = "Another film is being estimated; try again in half a minute, or run python -m local estimate FILE."

_at_work = threading.Lock()


def estimate_row(row: Row, asked: dict[str, Any] | None) -> dict[str, Any]:
    """The answer for a row; ``asked``: options instead of the row's own.

    Raises ``Busy``, ``NotUploaded``, ``EstimateTooLarge``, ``EstimateTooSlow``, and what a conversion would end with.
    """
    own = settings()
    options = Options.from_row(row["options"]) if asked is None else Options.resolve(asked, own)
    source = stored_source(row)
    if source.size > own.estimate_max_bytes:
        raise too_large(own.estimate_max_bytes)
    if not _at_work.acquire(blocking=False):
        raise Busy(BUSY)
    try:
        short = replace(own, conversion_budget_s=min(own.conversion_budget_s, WITHIN_S))
        sandbox.hide_environment()
        sweep(own.scratch_dir)  # what a call left that was cut off: on AWS Lambda nobody else does it
        with uncontested(short, UUID(str(row["transaction_id"]))).kept() as lease, closing(Inspector()) as inspector:
            found = _estimate(source, options, lease, inspector, short)
        return {"transaction_id": str(row["transaction_id"])} | found.as_json()
    except (TimeBudgetExceeded, CpuLimitExceeded) as exc:  # both are counted from the request's few seconds
        raise EstimateTooSlow from exc
    finally:
        _at_work.release()


def stored_source(row: Row) -> Source:
    """What was uploaded; raises ``NotUploaded``. Listed, not read: a PUT in flight would block a read of its key."""
    bucket, key = row["uploads_bucket"], row["stored_path_original"]
    if row["stored_at"] is not None and row["source_size"]:
        return Source(bucket, key, row["source_size"], row["source_etag"])
    for found in storage().list_prefix(bucket, key):
        if found.key == key:
            return Source(bucket, key, found.size, found.etag)
    raise NotUploaded


def _estimate(source: Source, options: Options, lease: Lease, inspector: Inspector, own: Settings) -> Estimate:
    """In a scratch folder of its own, which is gone afterwards, whoever else has the film in work."""
    with workspace(own.scratch_dir, replace(lease.claim, transaction_id=uuid4())) as work:
        path = fetch(source, work, storage(), lease, own)
        slots = EncodeSlots(own.worker_concurrency, own.worker_memory_bytes)
        film, container, media = probe_film(path, inspector, lease, own)
        accept(media, own, slots.part(media.video.width, media.video.height))
        plan = plan_conversion(media, options)
        job = Job(path, film, container, media, lease, slots, own)
        return estimate_film(job, plan, options, inspector)
