"""How long the encoder may search, by name: the slower, the smaller the file of the same looks.

The sets were found by ``python -m tests.bench.ladder`` (x265 4.3, November 2026) on nine films; its raw results lie
beside it, and docs/benchmarks.md tells what they save and how that was judged.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Speed:
    """A set of x265's parameters.

    ``preset`` is x265's preset to start from. ``parameters``, in the form of ``-x265-params``, stand behind it, each by
    one name alone (``cutree=0``, never ``no-cutree``), so that what a film needs can replace them; ``small`` stand
    behind these for pictures that one processor encodes. ``replaces``: x265's preset that it is measured against.
    """

    name: str
    replaces: str
    preset: str
    parameters: str = ""
    small: str = ""


LEAN = "psy-rd=0:limit-refs=3:limit-modes=1"
"""No bits spent on grain that is not the film's, and few modes tried."""

THRIFTY = "pbratio=1.4:strong-intra-smoothing=0:signhide=1"
"""What saves bytes and takes next to no time."""

LARGE_BLOCKS, SMALL_BLOCKS = "ctu=64:qg-size=64", "ctu=32:qg-size=32"
"""Large ones save 3 to 10 % where pictures are large, and take longer."""

DENSE = "ctu=64:bframes=5:rdoq-level=2"
"""What saves most bytes for the time that it takes."""

SPEEDS = {
    speed.name: speed
    for speed in (
        Speed(
            "fastest",
            "ultrafast",
            "ultrafast",
            f"{LEAN}:max-merge=4:{THRIFTY}:{LARGE_BLOCKS}:rc-lookahead=12",
            small=SMALL_BLOCKS,
        ),
        Speed(
            "fast",
            "superfast",
            "superfast",
            f"{LEAN}:max-merge=3:{THRIFTY}:{LARGE_BLOCKS}:rc-lookahead=20",
            small=SMALL_BLOCKS,
        ),
        Speed("balanced", "veryfast", "superfast", f"{LEAN}:{DENSE}:rc-lookahead=20:aq-mode=1:aq-strength=0.3"),
        Speed(
            "smallest",
            "medium",
            "superfast",
            f"{LEAN}:{DENSE}:b-adapt=2:b-intra=1:subme=2:ref=2:max-merge=3:rc-lookahead=25:qg-size=64"
            ":aq-mode=2:aq-strength=0.9",
        ),
    )
}


def as_slow_as(preset: str, parameters: str) -> str:
    """The preset of x265 that needs about as much CPU time as these parameters behind that preset."""
    speed = _of(preset, parameters)
    return speed.replaces if speed else preset


def for_small_pictures(preset: str, parameters: str) -> str:
    """What stands behind these parameters for small pictures."""
    speed = _of(preset, parameters)
    return speed.small if speed else ""


def _of(preset: str, parameters: str) -> Speed | None:
    same = (speed for speed in SPEEDS.values() if (speed.preset, speed.parameters) == (preset, parameters))
    return next(same, None)
