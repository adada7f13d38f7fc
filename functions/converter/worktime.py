"""Pure: how long a conversion takes, from what encoding and measuring its samples took."""

from dataclasses import dataclass

from functions.converter.cutting import READ_WHOLE_FRAMES
from functions.converter.plan import ConversionPlan
from functions.converter.rendering import HOPELESS
from functions.converter.samples import SAMPLED_ENCODING, WHOLE_FRAMES, gate_windows, sampling
from functions.converter.threads import processors_available

VERIFY_S_PER_MEGAPIXEL = 0.005
"""CPU time of decoding and comparing the result, for each frame of so many samples."""

PROCESS_S = 0.12
START_S = 0.1
"""CPU time of starting a media process and of ending it; and the time in which nothing else is done."""

UNSAMPLED, BESIDE = 0.95, 0.8
"""Of what a sample's frame takes, where fewer are keyframes; and of reading one, which is then done beside it."""

LOOKS = 2
"""Rough and fine, of a search; whole films are encoded so often as well."""

VERIFY_THREADS = 1.5
"""A verification keeps about so many processors busy, where there are as many."""

COPY_S, COPY_BYTES_A_S = 0.5, 40e6
"""Of a picture that is taken over: reading it twice, writing it, hashing both."""

READ_S_PER_MEGAPIXEL = 0.0035
"""CPU time of decoding a frame, where that was not measured."""

LEAST_THREADS = 0.05
NOTICED_LATER = 0.03
"""Of an encode, what goes on while it is seen that its result grows too large: reports come twice a second."""


@dataclass(frozen=True)
class Costs:
    """CPU seconds of a frame, measured or not: ``encode`` and ``measure`` a sample's, ``read`` one of the source.
    ``threads``: processors that encoding and measuring the samples kept busy, beside whatever else the machine did."""

    encode: float
    measure: float
    read: float
    threads: float


@dataclass(frozen=True)
class Work:
    """CPU seconds of each stage, and the seconds that the three take here; ``processes`` are started one by one."""

    search: float
    encode: float
    verify: float
    threads: float
    processes: int = 2

    @property
    def cpu_s(self) -> float:
        return self.search + self.encode + self.verify

    @property
    def wall_s(self) -> float:
        verify_threads = min(self.threads, VERIFY_THREADS)
        return (self.search + self.encode) / self.threads + self.verify / verify_threads + self.processes * START_S


def work(plan: ConversionPlan, costs: Costs, every: int, *, searched: bool) -> Work:
    """Of converting the film; ``searched``: its rate factor has to be found. ``every``: of how many frames one is
    measured."""
    picture = plan.picture
    encode = picture.frames * (UNSAMPLED * costs.encode + BESIDE * costs.read) + PROCESS_S
    verify = picture.frames * picture.width * picture.height / 1e6 * VERIFY_S_PER_MEGAPIXEL + PROCESS_S
    if not searched:
        return Work(0.0, encode, verify, costs.threads)
    if picture.frames <= WHOLE_FRAMES:
        measuring = picture.frames * costs.measure + PROCESS_S
        return Work((LOOKS - 1) * encode + LOOKS * measuring, encode, verify, costs.threads, 2 + 2 * LOOKS)
    asked = sampling(picture.frames, picture.duration_s, picture.pace, picture.frame_bytes, every)
    proof = gate_windows(picture.frames, picture.duration_s, picture.frame_bytes, every, asked.windows)
    looked_at = len(asked.windows) * asked.length
    read = min(picture.frames, READ_WHOLE_FRAMES) * costs.read
    sampled = SAMPLED_ENCODING * UNSAMPLED * costs.encode + costs.measure
    search = read + looked_at * sampled + (1 + 2 * LOOKS) * PROCESS_S
    gate = sum(window.frames for window in proof) * costs.measure + PROCESS_S
    return Work(search, encode, verify + gate, costs.threads, 4 + 2 * LOOKS)


def threads_kept_busy(cpu_s: float, seconds: float, processes: int) -> float:
    """Of processes that ran one after another; what starting them takes tells nothing of how busy they were."""
    busy_s = max(seconds - processes * START_S, cpu_s / processors_available(), 1e-3)
    return max(LEAST_THREADS, cpu_s / busy_s)


def copying(size: int) -> Work:
    """Of a film whose picture is not encoded."""
    return Work(0.0, COPY_S / 2, COPY_S / 2 + size / COPY_BYTES_A_S, 1.0)


def in_vain(factor: float, encoded: float, *, searched: bool) -> float:
    """The share of an encode that is done although its result would have ``factor`` times the size of the source;
    ``encoded``: the share at which that is seen."""
    return 0.0 if searched and factor > HOPELESS else min(1.0, encoded + NOTICED_LATER)
