"""What a cold start costs each function: the import of its handler in a fresh interpreter, and what dominates it."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure
from tests.bench.setting import Setting

ROOT = Path(__file__).parents[2]
OTHERS = ("functions.reconciler.reconcile", "functions.migrate.migrate", "local.gateway", "local.worker")
NAMED = 4
TIMED = "import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"


def measure(setting: Setting) -> list[Figure]:
    """Each function, and the two programs of a desk."""
    handlers = sorted(f"functions.{path.parent.name}.handler" for path in ROOT.glob("functions/*/handler.py"))
    return [_figure(module, setting.pairs) for module in (*handlers, *OTHERS)]


def _figure(module: str, times: int) -> Figure:
    _python("-c", f"import {module}")  # compiles what is not compiled yet
    samples = tuple(1000 * float(_python("-c", TIMED.format(module=module)).stdout) for _ in range(times))
    own_us = own_times_us(_python("-X", "importtime", "-c", f"import {module}").stderr)
    note = ", ".join(f"{package} {us / 1000:.0f}" for package, us in own_us.most_common(NAMED))
    return Figure("imports", module, median(samples), "ms", note=note, samples=samples)


def own_times_us(report: str) -> Counter[str]:
    """Microseconds spent in each package's own modules, from the report of ``-X importtime``."""
    own_us: Counter[str] = Counter()
    for line in report.splitlines():
        fields = line.removeprefix("import time:").split("|")
        if line.startswith("import time:") and fields[0].strip().isdecimal():
            own_us[fields[2].strip().partition(".")[0]] += int(fields[0])
    return own_us


def _python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
