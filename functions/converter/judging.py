"""Pure: the measured result against the plan. Every difference is a sentence with figures."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from functions.converter.containers import UNTIMED
from functions.converter.media import MediaInfo
from functions.converter.plan import ConversionPlan
from functions.converter.tags import location, same_tag
from functions.converter.tinypictures import FrameFigures
from functions.converter.trackjudging import track_faults, unequal

CHAPTER_TOLERANCE_S = 0.1
HDR_TOLERANCE = 0.01
"""x265 writes chromaticities in steps of 1/50000 and luminance in steps of 1/10000 cd/m² (SMPTE ST 2086)."""


def judge(
    facts: dict[str, Any],
    plan: ConversionPlan,
    media: MediaInfo,
    frames: FrameFigures | None,
    times: list[float] | None,
) -> list[str]:
    """Everything in which the measured result differs from what was planned. ``times``: when each frame is to be shown,
    where the plan changes times."""
    return [
        *_shape(facts, plan),
        *_picture(facts["picture"], plan),
        *_frames(facts, plan, frames),
        *_timing(facts, media, plan, times),
        *track_faults(facts, plan, media, shown_from_s(facts, media)),
        *_words(facts, plan),
    ]


def _shape(facts: dict[str, Any], plan: ConversionPlan) -> Iterator[str]:
    picture = plan.picture
    yield from unequal(
        ("codec", facts["codec"], picture.codec),
        ("size of the picture", facts["size"], [picture.width, picture.height]),
        ("damaged frames", facts["broken_frames"], 0),
    )
    if plan.container == "mp4":
        yield from unequal(("index before the data", facts["faststart"], True))
        if picture.codec == "hevc":
            yield from unequal(("sample entry", facts["tag"], "hvc1"))


def _picture(got: dict[str, Any], plan: ConversionPlan) -> Iterator[str]:
    """What the result says of its own picture. A value that the source left open may stay open only; of a copy, limited
    range may be left open: that is what it means then, and MP4 has no place for it alone."""
    picture, colour = plan.picture, plan.picture.colour
    yield from unequal(
        ("pixel format", got["pixel_format"], picture.pixel_format),
        ("rotation", (got["rotation"], got["mirrored"]), (picture.rotation, picture.mirrored)),
        ("transfer of the colour", got["colour"]["transfer"], colour.transfer),
        ("primaries of the colour", got["colour"]["primaries"], colour.primaries),
        ("matrix of the colour", got["colour"]["matrix"], colour.matrix),
    )
    open_or_limited = colour.range == "unspecified" or (picture.copied and colour.range == "tv")
    if got["colour"]["range"] not in (("unspecified", "tv") if open_or_limited else (colour.range,)):
        yield f"range: {got['colour']['range']} instead of {colour.range}"
    ratio = Fraction(*got["sample_aspect_ratio"])
    if abs(ratio / picture.sample_aspect_ratio - 1) > HDR_TOLERANCE:
        yield f"shape of a sample: {ratio} instead of {picture.sample_aspect_ratio}"
    yield from _hdr(got["hdr"], plan)


def _hdr(got: dict[str, Any], plan: ConversionPlan) -> Iterator[str]:
    wanted = plan.picture.hdr
    yield from unequal(
        ("Dolby Vision", got["dolby_vision"], wanted.dolby_vision),
        ("HDR10+", got["hdr10plus"], wanted.hdr10plus),
    )
    if wanted.light and (got["light"] is None or tuple(got["light"]) != wanted.light):
        yield f"content light: {got['light']} instead of {list(wanted.light)}"
    if wanted.mastering:
        if got["mastering"] is None:
            yield "the mastering display is missing"
        elif any(not _near(a, b) for a, b in zip(got["mastering"], wanted.mastering, strict=True)):
            yield f"mastering display: {got['mastering']} instead of {list(wanted.mastering)}"


def _near(got: str, wanted: str) -> bool:
    a, b = Fraction(got), Fraction(wanted)
    return float(abs(a - b)) <= max(HDR_TOLERANCE * float(abs(b)), 1e-4)


def _frames(facts: dict[str, Any], plan: ConversionPlan, frames: FrameFigures | None) -> Iterator[str]:
    if plan.picture.copied:
        yield from unequal(
            ("packets of the picture", facts["packets"], facts["source_packets"]),
            ("what the packets hold", facts["payload"], facts["source_payload"]),
        )
        return
    if frames is None:
        yield "the frames were not compared"
        return
    yield from frames.faults
    decodable = facts.get("decodable")
    if not plan.picture.retimed:
        wanted = decodable["frames"] if decodable else facts["source_packets"]
        yield from unequal(("frames in the result", facts["packets"], wanted))
    yield from unequal(("frames that decode", facts["frames"], facts["packets"]))


def _timing(facts: dict[str, Any], media: MediaInfo, plan: ConversionPlan, times: list[float] | None) -> Iterator[str]:
    if facts["misplaced"]:
        late = facts["misplaced"]
        yield f"frame {late['frame']} is shown {late['shift_s']:+.4f} s from its time"
    if plan.picture.retimed:
        yield from _retimed(facts, times or [], plan)
    frame_s = media.video.duration_s / max(1, media.video.frames)
    wanted_s = media.video.duration_s - (shown_from_s(facts, media) - media.video.start_s)
    if media.container not in UNTIMED and abs(facts["duration_s"] - wanted_s) > max(2 * frame_s, 0.1):
        yield f"duration: {facts['duration_s']:.3f} s instead of {wanted_s:.3f} s"


def shown_from_s(facts: dict[str, Any], media: MediaInfo) -> float:
    """When the source's first frame is shown: a recording may begin with some that cannot be decoded."""
    first_s = (facts.get("decodable") or {}).get("start_s")
    return media.video.start_s if first_s is None else max(float(first_s), media.video.start_s)


