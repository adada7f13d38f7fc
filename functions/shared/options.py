"""What a client may ask of a conversion, and what that means today: resolved once, then frozen in the row."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from functions.shared.settings import Settings

QUALITIES = {"small": 30, "balanced": 26, "high": 22, "visually_lossless": 18}
"""CRF of x265 by the name of a quality."""

SPEEDS = {
    "fastest": "ultrafast",
    "fast": "superfast",
    "balanced": "veryfast",
    "small": "medium",
    "smallest": "slow",
}
"""Preset of x265 by the name of a speed: the slower, the smaller the file of the same quality."""

MAX_CRF = 51
LEAST_HEIGHT = 64
MOST_HEIGHT = 8192
"""Bounds of ``max_height``, in rows of the picture."""

CONTAINERS = ("mp4", "mkv")
AUDIO = ("auto", "copy", "aac", "none")
KEEPABLE = ("location", "chroma")
REQUIRABLE = (
    "hdr",
    "hdr10plus",
    "dolby_vision",
    "all_audio",
    "subtitles",
    "attachments",
    "chapters",
    "alpha",
    "chroma",
    "location",
)
ON_OFF = ("on", "off")


@dataclass(frozen=True)
class Options:
    """What one conversion shall do.

    ``preset`` and ``crf`` are x265's; ``quality`` and ``speed`` are the names they were asked by, if they were.
    ``max_height`` is the most rows of the picture as it is shown; a lower picture stays as it is. What ``require``
    names and the conversion cannot keep is refused before anything is encoded.
    """

    preset: str
    crf: float
    quality: str | None = None
    speed: str | None = None
    max_height: int | None = None
    container: str = "mp4"
    audio: str = "auto"
    keep: frozenset[str] = frozenset()
    require: frozenset[str] = frozenset()
    previews: bool = True

    @classmethod
    def from_row(cls, stored: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` wrote; rows of older versions hold ``preset`` and ``crf`` alone."""
        return cls(
            preset=str(stored["preset"]),
            crf=float(stored["crf"]),
            quality=stored.get("quality"),
            speed=stored.get("speed"),
            max_height=stored.get("max_height"),
            **_choices(stored),
        )

    @classmethod
    def resolve(cls, request: Mapping[str, Any], settings: Settings) -> Self:
        """What a checked request means under today's settings; names left out, or None, have their defaults."""
        asked = {name: value for name, value in request.items() if value is not None}
        quality, speed = asked.get("quality"), asked.get("speed")
        required = frozenset(asked.get("require", ()))
        asked["keep"] = required & set(KEEPABLE) | set(asked.get("keep", ()))
        crf = QUALITIES[quality] if quality else asked.get("crf", settings.x265_crf)
        return cls(
            preset=SPEEDS[speed] if speed else settings.x265_preset,
            crf=float(crf),
            quality=quality,
            speed=speed,
            max_height=asked.get("max_height"),
            **_choices(asked),
        )

    def as_json(self) -> dict[str, Any]:
        """As the row stores it and status shows it."""
        return asdict(self) | {
            "keep": sorted(self.keep),
            "require": sorted(self.require),
            "previews": "on" if self.previews else "off",
        }


def _choices(named: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a default of their own."""
    return {
        "container": str(named.get("container", "mp4")),
        "audio": str(named.get("audio", "auto")),
        "keep": frozenset(named.get("keep", ())),
        "require": frozenset(named.get("require", ())),
        "previews": named.get("previews", "on") == "on",
    }
