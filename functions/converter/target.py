"""The rate factor at which a film meets its target: found on samples, or the table's where that cannot be."""

import logging
import math
from dataclasses import dataclass, replace
from statistics import fmean

from functions.converter import quality, ratesearch
from functions.converter.cutting import SAMPLES, Cut, cut
from functions.converter.encode import Encoded, Job
from functions.converter.measuring import Ruler, ruler
from functions.converter.plan import ConversionPlan
from functions.converter.probing import Probe, probe_samples, window_loss
from functions.converter.quality import Quality
from functions.converter.ratesearch import Curve, Point, Solution
from functions.converter.samples import (
    WHOLE_FRAMES,
    Sampling,
    Window,
    gate_windows,
    measuring_cost,
    sampling,
    whole_film,
)
from functions.converter.slots import Share
from functions.converter.tinypictures import FRAME_BYTES
from functions.converter.whole import find_whole
from functions.converter.workspace import used_bytes
from functions.shared import logs
from functions.shared.errors import (
    EncodeFailed,
    MediaProcessKilled,
    OutputTooLarge,
    ScratchFull,
    ScratchLimitExceeded,
    StageStalled,
)
from functions.shared.qualities import Target
from functions.shared.transactions import Progress

FAILURES = (
    EncodeFailed, MediaProcessKilled, OutputTooLarge, ScratchFull, ScratchLimitExceeded, StageStalled, OSError,
    MemoryError,
)  # fmt: skip
"""Of a search or a gate, that leave the conversion as it is. That the attempt must end is none of them."""

MEASURING_S_PER_MEGAPIXEL = 0.025
LEAST_TIME_S = 5.0
TIMES_OF_ENCODE = 2.0
"""A search begins if the deadline leaves so many times what the encode may take, and a little for itself."""

KEYFRAME_EVERY = 250
"""Frames from one keyframe to the next, at most (x265's ``keyint``)."""

SIZE_DOUBT = 2.0
"""Times what is foretold that a picture may come to."""

LOG_BYTES = 1024**2
"""What libvmaf and ffmpeg tell of a proof, at most."""

STEPS_PER_HALVING = 6.0
"""Steps of the rate factor that halve the bits of most films."""


@dataclass(frozen=True)
class Found:
    """``encoded``: the result itself, where the whole film was the sample. ``curve``: what the search knows of how
    VMAF changes with the rate factor; ``windows``: those by which the result shall be proven."""

    quality: Quality
    encoded: Encoded | None = None
    curve: Curve | None = None
    windows: tuple[Window, ...] = ()


def find_crf(plan: ConversionPlan, target: Target, job: Job) -> Found:
    """Search the rate factor; the plan's own, which is the table's, where a search is not possible.

    Holds a share of the worker. Raises only what means that the attempt must end.
    """
    by_table = Quality(quality.BY_TABLE, plan.picture.crf, target)
    if plan.picture.colour.is_hdr:
        return Found(replace(by_table, outcome=quality.HDR))
    with job.share() as share:
        if not _has_time(plan, job, share):
            return Found(replace(by_table, outcome=quality.NO_TIME))
        try:
            job.lease.show(Progress("search", 0.0))
            whole = plan.picture.frames <= WHOLE_FRAMES
            return _by_whole(plan, target, job, share) if whole else _by_samples(plan, target, job, share)
        except FAILURES as exc:
            failed("search", exc, job)
            return Found(replace(by_table, outcome=quality.FAILED))


def _has_time(plan: ConversionPlan, job: Job, share: Share) -> bool:
    return job.lease.deadline.left_s() > TIMES_OF_ENCODE * foretold_encode_s(plan, share) + LEAST_TIME_S


def foretold_encode_s(plan: ConversionPlan, share: Share) -> float:
    """About how long the encode takes on its share of an idle machine like the one that was measured."""
    picture = plan.picture
    megapixels = picture.frames * picture.width * picture.height / 1e6
    return megapixels * MEASURING_S_PER_MEGAPIXEL / measuring_cost(picture.pace) / share.threads.pool


def _by_whole(plan: ConversionPlan, target: Target, job: Job, share: Share) -> Found:
    quality_of_it, encoded = find_whole(plan, target, job, share)
    every_frame = whole_film(plan.picture.frames, plan.picture.frame_bytes)
    # They prove another encode, if this one is too large.
    return Found(quality_of_it, encoded, windows=_that_fit((every_frame,), plan, job, 0))


def _by_samples(plan: ConversionPlan, target: Target, job: Job, share: Share) -> Found:
    picture, measure_by = plan.picture, ruler(plan.picture)
    size = picture.frame_bytes
    asked = sampling(picture.frames, picture.duration_s, picture.pace, size, measure_by.every)
    try:
        looking = Looking(plan, job, share, measure_by, asked, cut(plan, job, asked, share))
        expected = ratesearch.usual_growth(looking.movement)
        solution, curve = ratesearch.search(target, expected, looking.look)
    finally:
        for film in job.folder.glob(f"*{SAMPLES}"):  # whole or not: the disk may be full
            film.unlink()
    proof = gate_windows(picture.frames, picture.duration_s, size, measure_by.every, asked.windows)
    beside_bytes = max(0, job.media.size - job.media.video.payload_bytes)
    result_bytes = int(SIZE_DOUBT * looking.foretold_bytes(solution.crf)) + beside_bytes
    windows = _that_fit(proof, plan, job, result_bytes)
    return Found(looking.quality(target, solution), curve=curve, windows=windows)


