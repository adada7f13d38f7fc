"""How long the encoder may search, by name: the slower, the smaller the file of the same looks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Speed:
    """A set of x265's parameters.

    ``preset`` is x265's preset to start from. ``parameters``, in the form of ``-x265-params``, stand behind it, each by
    one name alone (``cutree=0``, never ``no-cutree``), so that what a film needs can replace them. ``replaces``: x265's
    preset that it is measured against.
    """

    name: str
    replaces: str
    preset: str
    parameters: str = ""


LEAN = "ctu=64:limit-modes=1:limit-refs=3:psy-rd=0"
"""Large blocks, few modes tried in them, and no bits spent on grain that is not the film's."""

SPEEDS = {
    speed.name: speed
    for speed in (
        Speed("fastest", "ultrafast", "ultrafast", f"{LEAN}:signhide=1"),
        Speed("fast", "superfast", "superfast", f"{LEAN}:rc-lookahead=8"),
        Speed("balanced", "veryfast", "superfast", f"{LEAN}:rc-lookahead=20:bframes=5:rdoq-level=2:aq-strength=0.3"),
        Speed(
            "smallest",
            "medium",
            "medium",
            "limit-modes=1:limit-refs=3:psy-rd=0.5:rdoq-level=2:sao=0:aq-strength=0.8:fast-intra=1:b-intra=0:ref=2:rd=2",
        ),
    )
}


def as_slow_as(preset: str, parameters: str) -> str:
    """The preset of x265 that needs about as much CPU time as these parameters behind that preset."""
    same = (speed.replaces for speed in SPEEDS.values() if (speed.preset, speed.parameters) == (preset, parameters))
    return next(same, preset)
