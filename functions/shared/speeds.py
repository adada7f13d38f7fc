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


SPEEDS = {
    speed.name: speed
    for speed in (
        Speed("fastest", "ultrafast", "ultrafast", "aq-mode=2:cutree=1:rc-lookahead=15:ctu=64"),
        Speed("fast", "superfast", "superfast"),
        Speed("balanced", "veryfast", "veryfast"),
        Speed("small", "medium", "medium"),
        Speed("smallest", "slow", "slow"),
    )
}


def as_slow_as(preset: str, parameters: str) -> str:
    """The preset of x265 that needs about as much CPU time as these parameters behind that preset."""
    same = (speed.replaces for speed in SPEEDS.values() if (speed.preset, speed.parameters) == (preset, parameters))
    return next(same, preset)