def _that_fit(windows: tuple[Window, ...], plan: ConversionPlan, job: Job, result_bytes: int) -> tuple[Window, ...]:
    """No windows where what is there, the result and both proofs would be more than an attempt may keep: a film that
    can be converted is not to fail for its proof."""
    picture = plan.picture
    proof_bytes = sum(one.frames for one in windows) * picture.frame_bytes + picture.frames * FRAME_BYTES
    needed = used_bytes(job.source.parent) + result_bytes + 2 * proof_bytes + LOG_BYTES
    return windows if needed <= job.settings.max_scratch_bytes else ()


class Looking:
    """Looks at the samples of one film, again and again, and keeps what it saw."""

    def __init__(
        self, plan: ConversionPlan, job: Job, share: Share, measure_by: Ruler, asked: Sampling, samples: Cut
    ) -> None:
        self._plan, self._job, self._share, self._ruler = plan, job, share, measure_by
        self._asked, self._lively = asked, samples.liveliness
        self._cut_cpu_s = samples.cpu_s
        self._films = {
            True: samples.film.part(asked.first, job.folder / f"first{SAMPLES}"),
            False: samples.film.part(asked.others, job.folder / f"others{SAMPLES}"),
        }
        samples.film.path.unlink()
        self._scores: dict[int, float] = {}
        self.probes: list[Probe] = []

    @property
    def movement(self) -> float | None:
        """Of the film; None where only parts of it were read."""
        return self._lively.film if self._lively else None

    def look(self, crf: float, first: bool) -> Point:
        """Encode and measure the first windows, or the others."""
        numbers = self._asked.first if first else self._asked.others
        probe = probe_samples(self._job, self._plan, self._films[first], crf, self._ruler, self._share)
        self.probes.append(probe)
        self._scores |= dict(zip(numbers, probe.means, strict=True))
        self._job.lease.show(Progress("search", 0.0))
        mean = fmean(probe.means)
        vmaf = self._lively.of(numbers).film_mean(probe.means) if self._lively else mean
        return Point(crf, self._in_film(vmaf), self._in_film(min(100.0, probe.p5 + vmaf - mean)), len(numbers))

    def _in_film(self, vmaf: float) -> float:
        return 100 - (100 - vmaf) * (1 - window_loss(self._plan.picture))

    @property
    def cpu_s(self) -> float:
        return self._cut_cpu_s + sum(probe.cpu_s for probe in self.probes)

    def quality(self, target: Target, solution: Solution) -> Quality:
        """What the search came to."""
        return Quality(
            method=quality.BY_VMAF,
            crf=solution.crf,
            target=target,
            model=self._ruler.model,
            probes=tuple(probe.as_json() for probe in self.probes),
            samples=tuple(self._told(at) for at in range(len(self._asked.windows))),
            estimate={
                "vmaf": round(solution.vmaf, 2),
                "p5": round(solution.p5, 2),
                "size": self.foretold_bytes(solution.crf),
            },
            search_cpu_s=self.cpu_s,
            bound_by=solution.bound_by,
            outcome=solution.outcome,
        )

    def foretold_bytes(self, crf: float) -> int:
        """Of the picture of the whole film, from all samples: they have more keyframes."""
        foretold = [self._film_bytes(probe) * math.exp2((probe.crf - crf) / STEPS_PER_HALVING) for probe in self.probes]
        return int(fmean(foretold, weights=[probe.frames for probe in self.probes]))

    def _film_bytes(self, probe: Probe) -> float:
        """At the probe's own rate factor."""
        frames, length = self._plan.picture.frames, self._asked.length
        keyframes = -(-frames // KEYFRAME_EVERY)
        keys = fmean(probe.packets[::length])
        others = fmean([size for at, size in enumerate(probe.packets) if at % length] or probe.packets)
        return keyframes * keys + (frames - keyframes) * others

    def _told(self, at: int) -> dict[str, float | int | None]:
        window, picture = self._asked.windows[at], self._plan.picture
        start_s = round(picture.duration_s * window.first / picture.frames, 3)
        score = self._scores.get(at)
        return {"start_s": start_s, "frames": window.frames, "score": None if score is None else round(score, 2)}


def failed(what: str, exc: BaseException, job: Job) -> None:
    """Tell the log of a search or a gate that failed, and that the attempt goes on without it."""
    job.lease.beat()
    said = " ".join((type(exc).__name__, str(exc), *getattr(exc, "__notes__", ())))
    logs.event(f"{what}.failed", level=logging.WARNING, transaction_id=job.lease.claim.transaction_id, said=said)
