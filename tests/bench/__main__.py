"""``python -m tests.bench [--only NAME] [--quick]``: measure, print the table, keep it as JSON, name missed bounds."""

import argparse
import json
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    coldstart,
    corpus,
    estimate,
    imports,
    landing,
    machine,
    memory,
    overhead,
    rates,
    remux,
    shares,
    sidebyside,
    system,
    throughput,
)
from tests.bench.figures import Figure, missed_lines, table
from tests.bench.setting import Setting

MEASURES: dict[str, Callable[[Setting], list[Figure]]] = {
    "overhead": overhead.measure,
    "shares": shares.measure,
    "remux": remux.measure,
    "corpus": corpus.measure,
    "throughput": throughput.measure,
    "sidebyside": sidebyside.measure,
    "system": system.measure,
    "memory": memory.measure,
    "rates": rates.measure,
    "imports": imports.measure,
    "coldstart": coldstart.measure,
    "landing": landing.measure,
    "estimate": estimate.measure,
}
RESULTS = Path(__file__).parent / "results"
SCRATCH_BYTES = 12 * 1024**3
"""The 4 GiB source lies in storage and in the worker's scratch folder at once."""


def main() -> int:
    """0 if every bound is kept, 1 if one is missed or a measure failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure what the product promises.")
    parser.add_argument("--only", action="append", choices=MEASURES, help="one measure; may be given again")
    parser.add_argument("--quick", action="store_true", help="once instead of five times: to try, not to believe")
    parser.add_argument("--pairs", type=int, help="how often reference and product take turns")
    asked = parser.parse_args()
    before = machine.describe()
    started = time.monotonic()
    figures: list[Figure] = []
    failed = []
    for name in asked.only or MEASURES:
        try:
            figures += _measured(name, quick=asked.quick, asked_pairs=asked.pairs)
        except Exception:
            traceback.print_exc()
            failed.append(f"failed: {name} could not be measured")
    print(table(figures))
    lines = missed_lines(figures) + failed
    if not asked.quick:
        _keep(before, time.monotonic() - started, figures, lines)
    print("\n".join(lines) or "every bound is kept")
    return 1 if lines else 0


def _measured(name: str, *, quick: bool, asked_pairs: int | None) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if shutil.disk_usage(folder).free < SCRATCH_BYTES:
            raise OSError(f"{folder} needs {SCRATCH_BYTES // 1024**3} GiB free; set TMPDIR")
        pairs, clips, load_s = (1, 3, 2.0) if quick else (5, 12, 5.0)
        return MEASURES[name](Setting(Path(folder), asked_pairs or pairs, clips, load_s, _say))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _keep(before: dict[str, object], seconds: float, figures: list[Figure], lines: list[str]) -> None:
    now = datetime.now(UTC)
    result = {
        "measured": now.isoformat(timespec="seconds"),
        "minutes": round(seconds / 60, 1),
        "machine": before,
        "missed": lines,
        "figures": [_rounded(figure.as_json()) for figure in figures],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"kept in {path}")


def _rounded(facts: dict[str, object]) -> dict[str, object]:
    """Four digits say all that was measured."""

    def short(value: object) -> object:
        return float(f"{value:.4g}") if isinstance(value, float) else value

    return {k: [short(one) for one in v] if isinstance(v, tuple) else short(v) for k, v in facts.items()}


if __name__ == "__main__":
    sys.exit(main())
