"""Both films through one sandboxed ffmpeg: a score for each pair of frames, their times, the sizes of their packets."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from functions.converter import ffmpeg, process, vmaf
from functions.converter.threads import processors_available
from functions.converter.tinypictures import FRAME_BYTES, SIDE
from functions.shared.errors import EncodeFailed
from functions.shared.transactions import Progress
from local.compare.films import Film
from local.compare.metric import VMAF, XPSNR, Metric, read_xpsnr
from local.compare.tables import Packet, read_packets, read_times
from local.ondesk import Workplace
from local.problems import ClientError

LOG = "scores.log"
XPSNR_SAMPLES = "yuv420p"
"""ffmpeg 9's filter reads the rows of pictures of more than 8 bits at a wrong distance unless their width suits its
buffers: 160x120 in 10 bits gets -4 dB instead of 18. With 8 bits it copies them first."""


@dataclass(frozen=True)
class Measured:
    """``scores[k]`` is that of the result's frame ``frames[k]``, which is shown ``times[k]`` seconds after its first
    and stands beside the frame ``sources[k]`` of the source. ``thumbs``: tiny pictures of the source's frames."""

    metric: Metric
    model: str
    scores: list[float]
    frames: list[int]
    times: list[float]
    sources: list[int]
    thumbs: Path
    source_packets: list[Packet]
    result_packets: list[Packet]


def measure(source: Film, result: Film, place: Workplace, *, by_order: bool) -> Measured:
    """Measure every frame; films of many frames a second in every n-th. Raises ``ClientError``."""
    metric = XPSNR if source.picture.colour.is_hdr else VMAF
    step = vmaf.every_nth(result.frame_rate)
    graph = _graph(source, result, metric, step if by_order else 1, by_order=by_order)
    outputs = ["-filter_complex", graph, *_listed("seen", "source"), *_listed("shown", "result")]
    outputs += [word for number, film in enumerate((source, result)) for word in _packets(number, film)]
    run_on_both(source, result, outputs, place, "measure")
    folder = measured_folder(place)
    log = folder / LOG
    try:
        scores = vmaf.read_scores(log) if metric is VMAF else read_xpsnr(log)
    except ValueError as exc:
        raise unmeasured(source, result) from exc
    times = read_times(folder / "result.times", result.frame_rate)
    frames = [number * (step if by_order else 1) for number in range(len(scores))]
    frames = [number for number in frames if number < len(times)]
    shown = [times[number] for number in frames]
    counted = (folder / "source.thumbs").stat().st_size // FRAME_BYTES
    sources = frames if by_order else nearest(shown, read_times(folder / "source.times", source.frame_rate))
    return Measured(
        metric,
        vmaf.model(source.picture.width, source.picture.height) if metric is VMAF else "",
        scores[: len(frames)],
        frames,
        shown,
        [min(number, max(0, counted - 1)) for number in sources],
        folder / "source.thumbs",
        read_packets(folder / "source.packets"),
        read_packets(folder / "result.packets"),
    )


def nearest(wanted: list[float], times: list[float]) -> list[int]:
    """For each of some ascending times, the number of the nearest of others, the earlier of two."""
    found, at = [], 0
    for time_s in wanted:
        while at + 1 < len(times) and abs(times[at + 1] - time_s) < abs(times[at] - time_s):
            at += 1
        found.append(at)
    return found


def measured_folder(place: Workplace) -> Path:
    """Where both films are measured: no process may write where the films are that it reads."""
    folder = place.folder / "measured"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def both_open(source: Film, result: Film) -> Iterator[tuple[int, int]]:
    """Descriptors of both files."""
    fds = [os.open(source.file, os.O_RDONLY)]
    try:
        fds.append(os.open(result.file, os.O_RDONLY))
        yield fds[0], fds[1]
    finally:
        for fd in fds:
            os.close(fd)


def run_on_both(source: Film, result: Film, outputs: list[str], place: Workplace, stage: str) -> None:
    """Run one ffmpeg that reads both films and writes into ``measured_folder``; raises ``ClientError``."""
    with both_open(source, result) as (one, other), place.lease.stage(stage):
        inputs = [*source.opening(one, place.settings), *result.opening(other, place.settings)]
        argv = ffmpeg.command(inputs, outputs, Path())[:-1]

        def report(said: ffmpeg.Report) -> None:
            done = min(100.0, 100 * said.frames / max(1, source.picture.frames))
            place.lease.show(Progress(stage, done, said.fps))

        place.lease.show(Progress(stage, 0.0))
        limits, folder = _limits(source, result, place), measured_folder(place)
        try:
            ffmpeg.run(argv, one, folder, limits, place.lease.watch, report, beside_fd=other)
        except EncodeFailed as exc:
            raise unmeasured(source, result) from exc


