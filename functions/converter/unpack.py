"""Moving pictures that our measuring library cannot read → the same without loss, in a container that it can."""

import os
from pathlib import Path

from functions.converter import ffmpeg, process
from functions.converter.bounds import bounds
from functions.converter.containers import sniff
from functions.converter.lease import Lease
from functions.shared.errors import EncodeFailed, UnreadableMedia
from functions.shared.settings import Settings

LOSSLESS = ["-map", "0:v:0", "-c:v", "ffv1", "-fps_mode", "passthrough", "-enc_time_base:v", "demux", "-f", "matroska"]
MEMORY_BYTES = 2 * process.BASE_MEMORY


def unpack(source: Path, lease: Lease, settings: Settings) -> Path:
    """The file to convert: ``source`` itself unless it is an animated WebP. Raises ``UnreadableMedia``."""
    fd = os.open(source, os.O_RDONLY)
    try:
        container = sniff(fd)
        if not container.unpacked:
            return source
        made = source.with_name("unpacked")
        argv = ffmpeg.command(ffmpeg.untrusted_input(container, fd, bounds(settings)), LOSSLESS, made)
        most = process.Limits(
            memory_bytes=min(MEMORY_BYTES, settings.worker_memory_bytes),
            file_bytes=min(settings.max_output_bytes, settings.max_scratch_bytes),
            cpu_s=min(lease.deadline.cpu_s(process.threads_available()), settings.max_cpu_s),
        )
        ffmpeg.run(argv, fd, source.parent, most, lease.watch, lambda _report: None)
    except EncodeFailed as exc:
        raise UnreadableMedia from exc
    finally:
        os.close(fd)
    return made
