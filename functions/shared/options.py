"""What a client may ask of a conversion, and what that means today: resolved once, then frozen in the row."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from functions.shared.qualities import QUALITIES, Target, fallback_crf, floor_for
from functions.shared.settings import Settings
from functions.shared.speeds import SPEEDS

QUALITY = "balanced"
SPEED = "balanced"
"""What holds where neither the client nor the operator has said anything else."""

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

    ``preset``, ``parameters`` (in the form of ``-x265-params``, behind the preset) and ``crf`` are x265's; ``speed`` is
    the name of the first two, if they have one. ``crf`` None: it is to be found for ``vmaf``, the mean over the frames,
    and ``floor``, their 5th percentile; ``quality`` is the name of the two, if they have one.
    ``max_height`` is the most rows of the picture as it is shown; a lower picture stays as it is. What ``require``
    names and the conversion cannot keep is refused before anything is encoded.
    """

    preset: str
    crf: float | None
    quality: str | None = None
    vmaf: float | None = None
    floor: float | None = None
    speed: str | None = None
    parameters: str = ""
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
            crf=_number(stored["crf"]),
            quality=stored.get("quality"),
            vmaf=_number(stored.get("vmaf")),
            floor=_number(stored.get("floor")),
            speed=stored.get("speed"),
            parameters=str(stored.get("parameters", "")),
            max_height=stored.get("max_height"),
            **_choices(stored),
        )

    @classmethod
    def resolve(cls, request: Mapping[str, Any], settings: Settings) -> Self:
        """What a checked request means under today's settings; names left out, or None, have their defaults."""
        asked = {name: value for name, value in request.items() if value is not None}
        required = frozenset(asked.get("require", ()))
        asked["keep"] = required & set(KEEPABLE) | set(asked.get("keep", ()))
        return cls(
            **_effort(asked.get("speed"), settings),
            **_looks(asked, settings),
            max_height=asked.get("max_height"),
            **_choices(asked),
        )

    @property
    def target(self) -> Target | None:
        """What the rate factor is to be found for; None if it is fixed."""
        if self.crf is not None or self.vmaf is None or self.floor is None:
            return None
        return Target(self.vmaf, self.floor)

    @property
    def starting_crf(self) -> float:
        """The rate factor that is fixed, or the one that holds until a better one is found for the target."""
        if self.crf is not None:
            return self.crf
        if self.target is None:
            raise ValueError("options without a rate factor and without a target")
        return fallback_crf(self.target)

    def as_json(self) -> dict[str, Any]:
        """As the row stores it and status shows it."""
        return asdict(self) | {
            "keep": sorted(self.keep),
            "require": sorted(self.require),
            "previews": "on" if self.previews else "off",
        }


def _effort(speed: str | None, settings: Settings) -> dict[str, Any]:
    """How hard x265 tries. A preset that the operator has set has no name among ours."""
    if speed is None and settings.x265_preset is not None:
        return {"preset": settings.x265_preset}
    chosen = SPEEDS[speed or SPEED]
    return {"speed": chosen.name, "preset": chosen.preset, "parameters": chosen.parameters}


def _looks(asked: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """A rate factor, or what it is to be found for; a request names at most one of crf, quality and vmaf."""
    quality, vmaf = asked.get("quality"), asked.get("vmaf")
    if vmaf is not None:
        return {"crf": None, "vmaf": float(vmaf), "floor": floor_for(vmaf)}
    crf = asked.get("crf", settings.x265_crf)
    if quality is None and crf is not None:
        return {"crf": float(crf)}
    target = QUALITIES[quality or QUALITY]
    return {"crf": None, "quality": quality or QUALITY, "vmaf": target.vmaf, "floor": target.floor}


def _number(stored: Any) -> float | None:
    return None if stored is None else float(stored)


def _choices(named: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a default of their own."""
    return {
        "container": str(named.get("container", "mp4")),
        "audio": str(named.get("audio", "auto")),
        "keep": frozenset(named.get("keep", ())),
        "require": frozenset(named.get("require", ())),
        "previews": named.get("previews", "on") == "on",
    }
