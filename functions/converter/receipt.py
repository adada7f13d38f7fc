"""The receipt of a conversion: what came in, what went out, what was decided, and what was measured of it.

Its shape is ``docs/receipt.schema.json``; a change that a reader could trip over gets a new ``version``.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from functions.converter import ffmpeg, sandbox
from functions.converter.dropping import Warned
from functions.converter.encode import Job
from functions.converter.media import MediaInfo
from functions.converter.plan import ConversionPlan
from functions.converter.previews import Previews
from functions.converter.publish import Published, sha256_of
from functions.converter.rendering import KEPT, Rendition
from functions.converter.tags import without_location
from functions.converter.verify import Verified

VERSION = 2
READABLE = (1, 2)
"""Versions that can be checked again."""

RELEASE = re.compile(r"x265 \(build \d+\) - ([^:]+):")
"""How x265 signs each film, in a message that decoders skip."""


def write_receipt(
    rendition: Rendition,
    verified: Verified,
    previews: Previews,
    published: Published,
    warned: list[Warned],
    job: Job,
) -> Path:
    """Write ``receipt.json`` into the workspace; its path."""
    claim, media = job.lease.claim, job.media
    source_sha256 = sha256_of(job.source, job.lease)
    receipt = {
        "version": VERSION,
        "transaction_id": str(claim.transaction_id),
        "attempt": claim.attempt,
        "written": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "outcome": rendition.outcome,
        "reason": rendition.reason,
        "options": dict(claim.options),
        "source": {"size": media.size, "sha256": source_sha256, "media": _shareable(media, claim.options)},
        "output": {
            "size": published.size,
            "sha256": published.sha256,
            "format": rendition.extension,
            "codec": rendition.codec,
            "media": _measured(verified),
        },
        "saved_bytes": media.size - published.size,
        "plan": None if rendition.plan is None else planned(rendition.plan),
        "quality": rendition.quality.as_json() if rendition.quality else None,
        "warnings": [one.as_json() for one in warned],
        "encoder": _encoder(rendition, verified, job),
        "verification": _verification(rendition, verified),
        "sandbox": sandbox.active(),
        "times": _times(rendition, previews, job),
    }
    path = job.folder / "receipt.json"
    path.write_text(json.dumps(receipt, ensure_ascii=False, indent=1, default=str))
    return path


def planned(plan: ConversionPlan) -> dict[str, Any]:
    """What was decided, with the reason for everything that is left out."""
    picture = plan.picture
    shown = (
        "width",
        "height",
        "frames",
        "pixel_format",
        "preset",
        "crf",
        "rotation",
        "mirrored",
        "filters",
    )
    return {
        "container": plan.container,
        "picture": {"copied": picture.copied, "index": picture.index, "codec": picture.codec}
        | {name: getattr(picture, name) for name in shown}
        | {"frames_per_source_frame": str(picture.frame_factor)},
        "tracks": [dict(vars(track)) for track in plan.tracks],
        "chapters": len(plan.chapters),
        "tags": dict(plan.tags),
        "dropped": [one.as_json() for one in plan.dropped],
    }


def _shareable(media: MediaInfo, options: Mapping[str, Any]) -> dict[str, Any]:
    """The source as the probe found it. A receipt may be shown around like its film: it tells no more of places."""
    tags = media.tags if "location" in options.get("keep", ()) else without_location(media.tags)
    return media.as_json() | {"tags": dict(tags)}


def _measured(verified: Verified) -> dict[str, Any] | None:
    """The result as the inspector found it."""
    facts = verified.facts
    if not facts:
        return None
    video = {name: facts[name] for name in ("codec", "tag", "profile", "size", "packets", "duration_s", "start_s")}
    return {"video": video | facts["picture"], "tracks": facts["tracks"], "chapters": facts["chapters"]}


def _encoder(rendition: Rendition, verified: Verified, job: Job) -> dict[str, Any] | None:
    """Versions and arguments; ``arguments`` name files by their last part only."""
    if rendition.encoded is None:
        return None
    folder = f"{job.folder}/"
    _, *arguments = rendition.encoded.argv
    signature = verified.facts.get("encoder") or ""
    release = RELEASE.match(signature)
    return {
        "ffmpeg": ffmpeg.version(),
        "x265": release[1] if release else None,
        "x265_signature": signature or None,
        "arguments": [argument.replace(folder, "") for argument in arguments],
    }


def _verification(rendition: Rendition, verified: Verified) -> dict[str, Any]:
    """How the result was proven to be the source's film. All frames are decoded, never a sample of them."""
    if rendition.plan is None:
        return {"method": "identical_bytes", "frames": None}
    if verified.frames is None:
        return {"method": "identical_packets", "packets": verified.facts["packets"], "frames": None}
    return {
        "method": "every_frame",
        "packets": verified.facts["packets"],
        "frames": verified.frames.as_json(),
        "lost": verified.lost,
    }


def _times(rendition: Rendition, previews: Previews, job: Job) -> dict[str, Any]:
    """Seconds; ``stages`` as far as they have ended."""
    return {
        "wall_s": round(job.lease.age_s(), 3),
        "stages_s": {name: round(seconds, 3) for name, seconds in job.lease.stage_s.items()},
        "encode_cpu_s": round(rendition.encoded.cpu_s, 2) if rendition.encoded else 0.0,
        "previews_cpu_s": round(previews.cpu_s, 2),
    }


def is_kept(receipt: Mapping[str, Any]) -> bool:
    """Whether the source's own picture was delivered because of its size."""
    return bool(receipt["outcome"] == KEPT)
