"""What a conversion will come to, foretold from three samples: size, VMAF, time and cost, each with a band."""

from dataclasses import dataclass, replace
from typing import Any

from functions.converter import ratesearch
from functions.converter.encode import Job
from functions.converter.foretelling import SIZE_SHARE, TIME_SHARE, Band, vmaf_band
from functions.converter.inspection import Inspector
from functions.converter.looking import Samples
from functions.converter.media import MediaInfo
from functions.converter.plan import ConversionPlan
from functions.converter.ratesearch import Curve
from functions.converter.rendering import CONVERTED, KEPT, REMUXED, beside_bytes, bounded_crf, may_be_kept
from functions.converter.worktime import Work, copying, in_vain, work
from functions.shared.cost import film_usd
from functions.shared.options import Options
from functions.shared.qualities import Target
from functions.shared.transactions import Progress

HIGH, LOW = "high", "low"
COPIED = "It is H.265 already: its picture is taken over as it is."
UNEVEN = "Its samples differ by more than the bands allow for, or a small step of quality changes its size a lot."
UNCLEAR = "It would be about as large as the source, and may be encoded with fewer bits to be smaller."
CLOSE = 1.15
"""How near a size is to that of the source where it is not clear whether it will be kept below that."""

HEADER_BYTES, PACKET_BYTES = 750, 8
"""Of a file and of each of its tracks, and of the index for each packet of sound: seen in MP4 and Matroska."""

RECORD_BYTES = 2500
"""Of encoders that repeat their settings in the configuration of the track, as x265 does."""

REMUX_SHARE = 0.02
"""By how much a copy's size is off: it has another index."""


@dataclass(frozen=True)
class Estimate:
    """``outcome`` as a conversion's; ``crf`` is None for a picture that is not encoded, ``vmaf`` for one that is not,
    and where VMAF is not valid. ``size`` in bytes, beside ``source_size``; ``seconds`` of searching, encoding and
    verifying on this worker; ``cost_usd`` on AWS. ``confidence`` is ``low`` where the bands may not hold; ``reason``:
    a sentence that says why, or why it is not ``converted``."""

    outcome: str
    crf: float | None
    vmaf: Band | None
    source_size: int
    size: Band
    seconds: Band
    cost_usd: Band
    samples: tuple[dict[str, Any], ...]
    options: dict[str, Any]
    work: Work
    confidence: str
    reason: str | None

    def as_json(self) -> dict[str, Any]:
        """As ``POST /estimate`` answers it."""
        return {
            "outcome": self.outcome,
            "crf": self.crf,
            "vmaf": self.vmaf.as_json(1) if self.vmaf else None,
            "size": self.size.as_json(0) | {"source": self.source_size},
            "time_s": self.seconds.as_json(1),
            "cost_usd": self.cost_usd.as_json(6),
            "samples": list(self.samples),
            "options": self.options,
            "confidence": self.confidence,
            "reason": self.reason,
        }


def estimate_film(job: Job, plan: ConversionPlan, options: Options, inspector: Inspector) -> Estimate:
    """Foretell what converting the film to this plan comes to. Raises what cutting, encoding and measuring raise."""
    if plan.is_remux:
        return _copied(job.media, plan, options)
    with job.share() as share:
        job.lease.show(Progress("search", 0.0))
        samples = Samples(plan, job, share, inspector)
        try:
            return _encoded(samples, options)
        finally:
            samples.close()


