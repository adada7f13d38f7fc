"""Facts that the inspector tells of a result, made up: perfect, or changed in one place."""

from copy import deepcopy
from typing import Any

from functions.converter.media import MediaInfo
from functions.converter.plan import ConversionPlan

Facts = dict[str, Any]


def perfect(media: MediaInfo, plan: ConversionPlan) -> Facts:
    """What is measured of a result in which everything is as planned."""
    picture, video = plan.picture, media.video
    heard = {track.index: track for track in media.audio}
    sources = {
        str(track.index): {"payload": f"bytes of {track.index}", "packets": 40, "start_s": 0.0, "seconds": 10.0}
        for track in plan.tracks
    }
    return {
        "faststart": plan.container == "mp4",
        "codec": picture.codec,
        "tag": "hvc1",
        "size": [picture.width, picture.height],
        "source_packets": video.frames,
        "source_payload": "the film",
        "packets": picture.frames,
        "payload": "the film" if picture.copied else "encoded",
        "frames": picture.frames,
        "broken_frames": 0,
        "duration_s": video.duration_s,
        "start_s": 0.0,
        "misplaced": None,
        "times": [number / 50 for number in range(picture.frames)] if picture.retimed else None,
        "picture": {
            "pixel_format": picture.pixel_format,
            "rotation": picture.rotation,
            "mirrored": picture.mirrored,
            "colour": vars(picture.colour),
            "hdr": vars(picture.hdr),
            "sample_aspect_ratio": [picture.sample_aspect_ratio.numerator, picture.sample_aspect_ratio.denominator],
        },
        "tracks": [
            {
                "type": track.kind,
                "index": number + 1,
                "language": track.language,
                "title": track.title,
                "flags": list(track.flags),
                "packets": 40,
                "payload": f"bytes of {track.index}" if track.copied else "encoded",
                "seconds": 10.0,
                "start_s": 0.0,
                "channels": heard[track.index].channels if track.kind == "audio" else 0,
                "layout": heard[track.index].layout if track.kind == "audio" else "",
            }
            for number, track in enumerate(plan.tracks)
        ],
        "sources": sources,
        "chapters": [vars(chapter) for chapter in plan.chapters],
        "tags": dict(plan.tags),
    }


def changed(facts: Facts, changes: dict[str, Any]) -> Facts:
    """``changes``: a way to a value, with dots → the value that it gets; None takes an item of a list away."""
    facts = deepcopy(facts)
    for way, value in changes.items():
        *names, last = way.split(".")
        place: Any = facts
        for name in names:
            place = place[int(name) if isinstance(place, list) else name]
        if isinstance(place, list) and value is None:
            del place[int(last)]
        else:
            place[int(last) if isinstance(place, list) else last] = value
    return facts
