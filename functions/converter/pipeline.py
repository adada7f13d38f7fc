"""READ FIRST. The stages of one conversion, in order. What may go wrong is drawn in functions/shared/errors."""

from functions.converter import fetch as fetching
from functions.converter import ffmpeg
from functions.converter.deliver import Delivery, deliver
from functions.converter.deps import Deps
from functions.converter.encode import Job
from functions.converter.lease import Lease
from functions.converter.making import Maker
from functions.converter.patience import patiently
from functions.converter.plan import plan_conversion
from functions.converter.probe import accept
from functions.converter.unpack import probe_film
from functions.converter.workspace import workspace
from functions.shared import logs, metrics
from functions.shared.errors import StaleAttempt
from functions.shared.options import Options


def convert(lease: Lease, deps: Deps) -> None:
    """Convert the claimed source: fetch → probe → plan → search, encode, verify → publish → commit."""
    claim, settings = lease.claim, deps.settings
    options = Options.from_row(claim.options)
    with workspace(settings.scratch_dir, claim) as work:
        with lease.stage("fetch"):
            source = fetching.fetch(claim.source, work, deps.storage, lease, settings)
        with lease.stage("probe"):
            film, container, media = probe_film(source, deps.inspector, lease, settings)
            accept(media, settings, deps.slots.part(media.video.width, media.video.height))
            facts = (media.extension, media.video.codec, media.as_json(), ffmpeg.version())
            patiently(lambda: deps.transactions.record_media(claim, *facts))
            plan = plan_conversion(media, options)
        deps.inspector.prepare()
        job = Job(source, film, container, media, lease, deps.slots, settings)
        made = Maker(plan, options, job, deps.inspector).make()
        with lease.stage("publish"):
            delivery = deliver(made.rendition, made.verified, made.previews, job, deps.storage)
        if not patiently(lambda: deps.transactions.complete(claim, delivery.result), lease.deadline.patience_s()):
            for key in delivery.keys:
                deps.storage.delete(claim.converted_bucket, key)
            raise StaleAttempt
    _note_completion(job, delivery)
    deps.inspector.prepare()


def _note_completion(job: Job, delivery: Delivery) -> None:
    lease, media, result = job.lease, job.media, delivery.result
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
        outcome=result.outcome,
        ms=seconds * 1000,
        media_s=film_s,
        bytes_in=media.size,
        bytes_out=result.size,
    )