def _encoded(samples: Samples, options: Options) -> Estimate:
    plan, media = samples.plan, samples.job.media
    is_hdr = plan.picture.colour.is_hdr
    target = None if is_hdr else options.target
    crf, curve = _found(samples, target)
    around = around_bytes(plan, media)
    size = samples.picture_bytes(crf) + around
    needed = work(plan, samples.costs(), samples.ruler.every, searched=target is not None)
    factor, bounded = size / media.size, may_be_kept(plan, options, media)
    reason, (seen, encoded) = None, samples.foreseen(factor)
    if bounded and seen > 1:
        lower = bounded_crf(media, plan.at_crf(crf), seen)
        spent = replace(needed, encode=needed.encode * in_vain(seen, encoded, searched=target is not None))
        reason = f"At the asked quality it would have about {seen:.0%} of the source's size"
        if lower is None or samples.picture_bytes(lower) + around > media.size:
            return _kept(samples, options, f"{reason}: its picture is kept.", spent, seen)
        needed = replace(needed, encode=needed.encode + spent.encode)
        crf, size, reason = lower, samples.picture_bytes(lower) + around, f"{reason}, so it gets fewer bits."
    agree = samples.agree(crf, searched=target is not None)
    close = bounded and any(1 / CLOSE < one < CLOSE for one in (factor, seen))
    unclear = UNCLEAR if close else None if agree else UNEVEN
    vmaf = None if is_hdr else vmaf_band(curve.at(crf).vmaf)
    told = _told(media, plan, options, CONVERTED, Band.of_share(size, SIZE_SHARE), needed, reason or unclear)
    samples_seen = tuple(samples.as_json())
    return replace(told, crf=crf, vmaf=vmaf, samples=samples_seen, confidence=LOW if unclear else HIGH)


def _found(samples: Samples, target: Target | None) -> tuple[float, Curve]:
    """The rate factor, asked for or found, and what is known of VMAF around it."""
    crf, usual = samples.plan.picture.crf, samples.usual_growth
    if target is None:
        return crf, Curve((samples.look(crf),), usual)
    solution, curve = ratesearch.search(target, usual, lambda crf, _first: samples.look(crf))
    return solution.crf, curve


def _kept(samples: Samples, options: Options, reason: str, spent: Work, factor: float) -> Estimate:
    media, plan = samples.job.media, samples.plan
    needed = replace(spent, verify=copying(media.size).verify)
    size = replace(Band.of_share(media.size, REMUX_SHARE), high=media.size)
    told = _told(media, plan, options, KEPT, size, needed, reason)
    return replace(told, samples=tuple(samples.as_json()), confidence=LOW if factor < CLOSE else HIGH)


def _copied(media: MediaInfo, plan: ConversionPlan, options: Options) -> Estimate:
    size = Band.of_share(media.video.payload_bytes + around_bytes(plan, media) + RECORD_BYTES, REMUX_SHARE)
    return _told(media, plan, options, REMUXED, size, copying(media.size), COPIED)


def _told(
    media: MediaInfo, plan: ConversionPlan, options: Options, outcome: str, size: Band, needed: Work, reason: str | None
) -> Estimate:
    """An estimate without what only encoding tells."""
    return Estimate(
        outcome=outcome,
        crf=None,
        vmaf=None,
        source_size=media.size,
        size=size,
        seconds=Band.of_share(needed.wall_s, TIME_SHARE),
        cost_usd=cost_band(plan, media, size, needed),
        samples=(),
        options=options.as_json(),
        work=needed,
        confidence=HIGH,
        reason=reason,
    )


def around_bytes(plan: ConversionPlan, media: MediaInfo) -> int:
    """What a result has around its picture: sound, indexes, headers."""
    sound = {track.index: track for track in media.audio}
    packets = sum(sound[track.index].packets for track in plan.of("audio"))
    return beside_bytes(plan, media) + HEADER_BYTES * (1 + len(plan.tracks)) + PACKET_BYTES * packets


def cost_band(plan: ConversionPlan, media: MediaInfo, size: Band, needed: Work) -> Band:
    """Of one film on AWS: conversion, a month of storage, a download. Its low is that of a small and quick one."""
    picture = plan.picture

    def usd(result_bytes: float, cpu_s: float) -> float:
        return film_usd(picture.duration_s, picture.frames, media.size, result_bytes, cpu_s)

    cpu = Band.of_share(needed.cpu_s, TIME_SHARE)
    return Band(usd(size.estimate, cpu.estimate), usd(size.low, cpu.low), usd(size.high, cpu.high))
