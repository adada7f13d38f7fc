"""Pure: each measured track of a result against its plan and its source."""

from collections.abc import Iterator
from typing import Any

from functions.converter.media import MediaInfo
from functions.converter.plan import ConversionPlan
from functions.converter.trackplan import TrackPlan

OFFSET_TOLERANCE_S = 0.04
"""Sound may be this much nearer to or further from the picture: one frame at 25 a second, below what people notice."""

LEAST_TOLERANCE_S = 0.002
"""Matroska counts in milliseconds."""

CUE_TOLERANCE_S = 0.1
AAC_FRAME = 1024
PADDED_FRAMES = 4
"""An AAC encoder pads both ends by up to two frames."""

SHIFTED_DB = 1.5
SHIFTED_RATIO = 0.55
"""Loudness that is so far apart in place, and at most so much of that at another place, is sound at the wrong time.
Encodes of voices, music, noise and clicks were 0 to 1.3 dB apart; moved by 80 ms, 1.6 to 55 in place and at most half
of it at their own place."""

DIFFERENT_DB = 6.0
"""Loudness that is so far apart over ten seconds is another sound, or none."""


def unequal(*expected: tuple[str, Any, Any]) -> Iterator[str]:
    """A sentence for each ``(name, got, wanted)`` that differs."""
    for name, got, want in expected:
        if got != want:
            yield f"{name}: {got} instead of {want}"


def track_faults(facts: dict[str, Any], plan: ConversionPlan, media: MediaInfo, picture_s: float) -> Iterator[str]:
    """All that is wrong with sound, subtitles and covers. ``picture_s``: when the source's first frame is shown."""
    for kind in ("audio", "subtitle", "cover", "attachment"):
        planned = plan.of(kind)
        got = [track for track in facts["tracks"] if track["type"] == kind]
        if len(got) != len(planned):
            yield f"{kind} tracks: {len(got)} instead of {len(planned)}"
            continue
        for number, (track, wanted) in enumerate(zip(got, planned, strict=True)):
            source = facts["sources"][str(wanted.index)]
            faults = [*_names(track, wanted), *_content(track, wanted, source)]
            if kind == "audio":
                faults += _sound(track, wanted, source, media, (facts["start_s"], picture_s))
            yield from (f"{kind} track {number}: {fault}" for fault in (*faults, *_places(track, wanted, media)))


def _names(got: dict[str, Any], wanted: TrackPlan) -> Iterator[str]:
    if wanted.kind not in ("audio", "subtitle"):
        return
    yield from unequal(("language", got["language"], wanted.language))
    if wanted.title and got["title"] != " ".join(wanted.title.split()):
        yield f"title: {got['title']} instead of {wanted.title}"
    lost = set(wanted.flags) - set(got["flags"])
    if lost:
        yield f"lost flags: {', '.join(sorted(lost))}"


def _content(got: dict[str, Any], wanted: TrackPlan, source: dict[str, Any]) -> Iterator[str]:
    if wanted.copied:
        yield from unequal(("packets", got["packets"], source["packets"]))
        if got["payload"] != source["payload"]:
            yield "its bytes are not the source's"
    elif wanted.kind == "subtitle" and 2 * got["packets"] < source["packets"]:
        # Lines that only draw or hold nothing are no text, so some may be missing.
        yield f"lines: {got['packets']} instead of {source['packets']}"


def _sound(
    got: dict[str, Any],
    wanted: TrackPlan,
    source: dict[str, Any],
    media: MediaInfo,
    pictures_s: tuple[float, float],
) -> Iterator[str]:
    """``pictures_s``: when the picture of the result and that of the source begin."""
    track = next(one for one in media.audio if one.index == wanted.index)
    yield from unequal(("channels", got["channels"], track.channels))
    yield from _layout(got, wanted, source)
    frame_s = AAC_FRAME / max(1, track.sample_rate)
    # Not every container stores how long the last packet lasts.
    packet_s = 1.5 * source["seconds"] / max(1, source["packets"])
    tolerance = max(0.05, packet_s if wanted.copied else PADDED_FRAMES * frame_s)
    if abs(got["seconds"] - source["seconds"]) > tolerance:
        yield f"{got['seconds']:.3f} s instead of {source['seconds']:.3f} s"
    planned = source["start_s"] - pictures_s[1]
    offset = got["start_s"] - pictures_s[0]
    if abs(offset - planned) > OFFSET_TOLERANCE_S:
        yield f"starts {offset:+.3f} s from the picture instead of {planned:+.3f} s"
    if "sound" in got:
        yield from _heard(got["sound"])


def _layout(got: dict[str, Any], wanted: TrackPlan, source: dict[str, Any]) -> Iterator[str]:
    if wanted.layout:
        yield from unequal(("layout", got["layout"], wanted.layout))
        return
    ours, theirs = _speakers(got), _speakers(source)
    if ours and theirs and ours != theirs:
        yield f"speakers: {'+'.join(sorted(ours))} instead of {'+'.join(sorted(theirs))}"


def _speakers(facts: dict[str, Any]) -> set[str]:
    """Side and back are one for AAC; none are known where only the count of channels is told."""
    same = {"SL": "BL", "SR": "BR"}
    names = facts.get("speakers", [])
    return set() if "NONE" in names else {same.get(name, name) for name in names}


def _heard(sound: dict[str, Any]) -> Iterator[str]:
    shift_s, apart = sound["shift_s"], sound["in_place_db"]
    shifted = apart >= SHIFTED_DB and sound["shifted_db"] <= SHIFTED_RATIO * apart
    if abs(shift_s) > OFFSET_TOLERANCE_S and shifted:
        yield f"is heard {shift_s:+.2f} s from its time at {sound['shift_at_s']:.0f} s"
    elif sound["worst_db"] > DIFFERENT_DB:
        yield f"sounds different at {sound['worst_at_s']:.0f} s, by {sound['worst_db']:.1f} dB"


def _places(got: dict[str, Any], wanted: TrackPlan, media: MediaInfo) -> Iterator[str]:
    """Where packets lie beside the picture."""
    late = got.get("shift")
    if late is None:
        return
    frame_s = media.video.duration_s / max(1, media.video.frames)
    nearer = max(LEAST_TOLERANCE_S, min(frame_s, OFFSET_TOLERANCE_S))
    if abs(late["shift_s"]) > (nearer if wanted.copied else CUE_TOLERANCE_S):
        yield f"packet {late['packet']} is {late['shift_s']:+.4f} s from its place beside the picture"
