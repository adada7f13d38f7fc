"""Verified result → objects in storage and the facts of the commit. The result first, what lies beside it after."""

from dataclasses import dataclass

from functions.converter.dropping import Warned
from functions.converter.encode import Job
from functions.converter.previews import Previews
from functions.converter.publish import publish
from functions.converter.quality import quality_warnings
from functions.converter.receipt import write_receipt
from functions.converter.rendering import REMUXED, Rendition
from functions.converter.verify import Verified
from functions.shared import logs
from functions.shared.errors import StorageUnavailable
from functions.shared.storage import Storage
from functions.shared.transactions import Result, artefact_key, output_key

ALREADY = "It is H.265 already, so its picture was taken over as it is."
RECEIPT = "receipt.json"


@dataclass(frozen=True)
class Delivery:
    """``keys``: all objects that were made, to be removed if the attempt turns out to be stale."""

    result: Result
    keys: tuple[str, ...]


def deliver(rendition: Rendition, verified: Verified, previews: Previews, job: Job, storage: Storage) -> Delivery:
    """Publish the result, its previews and its receipt."""
    claim = job.lease.claim
    key = output_key(claim.transaction_id, claim.attempt, rendition.extension)
    published = publish(rendition.output, key, storage, job.lease)
    shown = _publish_previews(previews, job, storage)
    warned = warnings(rendition, verified, job)
    receipt = write_receipt(rendition, verified, previews, published, warned, job)
    receipt_key = artefact_key(claim.transaction_id, claim.attempt, RECEIPT)
    publish(receipt, receipt_key, storage, job.lease)
    plan = rendition.plan
    result = Result(
        key=published.key,
        size=published.size,
        sha256=published.sha256,
        outcome=rendition.outcome,
        reason=rendition.reason or (ALREADY if rendition.outcome == REMUXED else None),
        target_format=rendition.extension,
        target_codec=rendition.codec,
        dropped=tuple(one.as_json() for one in plan.dropped) if plan else (),
        warnings=tuple(one.as_json() for one in warned),
        receipt_key=receipt_key,
        previews=shown,
        quality=rendition.quality.shown() if rendition.quality else None,
    )
    return Delivery(result, (published.key, receipt_key, *shown.values()))


def warnings(rendition: Rendition, verified: Verified, job: Job) -> list[Warned]:
    """What a client should know: of a source that was not whole, and of a result that is not as good as asked for."""
    missing, lost = job.media.video.frames_missing, verified.lost
    warned = []
    if missing:
        warned.append(Warned("frames_missing", "Frames of the file are missing; the others are there.", missing))
    if lost:
        warned.append(
            Warned(
                "frames_damaged", "Frames of the file are damaged: they are left out or shown as far as they go.", lost
            )
        )
    return warned + (quality_warnings(rendition.quality) if rendition.quality else [])


def _publish_previews(previews: Previews, job: Job, storage: Storage) -> dict[str, str]:
    """Keys by name; a preview that cannot be stored is left out."""
    claim, keys = job.lease.claim, {}
    for name, path in previews.files.items():
        key = artefact_key(claim.transaction_id, claim.attempt, path.name)
        try:
            keys[name] = publish(path, key, storage, job.lease).key
        except StorageUnavailable as exc:
            logs.event("preview.not_stored", transaction_id=claim.transaction_id, preview=name, code=exc.code)
    return keys
