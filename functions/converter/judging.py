"""Pure: the measured result against the plan. Every difference is a sentence with figures."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from functions.converter.framecheck import FrameFigures
from functions.converter.media import MediaInfo
from functions.converter.plan import ConversionPlan
from functions.converter.trackplan import TrackPlan

OFFSET_TOLERANCE_S = 0.04
"""Sound may be this much nearer to or further from the picture: one frame at 25 a second, below what people notice."""

AAC_FRAME = 1024
PADDED_FRAMES = 4
"""An AAC encoder pads both ends by up to two frames."""

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
        *_tracks(facts, plan, media),
        *_words(facts, plan),
    ]


def _unequal(*expected: tuple[str, Any, Any]) -> Iterator[str]:
    for name, got, want in expected:
        if got != want:
            yield f"{name}: {got} instead of {want}"


def _shape(facts: dict[str, Any], plan: ConversionPlan) -> Iterator[str]:
    picture = plan.picture
    yield from _unequal(
        ("codec", facts["codec"], picture.codec),
        ("size of the picture", facts["size"], [picture.width, picture.height]),
        ("damaged frames", facts["broken_frames"], 0),
    )
    if plan.container == "mp4":
        yield from _unequal(("index before the data", facts["faststart"], True))
        if picture.codec == "hevc":
            yield from _unequal(("sample entry", facts["tag"], "hvc1"))


def _picture(got: dict[str, Any], plan: ConversionPlan) -> Iterator[str]:
    """What the result says of its own picture. A value that the source left open may stay open only."""
    picture, colour = plan.picture, plan.picture.colour
    yield from _unequal(
        ("pixel format", got["pixel_format"], picture.pixel_format),
        ("rotation", (got["rotation"], got["mirrored"]), (picture.rotation, picture.mirrored)),
        ("transfer of the colour", got["colour"]["transfer"], colour.transfer),
        ("primaries of the colour", got["colour"]["primaries"], colour.primaries),
        ("matrix of the colour", got["colour"]["matrix"], colour.matrix),
    )
    ranges = {"unspecified": ("unspecified", "tv")}.get(colour.range, (colour.range,))
    if got["colour"]["range"] not in ranges:
        yield f"range: {got['colour']['range']} instead of {colour.range}"
    ratio = Fraction(*got["sample_aspect_ratio"])
    if abs(ratio / picture.sample_aspect_ratio - 1) > HDR_TOLERANCE:
        yield f"shape of a sample: {ratio} instead of {picture.sample_aspect_ratio}"
    yield from _hdr(got["hdr"], plan)


def _hdr(got: dict[str, Any], plan: ConversionPlan) -> Iterator[str]:
    wanted = plan.picture.hdr
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
        yield from _unequal(
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
        yield from _unequal(("frames in the result", facts["packets"], wanted))
    yield from _unequal(("frames that decode", facts["frames"], facts["packets"]))


def _timing(facts: dict[str, Any], media: MediaInfo, plan: ConversionPlan, times: list[float] | None) -> Iterator[str]:
    if facts["misplaced"]:
        late = facts["misplaced"]
        yield f"frame {late['frame']} is shown {late['shift_s']:+.4f} s from its time"
    if plan.picture.retimed:
        yield from _retimed(facts["times"] or [], times or [], plan)
    frame_s = media.video.duration_s / max(1, media.video.frames)
    wanted_s = media.video.duration_s - (shown_from_s(facts, media) - media.video.start_s)
    if abs(facts["duration_s"] - wanted_s) > max(2 * frame_s, 0.1):
        yield f"duration: {facts['duration_s']:.3f} s instead of {wanted_s:.3f} s"


def shown_from_s(facts: dict[str, Any], media: MediaInfo) -> float:
    """When the source's first frame is shown: a recording may begin with some that cannot be decoded."""
    first_s = (facts.get("decodable") or {}).get("start_s")
    return media.video.start_s if first_s is None else max(float(first_s), media.video.start_s)


def _retimed(got: list[float], wanted: list[float], plan: ConversionPlan) -> Iterator[str]:
    tolerance = 1.01 / plan.picture.timescale + 1e-6 if plan.container == "mp4" else 0.00101
    for number, (ours, theirs) in enumerate(zip(got, wanted, strict=False)):
        if abs(ours - theirs) > tolerance:
            yield f"frame {number} is shown {ours - theirs:+.4f} s from its time"
            return
    yield from _unequal(("frames in the result", len(got), len(wanted)))
    if abs(len(wanted) - plan.picture.frames) > 2:
        yield f"frames after deinterlacing: {len(wanted)} instead of {plan.picture.frames}"


def _tracks(facts: dict[str, Any], plan: ConversionPlan, media: MediaInfo) -> Iterator[str]:
    for kind, measured in (("audio", "audio"), ("subtitle", "subtitle"), ("cover", "cover")):
        planned = plan.of(kind)
        got = [track for track in facts["tracks"] if track["type"] == measured]
        if len(got) != len(planned):
            yield f"{kind} tracks: {len(got)} instead of {len(planned)}"
            continue
        for number, (track, wanted) in enumerate(zip(got, planned, strict=True)):
            yield from (f"{kind} track {number}: {fault}" for fault in _track(track, wanted, facts, media, plan))


def _track(
    got: dict[str, Any], wanted: TrackPlan, facts: dict[str, Any], media: MediaInfo, plan: ConversionPlan
) -> Iterator[str]:
    source = facts["sources"][str(wanted.index)]
    if wanted.kind != "cover":
        yield from _unequal(("language", got["language"], wanted.language))
        lost = set(_storable(wanted, plan)) - set(got["flags"])
        if lost:
            yield f"lost flags: {', '.join(sorted(lost))}"
    if wanted.copied:
        yield from _unequal(("packets", got["packets"], source["packets"]))
        if got["payload"] != source["payload"]:
            yield "its bytes are not the source's"
    if wanted.kind != "audio":
        return
    track = next(one for one in media.audio if one.index == wanted.index)
    if got["channels"] != track.channels:
        yield f"channels: {got['channels']} instead of {track.channels}"
    yield from _audio_timing(got, source, facts, wanted, media, track.sample_rate)


def _storable(wanted: TrackPlan, plan: ConversionPlan) -> list[str]:
    """Flags that the container has a place for: MP4 stores ``default`` only where not every track has it."""
    return [flag for flag in wanted.flags if flag in ("default", "forced") and (plan.container == "mkv" or flag)]


def _audio_timing(
    got: dict[str, Any],
    source: dict[str, Any],
    facts: dict[str, Any],
    wanted: TrackPlan,
    media: MediaInfo,
    sample_rate: int,
) -> Iterator[str]:
    frame_s = AAC_FRAME / max(1, sample_rate)
    tolerance = 0.05 if wanted.copied else max(0.05, PADDED_FRAMES * frame_s)
    if abs(got["seconds"] - source["seconds"]) > tolerance:
        yield f"{got['seconds']:.3f} s instead of {source['seconds']:.3f} s"
    planned = source["start_s"] - shown_from_s(facts, media)
    offset = got["start_s"] - facts["start_s"]
    if abs(offset - planned) > OFFSET_TOLERANCE_S + (0 if wanted.copied else frame_s):
        yield f"starts {offset:+.3f} s from the picture instead of {planned:+.3f} s"


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
    if plan.tags.get("title") not in (None, known.get("title")):
        yield f"title: {known.get('title')!r} instead of {plan.tags['title']!r}"
