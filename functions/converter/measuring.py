"""One process that compares two films frame by frame with libvmaf."""

from dataclasses import dataclass

from functions.converter import ffmpeg, vmaf
from functions.converter.encode import Job, process_limits
from functions.converter.pictureplan import PicturePlan
from functions.converter.samples import MOST_BYTES
from functions.converter.slots import Share
from functions.converter.workspace import require_within
from functions.shared.errors import EncodeFailed

LOG = "vmaf.json"


@dataclass(frozen=True)
class Measured:
    """``scores``: VMAF of each measured frame, in their order."""

    scores: tuple[float, ...]
    cpu_s: float


@dataclass(frozen=True)
class Side:
    """One of two films: ffmpeg's options that open it, and the filters from there to its frames."""

    inputs: list[str]
    chain: str


@dataclass(frozen=True)
class Ruler:
    """How pictures of one kind are measured: ``model`` of libvmaf, every how many frames, at which size."""

    model: str
    every: int
    size: tuple[int, int] | None

    def preparing(self) -> str:
        """Filters that give the frames of both films the same numbers for times, for they are paired by those."""
        words = ["settb=1/1000", "setpts=N"]
        words += [f"select=not(mod(n\\,{self.every}))"] if self.every > 1 else []
        words += [f"scale={self.size[0]}:{self.size[1]}:flags=bicubic"] if self.size else []
        return ",".join(words)


def ruler(picture: PicturePlan) -> Ruler:
    """How the pictures of a result are measured."""
    width, height = picture.width, picture.height
    measured = vmaf.measured_size(width, height)
    every = vmaf.every_nth(picture.frame_rate) if picture.frames > 2 else 1
    return Ruler(vmaf.model(width, height), every, None if measured == (width, height) else measured)


def measure(
    distorted: Side, reference: Side, measure_by: Ruler, job: Job, share: Share, source_fd: int | None = None
) -> Measured:
    """Raises ``EncodeFailed`` if they cannot be compared, and what a process of its kind raises.

    The reference is ffmpeg's first input, the distorted film its second one. Frames are paired by their numbers.
    ``source_fd``: where one of the two is read by descriptor.
    """
    log = job.folder / LOG
    log.unlink(missing_ok=True)
    same = measure_by.preparing()
    compare = vmaf.measure_filter(measure_by.model, LOG, share.threads.pool)
    graph = f"{distorted.chain},{same}[d];{reference.chain},{same}[r];[d][r]{compare}:shortest=1[o]"
    outputs = ["-filter_complex", graph, "-map", "[o]", "-fps_mode", "passthrough", "-f", "null"]
    inputs = [*share.threads.reading(), *reference.inputs, *share.threads.reading(), *distorted.inputs]
    argv = ffmpeg.command(inputs, outputs, log.with_name("none"))
    job.lease.beat()
    ran = run(argv, job, share, source_fd)
    try:
        scores = tuple(vmaf.read_scores(log))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise EncodeFailed("libvmaf left no log that can be read") from exc
    if not scores:
        raise EncodeFailed("libvmaf measured no frame")
    return Measured(scores, ran.cpu_s)


def run(argv: list[str], job: Job, share: Share, source_fd: int | None = None) -> ffmpeg.Ran:
    """A process of the search or the gate, under the attempt's limits."""
    limits = process_limits(job, share.memory_bytes, MOST_BYTES)

    def within(_report: object) -> None:
        require_within(job.source.parent, job.settings.max_scratch_bytes)

    return ffmpeg.run(argv, source_fd, job.folder, limits, job.lease.watch, within)
