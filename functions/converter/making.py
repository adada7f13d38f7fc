"""From a plan to a verified film as good as was asked for: search, encode, verify, measure, correct at most once."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from functions.converter import quality
from functions.converter.encode import Job
from functions.converter.gate import check, corrected_crf
from functions.converter.inspection import Inspector
from functions.converter.plan import ConversionPlan
from functions.converter.previews import Previews, choose_frames, make_previews
from functions.converter.rendering import CONVERTED, Rendition, render
from functions.converter.target import FAILURES, Found, failed, find_crf
from functions.converter.verify import Verified, verify_rendition
from functions.shared.errors import TimeBudgetExceeded, TooLongForThisWorker, VerificationFailed
from functions.shared.options import Options
from functions.shared.qualities import Target

TIMES_OF_FIRST = 1.5
"""A correction begins only if the deadline leaves so many times what the first encode and its verification took."""


NOT_AGAIN = (TimeBudgetExceeded, TooLongForThisWorker, VerificationFailed)
"""What ends a correction, beside what ends a search, and leaves the first film as it is."""


@dataclass(frozen=True)
class Made:
    """A verified film, and what is to lie beside it."""

    rendition: Rendition
    verified: Verified
    previews: Previews


@dataclass(frozen=True)
class Maker:
    """Makes one film. ``before_verify`` is called with each result before it is verified."""

    plan: ConversionPlan
    options: Options
    job: Job
    inspector: Inspector
    before_verify: Callable[[Rendition], None] = lambda _rendition: None

    def make(self) -> Made:
        """What is to be delivered; raises what encoding and verifying raise."""
        target = self.options.target
        if self.plan.is_remux or target is None:
            return self._verified(self._encoded())
        with ExitStack() as held:
            with self.job.lease.stage("search"):
                held.enter_context(self.job.share())  # for the encode as well: nobody begins in between
                found = find_crf(self.plan, target, self.job)
            rendition = self._encoded(found)
        made = self._verified(rendition, found, target)
        told = made.rendition.quality
        if told is None or told.gate is None or told.gate.outcome != quality.MISSED or told.bound_by == quality.BY_SIZE:
            return made
        crf = corrected_crf(target, found, told.gate, told.crf)
        if crf is None or not self._has_time_again():
            return made
        again = replace(found, quality=replace(told, crf=crf, corrected=told.crf, gate=None))
        return self._corrected(_set_aside(made), again, target)

    def _corrected(self, first: Made, again: Found, target: Target) -> Made:
        """Made once more; the first one where that fails or outgrows the source, for it is a verified film already."""
        try:
            made = self._verified(self._encoded(again), again, target)
        except (*FAILURES, *NOT_AGAIN) as exc:
            failed("correction", exc, self.job)
            return first
        if not _is_better(made, first):
            return first
        first.rendition.output.unlink()
        return made

    def _encoded(self, found: Found | None = None) -> Rendition:
        with self.job.lease.stage("encode"), self.job.share():
            return render(self.plan, self.options, self.job, found)

    def _verified(self, rendition: Rendition, found: Found | None = None, target: Target | None = None) -> Made:
        job = self.job
        self.before_verify(rendition)
        with job.lease.stage("verify"):
            frames = choose_frames(rendition, job.media, self.options)
            proven = found is None or (found.encoded is not None and found.encoded is rendition.encoded)
            chosen = found.windows if found and not proven and rendition.outcome == CONVERTED else ()
            verified = verify_rendition(rendition, job, self.inspector, frames.picks, chosen)
            if found and target and chosen:
                rendition = self._measured(rendition, target, found)
            return Made(rendition, verified, make_previews(frames, verified, job, self.inspector))

    def _measured(self, rendition: Rendition, target: Target, found: Found) -> Rendition:
        """With what was measured of its chosen frames."""
        told, encoded, plan = rendition.quality, rendition.encoded, rendition.plan
        if told is None or encoded is None or plan is None:
            return rendition
        return replace(rendition, quality=replace(told, gate=check(plan, encoded, target, found, self.job)))

    def _has_time_again(self) -> bool:
        lease = self.job.lease
        return lease.deadline.left_s() > TIMES_OF_FIRST * (lease.stage_s["encode"] + lease.stage_s["verify"])


def _is_better(made: Made, first: Made) -> bool:
    """Not where the correction outgrew the source: then it may have fewer bits than the first one, or none is left."""
    again, before = made.rendition.quality, first.rendition.quality
    return made.rendition.outcome == CONVERTED and again is not None and before is not None and again.crf < before.crf


def _set_aside(made: Made) -> Made:
    """The same, with its film under a name that no other encode takes."""
    rendition = made.rendition
    output = rendition.output.rename(rendition.output.with_name(f"first.{rendition.extension}"))
    encoded = replace(rendition.encoded, output=output) if rendition.encoded else None
    return replace(made, rendition=replace(rendition, output=output, encoded=encoded))
