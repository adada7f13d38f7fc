"""A receipt, checked again: the same measurements on the same files must come to the same end."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.converter import ffmpeg
from functions.converter.encode import Encoded, Job, process_limits, watching
from functions.converter.inspection import Inspector
from functions.converter.lease import Lease, uncontested
from functions.converter.plan import ConversionPlan, plan_conversion, plan_keeping
from functions.converter.publish import sha256_of
from functions.converter.receipt import READABLE, is_kept
from functions.converter.slots import EncodeSlots
from functions.converter.tinypictures import SIDE
from functions.converter.unpack import probe_film
from functions.converter.verify import Verified, verify
from functions.shared.errors import VerificationFailed
from functions.shared.options import Options
from functions.shared.settings import Settings

RMS_TOLERANCE = 0.5
"""Levels by which a frame's difference may come out otherwise, on another processor or with another decoder."""

SAME_BYTES = "identical_bytes"


class NotAReceipt(Exception):
    """The argument says what is wrong with it."""


@dataclass(frozen=True)
class Rechecked:
    """``differences`` is empty if the receipt holds. ``verified`` is None where the source was delivered as it is."""

    differences: tuple[str, ...]
    verified: Verified | None


def recheck(
    receipt: Mapping[str, Any], source: Path, output: Path, folder: Path, settings: Settings, inspector: Inspector
) -> Rechecked:
    """Compare two files with what a receipt says of them. ``folder`` is empty, private and has room for tiny pictures.

    Raises ``NotAReceipt``, and what probing a file raises.
    """
    _check_shape(receipt)
    lease = uncontested(settings, UUID(receipt["transaction_id"]))
    differences = [
        f"{name}: {problem}"
        for name, path in (("source", source), ("output", output))
        for problem in _other_bytes(path, receipt[name], lease)
    ]
    if receipt["verification"]["method"] == SAME_BYTES:
        return Rechecked(tuple(differences), None)
    inside = folder / "source"
    inside.symlink_to(source.resolve())
    film, container, media = probe_film(inside, inspector, lease, settings)
    job = Job(inside, film, container, media, lease, EncodeSlots(), settings)
    plan = _plan_of(receipt, job)
    try:
        verified = verify(plan, _given(plan, output, job), job, inspector, ())
    except VerificationFailed as exc:
        return Rechecked((*differences, exc.detail), None)
    return Rechecked((*differences, *_other_figures(receipt, verified)), verified)


def _check_shape(receipt: Mapping[str, Any]) -> None:
    if receipt.get("version") not in READABLE:
        known = " and ".join(str(version) for version in READABLE)
        raise NotAReceipt(f"this version reads receipts of version {known}, not {receipt.get('version')!r}")
    missing = {"transaction_id", "source", "output", "options", "verification", "outcome"} - set(receipt)
    if missing:
        raise NotAReceipt(f"it lacks {', '.join(sorted(missing))}")


def _other_bytes(path: Path, said: Mapping[str, Any], lease: Lease) -> list[str]:
    size = path.stat().st_size
    if size != said["size"]:
        return [f"{size} bytes instead of {said['size']}"]
    if sha256_of(path, lease) != said["sha256"]:
        return ["its SHA-256 is not the receipt's"]
    return []


def _plan_of(receipt: Mapping[str, Any], job: Job) -> ConversionPlan:
    """The plan that the same source has today under the same options, at the rate factor that was found."""
    options = Options.from_row(receipt["options"])
    kept = plan_keeping(job.media, options) if is_kept(receipt) else None
    if kept:
        return kept
    plan, quality = plan_conversion(job.media, options), receipt.get("quality")
    crf = quality.get("crf") if isinstance(quality, dict) else None
    return plan.at_crf(crf) if isinstance(crf, int | float) else plan


def _given(plan: ConversionPlan, output: Path, job: Job) -> Encoded:
    """What the encoder was given, made again from the source; nothing is encoded."""
    folder = job.folder
    thumbs, times = folder / "source.thumbs", folder / "source.times"
    if plan.picture.copied:
        return Encoded(output, None, None, (), 0.0)
    fd = os.open(job.film, os.O_RDONLY)
    try:
        graph = ["-filter_complex", plan.picture.graph(SIDE, encoded=False)]
        *outputs, last = watching(plan, thumbs, times)
        inputs = [*plan.picture.decoding(), *ffmpeg.untrusted_input(job.container, fd)]
        argv = [*ffmpeg.command(inputs, [*graph, *outputs], thumbs)[:-1], last]
        with job.share() as share:
            limits = process_limits(job, share.memory_bytes)
            ffmpeg.run(argv, fd, folder, limits, job.lease.watch, lambda _report: None)
    finally:
        os.close(fd)
    return Encoded(output, thumbs, times if plan.picture.retimed else None, tuple(argv), 0.0)


def _other_figures(receipt: Mapping[str, Any], verified: Verified) -> list[str]:
    """Figures that come out otherwise than the receipt says."""
    said = receipt["verification"]
    found = [("packets", verified.facts["packets"], said["packets"], 0.0)]
    if verified.frames and said["frames"]:
        found.append(("frames", verified.frames.frames, said["frames"]["frames"], 0.0))
        found.append(("worst difference", verified.frames.worst_rms, said["frames"]["worst_rms"], RMS_TOLERANCE))
    return [f"{name}: {got} instead of {want}" for name, got, want, tolerance in found if abs(got - want) > tolerance]
