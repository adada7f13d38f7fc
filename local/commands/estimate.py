"""``estimate FILE``: what converting it would come to, foretold from three samples here; no server is asked."""

import argparse
import json
from collections.abc import Callable

from functions.converter.estimating import LOW, Estimate, estimate_film
from functions.converter.foretelling import Band
from local.bars import printable
from local.commands.options import asked
from local.commands.running import reporting
from local.localfile import require_file
from local.ondesk import options_here, plan_here, settings_here, workplace

MEGABYTE = 1e6
Shown = Callable[[float], str]


@reporting
def run(args: argparse.Namespace) -> int:
    """Standard output gets the table, or with ``--json`` what the API would answer."""
    require_file(args.file)
    settings = settings_here()
    options = options_here(asked(args), settings)
    with workplace(settings) as place:
        planned = plan_here(place.bring(args.file), options, place)
        found = estimate_film(planned.job, planned.plan, options, place.inspector)
    print(json.dumps(found.as_json(), indent=2) if args.json else words(args.file.name, found))
    return 0


def words(name: str, found: Estimate) -> str:
    """The table, and below it what there is to say of it."""
    rows = [("", "about", "between", "")]
    rows.append(_row("size", found.size, megabytes, saving(found)))
    if found.vmaf:
        rows.append(_row("VMAF", found.vmaf, lambda value: f"{value:.1f}", "of 100"))
    rows.append(_row("time", found.seconds, duration, "on this machine"))
    rows.append(_row("cost", found.cost_usd, dollars, "on AWS, kept for a month and downloaded once"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [f"{printable(name)}: {_what(found)}"]
    lines += [
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows
    ]
    if found.reason:
        lines.append(f"Low confidence: {found.reason}" if found.confidence == LOW else found.reason)
    elif found.confidence == LOW:
        lines.append("Low confidence: real figures may lie outside.")
    return "\n".join(line.rstrip() for line in lines)


def saving(found: Estimate) -> str:
    """The size beside that of the source."""
    share = found.size.estimate / found.source_size
    if abs(1 - share) < 0.005:
        return f"as large as the source ({megabytes(found.source_size)})"
    return f"{abs(1 - share):.0%} {'less' if share < 1 else 'more'} than the source ({megabytes(found.source_size)})"


def megabytes(size: float) -> str:
    return f"{size / MEGABYTE:.{2 if size < 10 * MEGABYTE else 0}f} MB"


def duration(seconds: float) -> str:
    """``12 s``, ``3:05 min`` or ``2:40 h``."""
    if seconds < 60:
        return f"{seconds:.{0 if seconds >= 10 else 1}f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"


def dollars(usd: float) -> str:
    return f"${usd:.{2 if usd >= 1 else 4}f}"


def _row(name: str, band: Band, shown: Shown, note: str) -> tuple[str, str, str, str]:
    return name, shown(band.estimate), f"{shown(band.low)} and {shown(band.high)}", note


def _what(found: Estimate) -> str:
    if found.crf is None:
        return found.outcome.replace("_", " ")
    options = found.options
    how = [f"VMAF {options['vmaf']:g}"] if options["vmaf"] and not options["quality"] else []
    how += [f"quality {options['quality']}"] if options["quality"] else []
    how += [f"crf {found.crf:g}", f"speed {options['speed']}" if options["speed"] else f"preset {options['preset']}"]
    return f"{found.outcome} ({', '.join(how)})"
