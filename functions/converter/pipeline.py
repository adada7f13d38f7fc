"""READ FIRST. The stages of one conversion, in order. What may go wrong is drawn in functions/shared/errors."""

from dataclasses import dataclass

from functions.converter import encode as encoding
from functions.converter import fetch as fetching
from functions.converter import ffmpeg, process
from functions.converter import publish as publishing
from functions.converter import verify as verification
from functions.converter.deadline import Forecast
from functions.converter.inspection import Inspector
from functions.converter.lease import Lease
from functions.converter.media import MediaInfo
from functions.converter.patience import patiently
from functions.converter.plan import plan_encode
from functions.converter.probe import accept, probe
from functions.converter.publish import Published
from functions.converter.slots import EncodeSlots
from functions.converter.workspace import workspace
from functions.shared import logs, metrics
from functions.shared.errors import StaleAttempt
from functions.shared.repository import Transactions
from functions.shared.settings import Settings
from functions.shared.storage import Storage
from functions.shared.transactions import Result


@dataclass(frozen=True)
class Deps:
    """What the stages use."""

    settings: Settings
    transactions: Transactions
    storage: Storage
    inspector: Inspector
    slots: EncodeSlots


def convert(lease: Lease, deps: Deps) -> None:
    """Convert the claimed source: fetch → probe → plan → encode → verify → publish → commit.

    ``forecast`` alone decides that a film is too long for this worker.
    """
    claim, settings = lease.claim, deps.settings
    with workspace(settings.scratch_dir, claim) as work:
        with lease.stage("fetch"):
            source = fetching.fetch(claim.source, work, deps.storage, lease, settings)
        with lease.stage("probe"):
            container, media = probe(source, deps.inspector, lease)
            accept(media, settings, process.threads_available())
            facts = (media.extension, media.video.codec, media.as_json(), ffmpeg.version())
            patiently(lambda: deps.transactions.record_media(claim, *facts))
            plan = plan_encode(media, claim.options)
        deps.inspector.prepare()
        with lease.stage("encode"):
            forecast = Forecast(lease.deadline, plan.frames)
            output = encoding.encode(plan, media, container, source, lease, deps.slots, settings, forecast)
        with lease.stage("verify"):
            verification.verify(output, source, plan, media, container, deps.inspector, lease)
        with lease.stage("publish"):
            result = publishing.publish(output, deps.storage, lease)
        delivered = Result(result.key, result.size, result.sha256)
        if not patiently(lambda: deps.transactions.complete(claim, delivered), lease.deadline.patience_s()):
            deps.storage.delete(claim.converted_bucket, result.key)
            raise StaleAttempt
    _note_completion(lease, media, result)
    deps.inspector.prepare()


def _note_completion(lease: Lease, media: MediaInfo, result: Published) -> None:
    seconds, film_s = lease.age_s(), media.video.duration_s
    metrics.CONVERSIONS_COMPLETED.add()
    metrics.CONVERSION_SECONDS.add(seconds)
    metrics.MEDIA_SECONDS.add(film_s)
    metrics.BYTES_IN.add(media.size)
    metrics.BYTES_OUT.add(result.size)
    logs.event(
        "completed",
        transaction_id=lease.claim.transaction_id,
        attempt=lease.claim.attempt,
        ms=seconds * 1000,
        media_s=film_s,
        bytes_in=media.size,
        bytes_out=result.size,
    )
