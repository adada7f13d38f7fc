"""Plans of made-up sources, and what stands in their arguments."""

from itertools import pairwise
from typing import Any

from functions.converter.media import MediaInfo
from functions.converter.plan import ConversionPlan, plan_conversion
from functions.shared.options import Options


def asked(preset: str = "veryfast", crf: float | None = 26, **options: Any) -> Options:
    sets = {name: frozenset(options.get(name, ())) for name in ("keep", "require")}
    return Options(preset, crf, **{**options, **sets})


def planned(media: MediaInfo, **options: Any) -> ConversionPlan:
    return plan_conversion(media, asked(**options))


def value_of(arguments: list[str], option: str) -> str | None:
    """What stands behind an option; None if it is not there."""
    return next((value for name, value in pairwise(arguments) if name == option), None)


def values_of(arguments: list[str], option: str) -> list[str]:
    return [value for name, value in pairwise(arguments) if name == option]