def unmeasured(source: Film, result: Film) -> ClientError:
    """Decoding or measuring one of them failed."""
    return ClientError(
        f"{source.name} and {result.name} could not be decoded side by side: convert both to MP4 first, and if that"
        " does not help, set WORKER_MEMORY_BYTES higher.",
        "not_comparable",
    )


def _limits(source: Film, result: Film, place: Workplace) -> process.Limits:
    """Two decoders and the measuring between them; ``measure`` writes most: tiny pictures and the log."""
    threads, settings = processors_available(), place.settings
    needed = sum(
        process.picture_memory_bytes(film.media.video.width, film.media.video.height, threads)
        for film in (source, result)
    )
    return process.Limits(
        memory_bytes=min(needed, settings.worker_memory_bytes),
        file_bytes=settings.max_scratch_bytes,
        cpu_s=min(place.lease.deadline.cpu_s(threads), settings.max_cpu_s),
    )


def _graph(source: Film, result: Film, metric: Metric, step: int, *, by_order: bool) -> str:
    """One graph for all, as the converter has it: with a graph each, ffmpeg 9 was seen to stand still for ever."""
    width, height = vmaf.measured_size(source.picture.width, source.picture.height)
    ordered = [f"select=not(mod(n\\,{step}))"] if step > 1 else []
    ordered += ["settb=1/1000", "setpts=N"] if by_order else ["settb=AVTB", "setpts=PTS-STARTPTS"]
    samples = XPSNR_SAMPLES if metric is XPSNR else source.picture.pixel_format
    reference = ",".join([*_fitted(source, source, (width, height)), f"format={samples}", *ordered])
    distorted = ",".join([*_fitted(result, source, (width, height)), f"format={samples}", *ordered])
    pairing = "shortest=1" if by_order else "ts_sync_mode=nearest"
    return ";".join(
        (
            f"[0:{source.picture.index}]{','.join(source.picture.filters)},split[a][b]",
            f"[1:{result.picture.index}]{','.join(result.picture.filters)},split[c][d]",
            f"[a]scale={SIDE}:{SIDE}:flags=area,format=yuv420p[seen]",
            f"[c]scale={SIDE}:{SIDE}:flags=area,format=yuv420p[shown]",
            f"[b]{reference}[reference]",
            f"[d]{distorted}[distorted]",
            f"[distorted][reference]{_measuring(source, metric)}:{pairing},nullsink",
        )
    )


def _measuring(source: Film, metric: Metric) -> str:
    if metric is XPSNR:
        return f"xpsnr=stats_file={LOG}"
    name = vmaf.model(source.picture.width, source.picture.height)
    return vmaf.measure_filter(name, LOG, processors_available())


def _fitted(film: Film, source: Film, size: tuple[int, int]) -> list[str]:
    """Filters to the size and range of the source: bicubic, as VMAF's authors say."""
    full, wanted = (one.picture.colour.range == "pc" for one in (film, source))
    ranges = f":in_range={_range(full)}:out_range={_range(wanted)}" if full != wanted else ""
    fits = (film.picture.width, film.picture.height) == size and not ranges
    return [] if fits else [f"scale={size[0]}:{size[1]}:flags=bicubic{ranges}"]


def _range(full: bool) -> str:
    return "pc" if full else "tv"


def _listed(label: str, name: str) -> list[str]:
    """Tiny pictures of the frames of a film, and when each is shown."""
    return [
        *("-map", f"[{label}]", "-fps_mode", "passthrough", "-enc_time_base:v:0", "filter"),
        *("-stats_enc_pre:v:0", f"{name}.times", "-stats_enc_pre_fmt:v:0", "{pts} {tb}"),
        *("-c:v", "rawvideo", "-f", "rawvideo", f"file:{name}.thumbs"),
    ]


def _packets(number: int, film: Film) -> list[str]:
    """A line for each packet of the picture."""
    name = ("source", "result")[number]
    return ["-map", f"{number}:{film.picture.index}", "-c", "copy", "-f", "framecrc", f"file:{name}.packets"]
