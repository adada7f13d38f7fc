"""Never worse: what is delivered is smaller than the source, or the source's own picture.

H.265 already → its packets are taken over. A result that grows past the source → once more with as many bits as the
source has, if that is nearly enough; else the source's packets in the wanted container, if that can hold them; else the
source as it is.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path

from functions.converter.encode import Encoded, GrewTooLarge, Job, encode
from functions.converter.media import MediaInfo
from functions.converter.plan import ConversionPlan, plan_keeping
from functions.converter.quality import BY_SIZE, FIXED, Quality
from functions.converter.samples import Window
from functions.converter.tags import location
from functions.converter.target import Found
from functions.converter.trackplan import TrackPlan
from functions.shared.options import MAX_CRF, Options

CONVERTED, REMUXED, KEPT = "converted", "remuxed", "kept_original"

ROOM = 0.95
"""Of the source's size, a second encode aims at so much: how many bits a rate factor makes is known only roughly."""

ENOUGH_BITS = 0.7
"""With fewer of the bits that the asked quality needs a film looks clearly worse: half of them cost about 5 VMAF."""

FRAME_OVERHEAD_BYTES = 16
"""Of the index, for each frame."""

HOPELESS = 2.0
"""Times the source's size, foretold by samples, at which the encode is not even begun: they may be off by less."""

HARMLESS_DATA = frozenset({"tmcd", "text"})

CRF_PER_HALVING = 8.0
CRF_PER_HALVING_AT_0 = 16.0
USUAL_CRF = 18.0
"""Steps of x265's rate factor that surely halve the bits: 4 to 6 do for most films, near 0 it took 15."""


@dataclass(frozen=True)
class Rendition:
    """What is to be verified and published. ``plan`` and ``encoded`` are None for the source as it is.

    ``outcome``: ``converted``, ``remuxed`` or ``kept_original``, the last with a ``reason``. ``quality``: how good a
    picture that was encoded was meant to be, and is.
    """

    outcome: str
    output: Path
    extension: str
    codec: str
    plan: ConversionPlan | None = None
    encoded: Encoded | None = None
    reason: str | None = None
    quality: Quality | None = None


def render(plan: ConversionPlan, options: Options, job: Job, found: Found | None = None) -> Rendition:
    """Encode or copy, and see to it that the result is no larger than the source.

    ``found``: the rate factor that a search came to, and what else it knows.
    """
    if plan.is_remux:
        return _made(REMUXED, plan, encode(plan, job))
    plan, quality = plan.at_crf(found.quality.crf) if found else plan, found.quality if found else None
    quality = quality or Quality(FIXED, plan.picture.crf)
    bound = job.media.size if may_be_kept(plan, options, job.media) else None
    chosen = found.windows if found else ()
    try:
        if found and found.encoded:
            encoded = _within(found.encoded, bound)
        else:
            _refuse_foretold(plan, quality, job.media, bound)
            encoded = encode(plan, job, bound, chosen)
        return replace(_made(CONVERTED, plan, encoded), quality=quality)
    except GrewTooLarge as exc:
        return _bounded(plan, options, job, exc.factor, quality, chosen)


def _refuse_foretold(plan: ConversionPlan, quality: Quality, media: MediaInfo, bound: int | None) -> None:
    """Raise ``GrewTooLarge`` where samples foretell a result so large that it need not be tried."""
    size = quality.estimate["size"] if quality.estimate else None
    if size is None or bound is None:
        return
    factor = (size + beside_bytes(plan, media)) / bound
    if factor > HOPELESS:
        raise GrewTooLarge(factor)


def _within(encoded: Encoded, bound: int | None) -> Encoded:
    size = encoded.output.stat().st_size
    if bound is not None and size > bound:
        raise GrewTooLarge(size / bound)
    return encoded


