"""Films so short that they are their own sample: they are encoded, measured whole, and encoded again if need be."""

import os
from statistics import fmean
from typing import Any

from functions.converter import ffmpeg, quality, ratesearch
from functions.converter.bounds import bounds
from functions.converter.encode import Encoded, Job, encode
from functions.converter.measuring import Measured, Ruler, Side, measure, ruler
from functions.converter.plan import ConversionPlan
from functions.converter.probing import percentile_5
from functions.converter.quality import Gate, Quality
from functions.converter.ratesearch import Curve, Point
from functions.converter.slots import Share
from functions.shared.qualities import Target

MOST_ENCODES = 3
GOOD_ENOUGH = 0.5
"""Points from the target within which an encode is the result."""


def find_whole(plan: ConversionPlan, target: Target, job: Job, share: Share) -> tuple[Quality, Encoded]:
    """Encode until the film meets its target, three times at most; the last encode is the result."""
    measure_by = ruler(plan.picture)
    crf = plan.picture.crf
    tries: list[_Try] = []
    while True:
        encoded = encode(plan.at_crf(crf), job)
        tries.append(_Try(encoded, measure_result(plan, encoded, job, share, measure_by), crf))
        points = tuple(one.point for one in tries)
        solution = ratesearch.solve(target, Curve(points))
        if _is_good(target, points[-1]) or solution.crf == crf or len(tries) == MOST_ENCODES:
            break
        crf = solution.crf
    last = tries[-1]
    here, outcome = last.point, ratesearch.judged(target, last.point, solution.bound_by)
    made = Quality(
        method=quality.BY_VMAF,
        crf=crf,
        target=target,
        model=measure_by.model,
        probes=tuple(one.as_json() for one in tries),
        estimate={"vmaf": round(here.vmaf, 2), "p5": round(here.p5, 2), "size": last.size},
        gate=_gate(target, last),
        search_cpu_s=sum(one.encoded.cpu_s + one.measured.cpu_s for one in tries) - last.encoded.cpu_s,
        bound_by=outcome.bound_by,
        outcome=outcome.outcome,
    )
    return made, encoded


class _Try:
    def __init__(self, encoded: Encoded, measured: Measured, crf: float) -> None:
        self.encoded, self.measured = encoded, measured
        self.size = encoded.output.stat().st_size
        self.point = Point(crf, fmean(measured.scores), percentile_5(measured.scores))

    def as_json(self) -> dict[str, Any]:
        here = self.point
        figures = {"mean": round(here.vmaf, 2), "p5": round(here.p5, 2), "bytes": self.size}
        return {"crf": here.crf, "frames": len(self.measured.scores)} | figures


def _gate(target: Target, last: _Try) -> Gate:
    vmaf, p5 = last.point.vmaf, last.point.p5
    outcome = quality.MISSED if quality.is_missed(target, vmaf, p5) else quality.WHOLE_FILM
    return Gate(outcome, len(last.measured.scores), vmaf, vmaf, p5, quality.TOLERANCE)


def _is_good(target: Target, here: Point) -> bool:
    return abs(here.vmaf - target.vmaf) <= GOOD_ENOUGH and here.p5 >= target.floor - ratesearch.FLOOR_DOUBT


def measure_result(plan: ConversionPlan, encoded: Encoded, job: Job, share: Share, measure_by: Ruler) -> Measured:
    """All frames of a result beside those of its source. Raises what ``measure`` raises."""
    fd = os.open(job.film, os.O_RDONLY)
    try:
        source = [*plan.picture.decoding(), *ffmpeg.untrusted_input(job.container, fd, bounds(job.settings))]
        demuxer = "mov" if plan.container == "mp4" else "matroska"
        result = ["-protocol_whitelist", "file", "-f", demuxer, "-i", f"file:{encoded.output}"]
        reference = Side(source, plan.picture.chain())
        return measure(Side(result, "[1:v:0]null"), reference, measure_by, job, share, fd)
    finally:
        os.close(fd)