def _retimed(facts: dict[str, Any], wanted: list[float], plan: ConversionPlan) -> Iterator[str]:
    got = facts["times"] or []
    tolerance = 1.01 / plan.picture.timescale + 1e-6 if plan.container == "mp4" else 0.00101
    for number, (ours, theirs) in enumerate(zip(got, wanted, strict=False)):
        if abs(ours - theirs) > tolerance:
            yield f"frame {number} is shown {ours - theirs:+.4f} s from its time"
            return
    yield from unequal(("frames in the result", len(got), len(wanted)))
    planned = _frames_of_fields(plan, facts.get("decodable"))
    if abs(len(wanted) - planned) > 2:
        yield f"frames after deinterlacing: {len(wanted)} instead of {planned}"


def _frames_of_fields(plan: ConversionPlan, decodable: dict[str, Any] | None) -> int:
    """Frames that say of themselves that they are whole stay one: where there are such, they were counted."""
    if plan.picture.frame_factor > 1 and decodable:
        return int(decodable["frames"] + decodable["interlaced"])
    return plan.picture.frames


def _words(facts: dict[str, Any], plan: ConversionPlan) -> Iterator[str]:
    got = facts["chapters"]
    if len(got) != len(plan.chapters):
        yield f"chapters: {len(got)} instead of {len(plan.chapters)}"
        return
    for number, (ours, theirs) in enumerate(zip(got, plan.chapters, strict=True)):
        shift = abs(ours["start_s"] - theirs.start_s)
        if shift > CHAPTER_TOLERANCE_S or ours["title"] != theirs.title:
            yield f"chapter {number}: {ours['title']!r} at {ours['start_s']:.2f} s"
    known = {name.lower(): value for name, value in facts["tags"].items()}
    for name, wanted in plan.tags.items():
        if not same_tag(name, known.get(name), wanted):
            yield f"{name}: {known.get(name)!r} instead of {wanted!r}"
    if "location" not in plan.tags and location(known):
        yield "where it was shot was to be left out"
