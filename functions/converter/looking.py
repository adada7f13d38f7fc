"""Three samples of a film, and what encoding and measuring them at some rate factors tells."""

import time
from statistics import fmean
from typing import Any

from functions.converter import foretelling
from functions.converter.cutting import Cut, cut
from functions.converter.encode import Job
from functions.converter.filmload import Load, parts, piloted, representative, source_load
from functions.converter.foretelling import Sampled
from functions.converter.inspection import Inspector
from functions.converter.measuring import ruler
from functions.converter.plan import ConversionPlan
from functions.converter.probing import Probe, probe_samples
from functions.converter.ratesearch import Growth, Point, usual_growth
from functions.converter.samples import MOST_BYTES, WINDOW_FRAMES, Sampling, Window, measuring_cost
from functions.converter.slots import Share
from functions.converter.target import MEASURING_S_PER_MEGAPIXEL
from functions.converter.worktime import READ_S_PER_MEGAPIXEL, Costs, threads_kept_busy
from functions.shared.transactions import Progress

SAMPLES = 3
LEAST_FRAMES, MOST_FRAMES = 24, 60
"""Of a sample, at 60 frames a second or fewer."""

LOOK_CPU_S = 12.0
"""What one look at all samples may take, if that leaves them ``LEAST_FRAMES``."""

READ_WHOLE_MEGAPIXELS = 1500.0
"""Films of no more megapixels in all their frames are read whole, twice, in about ten seconds of CPU time."""


class Samples:
    """Cut when made; raises what cutting raises. Whoever made it closes it."""

    def __init__(self, plan: ConversionPlan, job: Job, share: Share, inspector: Inspector) -> None:
        picture = plan.picture
        self.plan, self.job, self.ruler = plan, job, ruler(picture)
        self._share = share
        self._whole = picture.frames * picture.width * picture.height / 1e6 <= READ_WHOLE_MEGAPIXELS
        if self._whole:
            self._load = piloted(plan, job, share)
        else:
            self._load = source_load(job, picture.frames, inspector)
        self.parts, self.windows = sample_windows(self._load, plan, self.ruler.every)
        asked = Sampling(self.windows, tuple(range(len(self.windows))), self.ruler.every)
        self._cut: Cut = cut(plan, job, asked, share, picture.frames if self._whole else 0)
        self._looked_s = 0.0
        self.probes: list[Probe] = []

    def close(self) -> None:
        """Remove them."""
        self._cut.film.path.unlink(missing_ok=True)

    @property
    def usual_growth(self) -> Growth:
        """How VMAF is expected to fall with the rate factor."""
        return usual_growth(self._cut.liveliness.film if self._cut.liveliness else None)

    def look(self, crf: float) -> Point:
        """Encode and measure all of them; what they say of the film."""
        began = time.perf_counter()
        probe = probe_samples(self.job, self.plan, self._cut.film, crf, self.ruler, self._share)
        self._looked_s += time.perf_counter() - began
        self.probes.append(probe)
        self.job.lease.show(Progress("search", min(90.0, 40.0 * len(self.probes))))
        lively, mean = self._cut.liveliness, fmean(probe.means)
        vmaf = lively.film_mean(probe.means) if lively else mean
        seen = sum(window.frames for window in self.windows) // WINDOW_FRAMES
        return Point(crf, vmaf, min(100.0, probe.p5 + vmaf - mean), max(1, seen))

    def picture_bytes(self, crf: float) -> float:
        """Of the whole film's picture."""
        near, here, there = self._around(crf)
        return foretelling.bytes_at(here, there, crf - near)

    def agree(self, crf: float, *, searched: bool) -> bool:
        """Whether what they say differs by no more than the bands of size and VMAF allow for; ``searched``: the
        conversion finds its rate factor anew."""
        last = self.probes[-1]
        sampled = self._sampled(last)
        size = foretelling.size_doubt(sampled)
        vmaf = foretelling.doubt(last.means, foretelling.unseen(sampled))
        _, here, there = self._around(crf)
        return foretelling.is_trusted(size, vmaf, foretelling.halvings_a_step(here, there) if searched else 0.0)

    def _around(self, crf: float) -> tuple[float, float, tuple[float, float] | None]:
        """The nearest rate factor that was looked at, the picture's bytes there, and the same of the next one as steps
        from there."""
        nearest, *others = sorted(self.probes, key=lambda probe: abs(probe.crf - crf))
        here = foretelling.picture_bytes(self._sampled(nearest))
        there = [(one.crf - nearest.crf, foretelling.picture_bytes(self._sampled(one))) for one in others]
        return nearest.crf, here, there[0] if there else None

    def foreseen(self, factor: float) -> tuple[float, float]:
        """See ``Load.foreseen``."""
        return self._load.foreseen(factor)

    def costs(self) -> Costs:
        """What a frame took."""
        frames = sum(probe.frames for probe in self.probes)
        encode = sum(probe.encode_cpu_s for probe in self.probes)
        measure = sum(probe.measure_cpu_s for probe in self.probes)
        picture = self.plan.picture
        guessed = READ_S_PER_MEGAPIXEL * picture.width * picture.height / 1e6
        read = self._cut.cpu_s / picture.frames if self._whole else guessed
        threads = threads_kept_busy(encode + measure, self._looked_s, 2 * len(self.probes))
        return Costs(encode / frames, measure / frames, read, threads)

    def as_json(self) -> list[dict[str, Any]]:
        """What the last look saw of each."""
        picture, last = self.plan.picture, self.probes[-1]
        each, seconds = self._cut.film.length, picture.duration_s / picture.frames
        return [
            {
                "start_s": round(window.first * seconds, 3),
                "frames": window.frames,
                "crf": last.crf,
                "vmaf": None if picture.colour.is_hdr else round(last.means[at], 2),
                "bytes": sum(last.packets[at * each : (at + 1) * each]),
            }
            for at, window in enumerate(self.windows)
        ]

    def _sampled(self, probe: Probe) -> list[Sampled]:
        each, load = self._cut.film.length, self._load
        expected = [
            (load.mean(one) ** load.elasticity for one in pair) for pair in zip(self.windows, self.parts, strict=True)
        ]
        return [
            Sampled(probe.packets[at * each : (at + 1) * each], part.frames, *expected[at])
            for at, part in enumerate(self.parts)
        ]


def sample_windows(load: Load, plan: ConversionPlan, every: int) -> tuple[list[Window], tuple[Window, ...]]:
    """The parts of the film and the sample of each; a film that is hardly longer than three samples is its own one."""
    picture, frames = plan.picture, min(plan.picture.frames, load.frames)
    frame_s = picture.width * picture.height / 1e6 * MEASURING_S_PER_MEGAPIXEL * (1 / measuring_cost(picture.pace) + 1)
    affordable = int(LOOK_CPU_S / frame_s / SAMPLES)
    length = min(max(affordable, LEAST_FRAMES), MOST_FRAMES) * every
    room = MOST_BYTES // (picture.frame_bytes * SAMPLES)
    length = max(every, min(length, room - room % every))  # each begins with a measured frame
    if SAMPLES * length >= frames:
        whole = Window(0, frames)
        return [whole], (whole,)
    thirds = parts(frames, SAMPLES)
    return thirds, tuple(representative(load, third, length) for third in thirds)