def may_be_kept(plan: ConversionPlan, options: Options, media: MediaInfo) -> bool:
    """Whether the source's picture can stand for the result: not if another size of it was asked for, nor if that would
    bring along what shall be left out."""
    smaller = options.max_height is not None and media.video.shown_size[1] > options.max_height
    return not smaller and (plan_keeping(media, options) is not None or may_stay_as_it_is(media, options))


def may_stay_as_it_is(media: MediaInfo, options: Options) -> bool:
    """Whether the very bytes of the source hold nothing that shall be left out: its sound, where it was shot."""
    if options.audio != "auto":
        return False
    return "location" in options.keep or not (location(media.tags) or _may_tell_places(media))


def _may_tell_places(media: MediaInfo) -> bool:
    """Whether it has timed data, as cameras write of their places; timecodes and titles of chapters are none."""
    return any(one["type"] == "data" and one["tag"] not in HARMLESS_DATA for one in media.other)


def _bounded(
    plan: ConversionPlan, options: Options, job: Job, factor: float, quality: Quality, chosen: tuple[Window, ...]
) -> Rendition:
    """Once more with as many bits as the source has; ``factor``: how many times its size the result would have had."""
    crf = bounded_crf(job.media, plan, factor)
    if crf is not None:
        bounded = plan.at_crf(crf)
        try:
            made = _made(CONVERTED, bounded, encode(bounded, job, job.media.size, chosen))
            return replace(made, quality=replace(quality, crf=crf, bound_by=BY_SIZE, gate=None))
        except GrewTooLarge as exc:
            factor = max(factor, exc.factor)
    reason = (
        f"At the asked quality the result would have had about {factor:.0%} of the source's size, so the picture"
        " was left as it is."
    )
    return kept(options, job, reason)


def bounded_crf(media: MediaInfo, plan: ConversionPlan, factor: float) -> float | None:
    """The rate factor that keeps the result below the source's size; None if that leaves far too few bits."""
    beside = beside_bytes(plan, media)
    room = ROOM * media.size - beside
    needed = factor * media.size - beside
    if room <= 0 or room < ENOUGH_BITS * needed:
        return None
    steep = max(0.0, 1 - plan.picture.crf / USUAL_CRF)
    steps = CRF_PER_HALVING + (CRF_PER_HALVING_AT_0 - CRF_PER_HALVING) * steep
    return round(min(MAX_CRF, plan.picture.crf + steps * math.log2(needed / room)), 2)


def beside_bytes(plan: ConversionPlan, media: MediaInfo) -> int:
    """What a result has beside its picture: sound and index."""
    return sum(_audio_bytes(track, media) for track in plan.of("audio")) + FRAME_OVERHEAD_BYTES * plan.picture.frames


def _audio_bytes(planned: TrackPlan, media: MediaInfo) -> int:
    track = next(one for one in media.audio if one.index == planned.index)
    return int(planned.bitrate * track.duration_s / 8) if planned.bitrate else track.payload_bytes


def kept(options: Options, job: Job, reason: str) -> Rendition:
    """The source's own picture, in the wanted container where that is no larger."""
    media = job.media
    plan = plan_keeping(media, options)
    if plan is None:
        return as_it_is(job, reason)
    bound = media.size if may_stay_as_it_is(media, options) else None
    try:
        return _made(KEPT, plan, encode(plan, job, bound), reason)
    except GrewTooLarge:
        return as_it_is(job, reason)


def as_it_is(job: Job, reason: str) -> Rendition:
    """The very bytes of the source."""
    media = job.media
    return Rendition(KEPT, job.source, media.extension, shown_codec(media.video.codec), reason=reason)


def shown_codec(codec: str) -> str:
    """As clients know it: ``h265`` is what the contract calls HEVC."""
    return "h265" if codec == "hevc" else codec


def _made(outcome: str, plan: ConversionPlan, encoded: Encoded, reason: str | None = None) -> Rendition:
    codec = shown_codec(plan.picture.codec)
    return Rendition(outcome, encoded.output, plan.container, codec, plan, encoded, reason)
