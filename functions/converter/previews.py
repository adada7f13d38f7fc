"""Poster, storyboard and animated preview, from frames that the verification decodes anyway. Never worth a failure."""

from dataclasses import dataclass, field
from pathlib import Path

from functions.converter.encode import Job
from functions.converter.media import MediaInfo
from functions.converter.rendering import Rendition
from functions.converter.verify import Pick
from functions.shared.options import Options


@dataclass(frozen=True)
class Frames:
    """Frames of the result that the previews are made of, in their order."""

    picks: tuple[Pick, ...] = ()


@dataclass(frozen=True)
class Previews:
    """Files by the name under which clients ask for them; empty if they were not wanted or could not be made."""

    files: dict[str, Path] = field(default_factory=dict)
    cpu_s: float = 0.0


def choose_frames(rendition: Rendition, media: MediaInfo, options: Options) -> Frames:
    """Which frames the previews need."""
    return Frames()


def make_previews(rendition: Rendition, frames: Frames, job: Job) -> Previews:
    """Write the files into the workspace."""
    return Previews()
