"""How much of a source the media library may take at once, whatever the file asks for."""

from dataclasses import dataclass
from typing import Any

from functions.converter import decoders
from functions.converter.containers import Container
from functions.shared.settings import Settings

STREAMS = 32
PIXELS = 35_000_000
ALLOCATION_BYTES = 1024**3
"""Of one block of memory: a real index of a day of video takes a few hundred MB, a picture of 35 megapixels 210 MB."""


@dataclass(frozen=True)
class Bounds:
    """``pixels`` of a picture: it may grow in the middle of a film; ``allocation_bytes`` of one block of memory."""

    streams: int = STREAMS
    pixels: int = PIXELS
    allocation_bytes: int = ALLOCATION_BYTES


BOUNDS = Bounds()


def bounds(settings: Settings) -> Bounds:
    """Those of this deployment; one block may never be all of a worker's memory."""
    return Bounds(
        settings.max_streams, settings.max_pixels, min(ALLOCATION_BYTES, max(1, settings.worker_memory_bytes // 2))
    )


def opening(container: Container, limits: Bounds = BOUNDS) -> dict[str, Any]:
    """How an inspector shall open such a source: the part that each of its requests shares."""
    return {
        "demuxer": container.demuxer,
        "whitelist": container.whitelist,
        "decoders": decoders.WHITELIST,
        "max_streams": limits.streams,
        "max_pixels": limits.pixels,
    }
