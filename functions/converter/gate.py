"""The finished film against its target, on frames that the search did not look at."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from functions.converter import process, quality, ratesearch
from functions.converter.cutting import SampleFilm
from functions.converter.encode import CHOSEN_SOURCE, Encoded, Job
from functions.converter.liveliness import Liveliness, liveliness
from functions.converter.measuring import Measured, Side, measure, ruler
from functions.converter.plan import ConversionPlan
from functions.converter.probing import percentile_5
from functions.converter.quality import Gate
from functions.converter.ratesearch import Curve, Growth, Point
from functions.converter.samples import Window
from functions.converter.slots import Share
from functions.converter.target import FAILURES, Found, failed
from functions.converter.threads import Threads, processors_available
from functions.converter.verify import CHOSEN_RESULT
from functions.shared.errors import EncodeFailed
from functions.shared.qualities import Target

EDGES_GAIN, EDGES_MISSING = 0.14, 5.0
"""Points that the mean of windows of four frames has too many: VMAF asks what moves between frames, and from one window
to the next that is too much. The frames at both ends got 0.1 to 0.9 too many, the others none, and the means of 13
results 0.03 to 0.31. Fewer where fewer than so many are missing to 100."""

LEAST_STEP = 0.3
"""A correction is at least so many steps of the rate factor."""


def check(plan: ConversionPlan, encoded: Encoded, target: Target, found: Found, job: Job) -> Gate:
    """Measure the chosen frames of a verified result, which lie in the job's folder beside the source's.

    A measurement that fails leaves the film unmeasured, and is in the log.
    """
    try:
        films = [_film(job.folder / name, plan, found.windows) for name in (CHOSEN_SOURCE, CHOSEN_RESULT)]
        source, result = (Side(film.inputs(), f"[{at}:v:0]null") for at, film in enumerate(films))
        measured = measure(result, source, ruler(plan.picture), job, _share(plan, job))
        return _judged(measured, encoded, target, found.windows)
    except FAILURES as exc:
        failed("gate", exc, job)
        return Gate(quality.NOT_MEASURED)
    finally:
        for name in (CHOSEN_SOURCE, CHOSEN_RESULT):
            (job.folder / name).unlink(missing_ok=True)


def _share(plan: ConversionPlan, job: Job) -> Share:
    """Like the rest of the verification it waits for no share of the worker: it takes a second or less."""
    threads = processors_available()
    memory_bytes = process.picture_memory_bytes(plan.picture.width, plan.picture.height, threads)
    return Share(Threads(threads, 1), int(min(memory_bytes, job.settings.worker_memory_bytes)))


def corrected_crf(target: Target, found: Found, gate: Gate, crf: float) -> float | None:
    """A lower rate factor, from what the gate saw and by how fast VMAF falls in the search; None if there is none.

    Where the search was wrong about the level, it is so at each rate factor: stretches that begin with a keyframe may
    look better than they come out in their film.
    """
    if found.curve is None or gate.vmaf is None or gate.p5 is None or crf <= ratesearch.LEAST_CRF:
        return None
    seen = Point(crf, gate.vmaf, gate.p5, len(found.windows))
    solution = ratesearch.solve(target, Curve((seen,), Growth(found.curve.growth)))
    return max(ratesearch.LEAST_CRF, min(solution.crf, round(crf - LEAST_STEP, 2)))


def _film(path: Path, plan: ConversionPlan, windows: tuple[Window, ...]) -> SampleFilm:
    film = SampleFilm(path, plan.picture, windows, windows[0].frames)
    film.require_all()
    return film


def _judged(measured: Measured, encoded: Encoded, target: Target, windows: tuple[Window, ...]) -> Gate:
    scores, each = measured.scores, len(measured.scores) // len(windows)
    if each * len(windows) != len(scores):
        raise EncodeFailed(f"{len(scores)} frames were measured of {len(windows)} windows")
    means = [fmean(scores[at * each : (at + 1) * each]) for at in range(len(windows))]
    mean = fmean(means)
    vmaf = film_vmaf(means, windows, liveliness(encoded.thumbs, windows) if encoded.thumbs else None)
    p5 = min(100.0, percentile_5(scores) + vmaf - mean)
    outcome = quality.MISSED if quality.is_missed(target, vmaf, p5) else quality.MET
    return Gate(outcome, len(scores), mean, vmaf, p5, quality.TOLERANCE, measured.cpu_s)


def film_vmaf(means: Sequence[float], windows: Sequence[Window], lively: Liveliness | None) -> float:
    """The film's, from the means over some of its windows; see ``EDGES_GAIN``."""
    vmaf = lively.film_mean(means) if lively else fmean(means)
    joints = sum(before.end != after.first for before, after in pairwise(windows))
    return vmaf - EDGES_GAIN * joints / len(windows) * min(1.0, (100 - vmaf) / EDGES_MISSING)
