"""Each track of a result beside the track of the source that it was made of."""

from typing import Any

import av

from functions.converter.inspector.probing import track_facts
from functions.converter.inspector.tally import NO_TIME, Tally

Tallies = dict[int, Tally]


def compare_tracks(
    fds: list[int], request: dict[str, Any], containers: tuple[Any, Any], wanted: Tallies, got: Tallies
) -> dict[str, Any]:
    """Facts of all tracks of the result but the picture, and of all streams of the source.

    ``request["tracks"]`` names in the order of the result, by type, which stream each was made of and whether it was
    ``copied``. Of an encoded sound, times are those of what is heard, on both sides; of all else, those of the packets.
    """
    source, output = containers
    video = output.streams.video[0].index
    tracks = [_track(stream, got[stream.index]) for stream in output.streams if stream.index != video]
    sources = {stream.index: _source(stream, wanted[stream.index]) for stream in source.streams}
    starts_s = wanted[request["video_index"]].picture_start_s, got[video].start_s
    for asked, track in _pairs(request["tracks"], tracks):
        theirs = wanted[asked["source"]]
        if asked["type"] == "audio" and not asked["copied"]:
            from functions.converter.inspector.sound import compare_sound  # numpy, for those who encode sound

            sound = compare_sound(fds, request, (asked["source"], track["index"]), starts_s)
            track |= {"sound": sound, **_heard(sound["result"], starts_s[1])}
            sources[asked["source"]] |= _heard(sound["source"], starts_s[0])
        elif not theirs.joined:  # else ffmpeg decides where the clock goes on
            track["shift"] = _shift(theirs, got[track["index"]], starts_s)
    return {"tracks": tracks, "sources": sources}


def _pairs(asked: list[dict[str, Any]], tracks: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The n-th of a type that was planned and the n-th that is there, as far as there are both."""
    pairs = []
    for kind in ("audio", "subtitle"):
        ours = [track for track in tracks if track["type"] == kind]
        pairs += list(zip([one for one in asked if one["type"] == kind], ours, strict=False))
    return pairs


def _track(stream: Any, times: Tally) -> dict[str, Any]:
    attached = bool(stream.disposition & av.stream.Disposition.attached_pic)
    return {
        **track_facts(stream),
        **_source(stream, times),
        "type": "cover" if attached else stream.type,
        "channels": stream.codec_context.channels if stream.type == "audio" else 0,
        "layout": stream.codec_context.layout.name if stream.type == "audio" else "",
    }


def _source(stream: Any, times: Tally) -> dict[str, Any]:
    start_s, seconds = times.span_of_all()
    return {
        "payload": times.payload,
        "packets": times.all_packets,
        "start_s": start_s,
        "seconds": seconds,
        "speakers": [one.name for one in stream.codec_context.layout.channels] if stream.type == "audio" else [],
    }


def _heard(span: list[float], picture_s: float) -> dict[str, float]:
    return {"start_s": span[0] + picture_s, "seconds": span[1] - span[0]}


def _shift(wanted: Tally, got: Tally, starts_s: tuple[float, float]) -> dict[str, Any] | None:
    """The packet that lies furthest from its place beside the picture; None where packets cannot be matched."""
    if len(wanted.packet_times) != len(got.packet_times):
        return None
    worst: dict[str, Any] | None = None
    for number, (theirs, ours) in enumerate(zip(wanted.packet_times, got.packet_times, strict=True)):
        if NO_TIME in (theirs, ours):
            continue
        place_s = float(theirs * wanted.time_base) - starts_s[0]
        shift_s = float(ours * got.time_base) - starts_s[1] - place_s
        if worst is None or abs(shift_s) > abs(worst["shift_s"]):
            worst = {"packet": number, "at_s": round(place_s, 3), "shift_s": round(shift_s, 6)}
    return worst
