"""Moving pictures that our measuring library cannot read → the same without loss, in a container that it can."""

import os
from dataclasses import replace
from pathlib import Path

from functions.converter import ffmpeg, process
from functions.converter.bounds import bounds
from functions.converter.containers import ANIMATED_WEBP, Container, sniff
from functions.converter.inspection import Inspector
from functions.converter.lease import Lease
from functions.converter.media import MediaInfo
from functions.converter.probe import probe
from functions.converter.threads import processors_available
from functions.converter.workspace import making_folder
from functions.shared.errors import EncodeFailed, UnreadableMedia
from functions.shared.settings import Settings

LOSSLESS = ["-map", "0:v:0", "-c:v", "ffv1", "-fps_mode", "passthrough", "-enc_time_base:v", "demux", "-f", "matroska"]
MEMORY_BYTES = 2 * process.BASE_MEMORY


def probe_film(
    source: Path, inspector: Inspector, lease: Lease, settings: Settings
) -> tuple[Path, Container, MediaInfo]:
    """The file to read, how to open it, and what the source is. Raises what ``unpack`` and ``probe`` raise."""
    film = unpack(source, lease, settings)
    container, media = probe(film, inspector, lease, settings)
    if film != source:
        shown = ANIMATED_WEBP
        media = replace(media, size=source.stat().st_size, container=shown.demuxer, extension=shown.extension)
    return film, container, media


def unpack(source: Path, lease: Lease, settings: Settings) -> Path:
    """The file to read: ``source`` itself unless it is an animated WebP. Raises ``UnreadableMedia``."""
    fd = os.open(source, os.O_RDONLY)
    try:
        container = sniff(fd)
        if not container.unpacked:
            return source
        folder = making_folder(source)
        made = folder / "unpacked"
        argv = ffmpeg.command(ffmpeg.untrusted_input(container, fd, bounds(settings)), LOSSLESS, made)
        most = process.Limits(
            memory_bytes=min(MEMORY_BYTES, settings.worker_memory_bytes),
            file_bytes=min(settings.max_output_bytes, settings.max_scratch_bytes),
            cpu_s=min(lease.deadline.cpu_s(processors_available()), settings.max_cpu_s),
        )
        ffmpeg.run(argv, fd, folder, most, lease.watch, lambda _report: None)
    except EncodeFailed as exc:
        raise UnreadableMedia from exc
    finally:
        os.close(fd)
    return made
