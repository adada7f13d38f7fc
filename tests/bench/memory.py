"""Memory and scratch of the API and of the worker for large files: both must not depend on the size."""

from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.product import Product, product
from tests.bench.setting import CLIP, MIB, Setting
from tests.bench.watching import (
    folder_bytes,
    io_counters,
    memory_now_bytes,
    memory_peak_bytes,
    spool_watched,
)
from tests.support.waiting import wait_until

SMALL = 64 * MIB
FORM = 1024 * MIB
SOURCE = 4096 * MIB
API_PEAK_MIB = 150
GROWTH_MIB = 16
"""What counts as flat: sixteen times the file may raise the peak by no more than a few buffers."""

NOISE_MIB = 1.0
"""Log lines and the requests themselves."""


@dataclass(frozen=True)
class FormUpload:
    """What the API did while a file came through the form, in bytes."""

    peak: int
    read: int
    written: int
    spooled: int


def measure(setting: Setting) -> list[Figure]:
    """The form with a small and a large file, then a presigned URL with a larger one, which the worker converts."""
    tmp = setting.folder / "memory" / "tmp"
    tmp.mkdir(parents=True)
    with product(setting.folder / "memory", TMPDIR=str(tmp)) as running:
        running.completed(running.put(CLIP).transaction_id)
        idle, small_peak = memory_now_bytes(running.worker.pid), memory_peak_bytes(running.worker.pid)
        small = _form(setting, running, SMALL, tmp)
        large = _form(setting, running, FORM, tmp)
        return [*_form_figures(small, large), *_presigned(setting, running, idle, small_peak)]


def _form(setting: Setting, running: Product, size: int, tmp: Path) -> FormUpload:
    api = running.api.pid
    log = running.stack.desk.data_dir / "logs" / "api.log"
    before = io_counters(api)
    file = setting.padded_clip(size)
    with spool_watched(api, tmp, log) as spool:
        transaction_id = running.post_form(file)
    after = io_counters(api)
    file.unlink()
    running.completed(transaction_id)
    setting.say(f"form upload of {size // MIB} MiB: the API's peak is {memory_peak_bytes(api) // MIB} MiB")
    return FormUpload(
        peak=memory_peak_bytes(api),
        read=after["rchar"] - before["rchar"],
        written=after["write_bytes"] - before["write_bytes"],
        spooled=max(spool.open_files, spool.folder),
    )


def _form_figures(small: FormUpload, large: FormUpload) -> list[Figure]:
    if large.read < FORM:
        raise AssertionError(f"the API's counter saw {large.read} bytes of {FORM}: it cannot prove anything")

    def figure(name: str, value: int, at_most: float, original: str = "") -> Figure:
        return Figure("memory", f"api, 1 GiB through the form, {name}", value / MIB, "MiB", at_most, original=original)

    return [
        figure("peak", large.peak, API_PEAK_MIB, "3.2 GB, then it fails"),
        figure("peak above that of 64 MiB", large.peak - small.peak, GROWTH_MIB),
        figure("written to disk", large.written, NOISE_MIB),
        figure("in open or temporary files", large.spooled, 0),
    ]


def _presigned(setting: Setting, running: Product, idle: int, small_peak: int) -> list[Figure]:
    worker, api, scratch = running.worker.pid, running.api.pid, running.stack.desk.data_dir / "scratch"
    log = running.stack.desk.data_dir / "logs" / "worker-1.log"
    before = io_counters(api)
    file = setting.padded_clip(SOURCE)
    with spool_watched(worker, scratch, log) as spool:
        transaction_id = running.put(file).transaction_id
        file.unlink()
        running.completed(transaction_id)
    after = io_counters(api)
    wait_until(lambda: folder_bytes(scratch) == 0, "an empty scratch folder")
    peak = memory_peak_bytes(worker)
    setting.say(f"source of {SOURCE // MIB} MiB: the worker's peak is {peak // MIB} MiB")
    through_api = after["rchar"] - before["rchar"]
    return [
        Figure("memory", "api, 4 GiB through a presigned URL, bytes seen", through_api / MIB, "MiB", NOISE_MIB),
        Figure("memory", "worker, idle after a conversion", idle / MIB, "MiB"),
        Figure("memory", "worker, 4 GiB source, peak", peak / MIB, "MiB"),
        Figure(
            "memory", "worker, 4 GiB source, peak above that of 1 MiB", (peak - small_peak) / MIB, "MiB", GROWTH_MIB
        ),
        Figure("memory", "worker, 4 GiB source, scratch at most", spool.folder / MIB, "MiB", 1.1 * SOURCE / MIB),
    ]
