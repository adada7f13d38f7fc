"""How hard each stretch of a film is to encode, known before any of it is encoded at its size.

Films are uneven; three samples of one may all be easy. So each is taken where its third of the film is as hard as on
average, and what they come to is corrected by what remains of the difference. A pilot tells how hard: the whole film,
encoded at a third of its size. Over stretches of 48 frames the logarithms of its sizes and of a real encode's go
together (correlation 0.86 to 1.0 in five films). Of a film too large for that the source's own packets tell, as far as
they do: where a camera has a constant bit rate, stretches without movement have the most bits (car-detection: -0.98).
"""

import math
import os
from dataclasses import dataclass, replace
from statistics import fmean

from functions.converter import ffmpeg
from functions.converter.bounds import bounds, opening
from functions.converter.encode import CLEARLY, FORESEEN_FRAMES, FORESEEN_SHARE, Job
from functions.converter.inspection import Inspector
from functions.converter.measuring import run
from functions.converter.pictureplan import PICTURE, PicturePlan
from functions.converter.plan import ConversionPlan
from functions.converter.probe import limits
from functions.converter.samples import Window
from functions.converter.slots import Share

STEPS = 4
"""Places of a window that are looked at, for each of its lengths."""

SHRUNK, LEAST_SIDE = 3, 64
FINER = 6.0
"""A pilot is so many times smaller, unless it gets too small; and at a rate factor so many steps lower, for small
pictures lose more of their detail to the same one."""

PILOT_ELASTICITY, SOURCE_ELASTICITY = 0.8, 0.3
"""Where a pilot or a source spends e-fold as much, a result spends e to this power."""


@dataclass(frozen=True)
class Load:
    """Bytes of a frame in equal stretches of a film of ``frames`` frames; ``elasticity``: how much of a difference
    there is one of the result's."""

    stretches: tuple[float, ...]
    frames: int
    elasticity: float

    def mean(self, window: Window) -> float:
        """Over some frames; at least a byte, for it is divided by."""
        count = len(self.stretches)
        first = min(count - 1, window.first * count // self.frames)
        end = max(first + 1, min(count, -(-window.end * count // self.frames)))
        return max(1.0, fmean(self.stretches[first:end]))

    def expected(self, window: Window) -> float:
        """Bytes of a frame of the result, in some unit."""
        return math.pow(self.mean(window), self.elasticity)

    def foreseen(self, factor: float) -> tuple[float, float]:
        """How many times its bound a result of ``factor`` times looks like when its encode is given up, if it is, and
        which share of the film is encoded then: it is foretold from what the begin of the film takes."""
        spent = [math.pow(max(1.0, one), self.elasticity) for one in self.stretches]
        whole, done = sum(spent), 0.0
        for number, one in enumerate(spent, 1):
            done += one
            share = number / len(spent)
            told = share >= FORESEEN_SHARE and share * self.frames >= FORESEEN_FRAMES
            if told and (seen := factor * done / whole / share) > CLEARLY:
                return seen, share
        return factor, 1.0


def piloted(plan: ConversionPlan, job: Job, share: Share) -> Load:
    """The load by a pilot, of as many frames as can be decoded. Raises what encoding raises."""
    sizes, picture = job.folder / "pilot.sizes", _pilot(plan.picture)
    fd = os.open(job.film, os.O_RDONLY)
    try:
        reading = [*share.threads.reading(), *picture.decoding()]
        inputs = [*reading, *ffmpeg.untrusted_input(job.container, fd, bounds(job.settings))]
        outputs = ["-filter_complex", f"{picture.chain()}[{PICTURE}]", "-map", f"[{PICTURE}]", *picture.encoder()]
        outputs += ["-stats_enc_post:v:0", str(sizes), "-stats_enc_post_fmt:v:0", "{size}"]
        outputs += ["-fps_mode", "passthrough", "-enc_time_base:v:0", "filter", "-f", "null"]
        job.lease.beat()
        run(ffmpeg.command(inputs, outputs, sizes.with_name("none")), job, share, fd)
        found = [float(size) for size in sizes.read_text().split()]
    finally:
        os.close(fd)
        sizes.unlink(missing_ok=True)
    if len(found) > 1:
        found[0] = found[1]  # the only keyframe
    return Load(tuple(found) or (1.0,), max(1, len(found)), PILOT_ELASTICITY)


def source_load(job: Job, frames: int, inspector: Inspector) -> Load:
    """The load by the source's packets, all of which are read once more. Raises what probing raises."""
    fd = os.open(job.film, os.O_RDONLY)
    try:
        request = {"command": "loads"} | opening(job.container, bounds(job.settings))
        facts = inspector.ask(request, [fd], limits(os.fstat(fd).st_size), job.lease.watch)
    finally:
        os.close(fd)
    return Load(tuple(facts["loads"]) or (1.0,), frames, SOURCE_ELASTICITY)


def parts(frames: int, count: int) -> list[Window]:
    """The film in ``count`` equal parts."""
    edges = [frames * at // count for at in range(count + 1)]
    return [Window(edges[at], edges[at + 1] - edges[at]) for at in range(count)]


def representative(load: Load, part: Window, length: int) -> Window:
    """In one part of the film the window that is most like all of it; of equals the one nearest to its middle."""
    room = part.frames - length
    middle = part.first + room // 2
    places = {part.first + at for at in range(0, room + 1, max(1, length // STEPS))} | {middle}
    wanted = load.mean(part)

    def unlike(first: int) -> tuple[float, int]:
        off = abs(load.mean(Window(first, length)) / wanted - 1)
        return round(off, 2), abs(first - middle)

    return Window(min(places, key=unlike), length)


def _pilot(picture: PicturePlan) -> PicturePlan:
    shrunk = max(1.0, min(SHRUNK, min(picture.width, picture.height) / LEAST_SIDE))
    width, height = (max(2, round(side / shrunk / 2) * 2) for side in (picture.width, picture.height))
    return replace(
        picture,
        width=width,
        height=height,
        filters=(*picture.filters, f"scale={width}:{height}:flags=area"),
        preset="ultrafast",
        parameters="keyint=-1",
        crf=max(0.0, picture.crf - FINER),
    )
