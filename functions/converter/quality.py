"""How good a result was meant to be, how its rate factor was found, and what was measured of it: for the receipt."""

from dataclasses import dataclass
from typing import Any

from functions.converter.dropping import Warned
from functions.converter.ratesearch import UNREACHABLE
from functions.shared.qualities import Target

BY_VMAF, BY_TABLE, FIXED = "vmaf", "crf_table", "fixed_crf"
"""The rate factor was found by measuring, taken from the table of qualities, or asked for."""

HDR, NO_TIME, FAILED = "hdr", "no_time", "failed"
"""Why a rate factor is from the table: no model of VMAF is valid, the deadline is near, or measuring failed."""

BY_SIZE = "source_size"
"""What bounds the quality where the source has no more bits: the result is never larger."""

WHOLE_FILM, MET, MISSED, NOT_MEASURED = "whole_film", "met", "missed", "not_measured"

TOLERANCE = 1.0
"""Points that the film may be rated below its target."""

FLOOR_TOLERANCE = 4.0
"""The same of the 5th percentile: of a few dozen frames it is that of the worst scene among them."""


@dataclass(frozen=True)
class Gate:
    """What was measured of the finished film. ``vmaf``: of the film, estimated from the ``frames`` that were measured,
    whose mean is ``mean``; ``tolerance``: points below the target from which on it counts as missed."""

    outcome: str
    frames: int = 0
    mean: float | None = None
    vmaf: float | None = None
    p5: float | None = None
    tolerance: float = 0.0
    cpu_s: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """As a receipt tells it."""
        return {name: _short(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Quality:
    """``estimate`` is what the search expected of the film at the rate factor that it found: ``vmaf``, ``p5`` and
    ``size`` in bytes. A correction or the source's size may have led to another ``crf``.

    ``outcome``: ``found``, ``unreachable`` or ``easier`` of a search; where there was none, why. ``corrected``: the
    rate factor of a first encode that missed the target.
    """

    method: str
    crf: float
    target: Target | None = None
    model: str | None = None
    probes: tuple[dict[str, Any], ...] = ()
    samples: tuple[dict[str, Any], ...] = ()
    estimate: dict[str, float | None] | None = None
    gate: Gate | None = None
    search_cpu_s: float = 0.0
    bound_by: str | None = None
    outcome: str | None = None
    corrected: float | None = None

    @property
    def vmaf(self) -> float | None:
        """Of the finished film, as it was measured."""
        return self.gate.vmaf if self.gate else None

    @property
    def p5(self) -> float | None:
        return self.gate.p5 if self.gate else None

    def shown(self) -> dict[str, float | None]:
        """As status tells it."""
        vmaf, p5 = (None if value is None else round(value, 2) for value in (self.vmaf, self.p5))
        return {"crf": self.crf, "vmaf": vmaf, "p5": p5}

    def as_json(self) -> dict[str, Any]:
        """As a receipt tells it."""
        return {
            "method": self.method,
            "target": self.target.vmaf if self.target else None,
            "floor": self.target.floor if self.target else None,
            "model": self.model,
            "crf": self.crf,
            "probes": list(self.probes),
            "samples": list(self.samples),
            "estimate": self.estimate,
            "gate": self.gate.as_json() if self.gate else None,
            "search_cpu_s": round(self.search_cpu_s, 2),
            "bound_by": self.bound_by,
            "outcome": self.outcome,
            "corrected_from_crf": self.corrected,
        }


def is_missed(target: Target, vmaf: float, p5: float) -> bool:
    """Whether what was measured of a finished film is less than was asked for."""
    return vmaf < target.vmaf - TOLERANCE or p5 < target.floor - FLOOR_TOLERANCE


def quality_warnings(told: Quality) -> list[Warned]:
    """What a client should know where the asked quality was not met, or not measured."""
    if told.target is None:
        return []
    asked, gate = f"VMAF {told.target.vmaf:g}", told.gate
    measured = "" if told.vmaf is None or told.p5 is None else f": VMAF {told.vmaf:.1f}, 5th percentile {told.p5:.1f}"
    if told.method == BY_TABLE:
        instead = KEPT_SMALL if told.bound_by == BY_SIZE else USUAL
        why = WHY_UNMEASURED[str(told.outcome)]
        return [Warned("quality_unmeasured", f"{asked} could not be aimed at: {why}; {instead}.")]
    if told.outcome == UNREACHABLE:
        return [Warned("quality_missed", f"{asked} cannot be reached at any sensible size{measured}.")]
    if gate and gate.outcome == MISSED and told.bound_by == BY_SIZE:
        instead = "would have made it larger than its source, so it got fewer bits"
        return [Warned("quality_missed", f"{asked} {instead}{measured}.")]
    if gate and gate.outcome == MISSED:
        floor_alone = told.vmaf is not None and told.vmaf >= told.target.vmaf - TOLERANCE
        what = f"{asked}'s floor of {told.target.floor:g}" if floor_alone else asked
        return [Warned("quality_missed", f"{what} was missed{measured}.")]
    if gate is None or gate.outcome == NOT_MEASURED:
        return [Warned("quality_unmeasured", f"{asked} was aimed at, but what came out could not be measured.")]
    return []


WHY_UNMEASURED = {
    HDR: "VMAF has no model for HDR",
    NO_TIME: "the time left was too short for a search",
    FAILED: "measuring failed",
}
USUAL = "its quality is that of a usual rate factor"
KEPT_SMALL = "its rate factor is one that keeps it smaller than its source"


def _short(value: object) -> object:
    return round(value, 2) if isinstance(value, float) else value
