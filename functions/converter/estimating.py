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
from functions.converter.worktime import Work, copying, given_up, work
from functions.shared.cost import film_usd
from functions.shared.options import Options
from functions.shared.transactions import Progress

HIGH, LOW = "high", "low"
UNEVEN = "The film is uneven: its samples differ by more than the bands allow for."
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
    confidence: str = HIGH
    reason: str | None = None

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
    crf = plan.picture.crf
    if target is None:
        curve = Curve((samples.look(crf),), samples.usual_growth)
    else:
        usual = samples.usual_growth
        solution, curve = ratesearch.search(target, crf, usual, lambda crf, _first: samples.look(crf))
        crf = solution.crf
    beside = beside_bytes(plan, media)
    size = samples.picture_bytes(crf) + beside
    needed = work(plan, samples.costs(), samples.ruler.every, searched=target is not None)
    reason = None
    if may_be_kept(plan, options, media) and size > media.size:
        factor = size / media.size
        bounded = bounded_crf(media, plan.at_crf(crf), factor)
        needed = given_up(needed, factor, searched=target is not None)
        if bounded is None or samples.picture_bytes(bounded) + beside > media.size:
            return _kept(samples, options, factor, needed)
        crf, size = bounded, samples.picture_bytes(bounded) + beside
        reason = f"At the asked quality it would have about {factor:.0%} of the source's size, so it gets fewer bits."
    agree = samples.agree()
    reason = reason or (None if agree else UNEVEN)
    return Estimate(
        outcome=CONVERTED,
        crf=crf,
        vmaf=None if is_hdr else vmaf_band(curve.at(crf).vmaf),
        source_size=media.size,
        size=Band.of_share(size, SIZE_SHARE),
        seconds=Band.of_share(needed.wall_s, TIME_SHARE),
        cost_usd=cost_band(plan, media, Band.of_share(size, SIZE_SHARE), needed),
        samples=tuple(samples.as_json()),
        options=options.as_json(),
        work=needed,
        confidence=HIGH if agree else LOW,
        reason=reason
        if agree
        else reason or "The film is uneven: its samples differ by more than the bands allow for.",
    )


def _kept(samples: Samples, options: Options, factor: float, spent: Work) -> Estimate:
    media = samples.job.media
    needed = replace(spent, verify=spent.verify + copying(media.size).verify)
    size = Band.of_share(media.size, REMUX_SHARE)
    return Estimate(
        outcome=KEPT,
        crf=None,
        vmaf=None,
        source_size=media.size,
        size=replace(size, high=size.estimate),
        seconds=Band.of_share(needed.wall_s, TIME_SHARE),
        cost_usd=cost_band(samples.plan, media, size, needed),
        samples=tuple(samples.as_json()),
        options=options.as_json(),
        work=needed,
        confidence=HIGH if samples.agree() else LOW,
        reason=f"At the asked quality it would have about {factor:.0%} of the source's size: its picture is kept.",
    )


def _copied(media: MediaInfo, plan: ConversionPlan, options: Options) -> Estimate:
    size = Band.of_share(media.video.payload_bytes + beside_bytes(plan, media), REMUX_SHARE)
    needed = copying(media.size)
    return Estimate(
        outcome=REMUXED,
        crf=None,
        vmaf=None,
        source_size=media.size,
        size=size,
        seconds=Band.of_share(needed.wall_s, TIME_SHARE),
        cost_usd=cost_band(plan, media, size, needed),
        samples=(),
        options=options.as_json(),
        work=needed,
        reason="It is H.265 already: its picture is taken over as it is.",
    )


def cost_band(plan: ConversionPlan, media: MediaInfo, size: Band, needed: Work) -> Band:
    """Of one film on AWS: conversion, a month of storage, a download. Its low is that of a small and quick one."""
    picture = plan.picture

    def usd(result_bytes: float, cpu_s: float) -> float:
        return film_usd(picture.duration_s, picture.frames, media.size, result_bytes, cpu_s)

    cpu = Band.of_share(needed.cpu_s, TIME_SHARE)
    return Band(usd(size.estimate, cpu.estimate), usd(size.low, cpu.low), usd(size.high, cpu.high))
