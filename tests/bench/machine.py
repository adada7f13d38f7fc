"""What the figures were measured on, without naming the machine."""

import os
import platform
from pathlib import Path
from typing import Any

from functions.converter import ffmpeg
from functions.converter.threads import processors_available

GIB = 1024**3


def describe() -> dict[str, Any]:
    """Processor, memory, versions and how busy it is now."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processors": processors_available(),
        "model": _processor(),
        "memory_gib": round(memory / GIB, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "encoder": ffmpeg.version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
