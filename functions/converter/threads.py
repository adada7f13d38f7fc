"""How many processors are ours, and how many of them the encode of a picture fills."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

CGROUPS, OWN_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
BLOCK = 64
"""Samples a side of x265's coding tree units."""

FRAME_THREADS = 3
LARGE = 1920 * 1088
"""Pixels up to which that was measured; larger pictures are left to x265's own choice."""

MOST_FRAME_THREADS = 16
"""What x265 4.3 allows."""

USUAL_FRAME_THREADS = ((32, 5), (16, 4), (8, 3), (4, 2))
"""What x265 4.3 itself takes for pools of so many threads and more, as its log tells; below that one."""


@dataclass(frozen=True)
class Threads:
    """Of one encode: ``pool`` work on blocks, each on one of ``frames`` frames.

    ``rows``: on several rows of a frame at a time (x265's WPP, for which each row begins to learn anew how its symbols
    are spread). ``pool`` alone leaves the result as it is.
    """

    pool: int
    frames: int
    rows: bool = True

    def parameters(self) -> dict[str, str]:
        """For x265, which would count the machine's processors without them."""
        return {"pools": str(self.pool), "frame-threads": str(self.frames)}

    def reading(self) -> list[str]:
        """ffmpeg's options before the input for what decodes and filters, which would count them as well: one more
        thread decodes, as ffmpeg does by itself, at most 16."""
        return ["-filter_complex_threads", str(self.pool), "-threads", str(min(self.pool + 1, 16))]


def processors_available(groups: Path = CGROUPS, own: Path = OWN_GROUPS) -> int:
    """Processors that this process may use: by its affinity, and by the least quota of the cgroups that it is in.

    A quota of one and a half counts as two. Without cgroups, as on AWS Lambda, the affinity decides.
    """
    return max(1, min((len(os.sched_getaffinity(0)), *_quotas(groups, own))))


def threads_for(width: int, height: int, share: int) -> int:
    """Of ``share`` processors, those that the encode of such a picture keeps busy nearly all the time.

    x265 encodes the rows of a frame side by side, each two blocks behind the one above: on average so many at a time
    as all blocks are over the time in which the last row ends. Half of them count, for rows wait for each other, and
    so do frames: one processor up to 480 lines, two at 720, four at 1080, eight at 2160.
    """
    columns, rows = (-(-side // BLOCK) for side in (width, height))
    return max(1, min(share, columns * rows // (columns + 2 * (rows - 1)) // 2))


def is_small(width: int, height: int) -> bool:
    """Whether the encode of such a picture fills one processor and no more."""
    return threads_for(width, height, 2) == 1


def most_threads(height: int, frames: int, share: int) -> int:
    """Of ``share`` processors, those that can ever work on such a picture: one a row of each of ``frames`` frames."""
    return max(1, min(share, -(-height // BLOCK) * frames))


def frame_threads(width: int, height: int, processors: int, *, rows: bool = True) -> int:
    """Frames that x265 encodes at a time; by the machine and not by an encode's share, as they change its bytes.

    Where it does not work on several rows of a frame, a small film that is alone keeps no more processors busy than
    this. Larger ones get no more of them, for each frame takes memory.

    On two cores three frames at a time took 0.86 to 1.02 (mean 0.92) of the wall time of one, which is x265's choice
    there, and two took 0.95: eight clips of 128 to 1080 lines, ultrafast and veryfast, CPU time the same within 8 %.
    The result had -0.29 to +0.08 % of bytes more, medium included, and the same bytes with one thread or two.
    """
    if not rows and processors > 1 and is_small(width, height):
        return min(processors + 1, MOST_FRAME_THREADS)
    usual = next((threads for least, threads in USUAL_FRAME_THREADS if processors >= least), 1)
    return usual if processors == 1 or width * height > LARGE else max(usual, FRAME_THREADS)


def _quotas(groups: Path, own: Path) -> Iterator[int]:
    """Of each cgroup from ours up to the topmost one that can be seen, in whole processors."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            mounts = [groups, groups / "unified"]
        elif "cpu" in controllers.split(","):
            mounts = [groups / controllers, groups / "cpu"]
        else:
            continue
        inside = PurePosixPath(path.lstrip("/"))
        parts = [part for part in (inside, *inside.parents) if ".." not in part.parts]
        for folder in {mount / part for mount in mounts for part in parts}:
            yield from _quota(folder)


def _quota(folder: Path) -> Iterator[int]:
    """What one cgroup allows; nothing if it sets no limit. https://docs.kernel.org/admin-guide/cgroup-v2.html: ``max
    100000`` or ``150000 100000``; in version 1 -1 in a file of its own."""
    try:
        quota, period = (folder / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        except OSError:
            return
    if quota.isdecimal() and period.isdecimal() and int(period):
        yield -(-int(quota) // int(period))
