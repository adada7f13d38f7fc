"""Poster, storyboard and animated preview, from frames that the verification decodes anyway. Never worth a failure.

Of a film that was copied no frame is decoded: then a few of its keyframes are, and the previews are made of these.
"""

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from functions.converter.encode import Job
from functions.converter.inspection import Inspector
from functions.converter.media import MediaInfo
from functions.converter.rendering import Rendition
from functions.converter.verify import Pick, Verified
from functions.shared import logs
from functions.shared.options import Options

if TYPE_CHECKING:
    from functions.converter.shots import Frames, Shots

POSTER_QUALITY, SPRITE_QUALITY = 82, 72


@dataclass(frozen=True)
class Choice:
    """``frames`` is None if no previews are wanted; with a ``failure``, because they could not be chosen."""

    frames: "Frames | None" = None
    failure: Exception | None = None
    cpu_s: float = 0.0

    @property
    def picks(self) -> tuple[Pick, ...]:
        """Frames of the result, for whoever decodes it."""
        return self.frames.picks if self.frames else ()


@dataclass(frozen=True)
class Previews:
    """Files by the name under which clients ask for them; empty if they were not wanted or could not be made."""

    files: dict[str, Path] = field(default_factory=dict)
    cpu_s: float = 0.0


def choose_frames(rendition: Rendition, media: MediaInfo, options: Options) -> Choice:
    """Which frames the previews need: none if nobody wants any."""
    if not options.previews:
        return Choice()
    began = time.thread_time()
    try:
        from functions.converter.shots import choose  # neither numpy nor Pillow is what a cold start waits for

        frames = choose(rendition, media)
    except Exception as exc:  # make_previews tells it
        return Choice(failure=exc)
    return Choice(frames, cpu_s=time.thread_time() - began)


def make_previews(choice: Choice, verified: Verified, job: Job, inspector: Inspector) -> Previews:
    """Write the files into the workspace. Whatever goes wrong, the conversion goes on without them."""
    began = time.thread_time()
    try:
        if choice.failure:
            raise choice.failure
        if choice.frames is None:
            return Previews()
        from functions.converter.shots import picked, taken

        frames = choice.frames
        shots = picked(frames, verified, job) if frames.picks else taken(frames, job, inspector)
        files = _written(shots, job)
    except Exception as exc:
        claim, why = job.lease.claim, type(exc).__name__
        logs.event("preview.failed", level=logging.WARNING, exc_info=True, transaction_id=claim.transaction_id, why=why)
        return Previews()
    return Previews(files, choice.cpu_s + shots.cpu_s + time.thread_time() - began)


def _written(shots: "Shots", job: Job) -> dict[str, Path]:
    from functions.converter.animation import save_animation
    from functions.converter.storyboard import cues, sprite

    names = {"poster": "poster.jpg", "sprite": "sprite.jpg", "storyboard": "storyboard.vtt", "preview": "preview.webp"}
    paths = {kind: job.folder / name for kind, name in names.items()}
    shots.poster.save(paths["poster"], "JPEG", quality=POSTER_QUALITY)
    sprite(shots.tiles).save(paths["sprite"], "JPEG", quality=SPRITE_QUALITY)
    end_s = shots.tiles[0].time_s + job.media.video.duration_s
    paths["storyboard"].write_text(cues(shots.tiles, end_s, names["sprite"]))
    save_animation(shots.motion, shots.milliseconds, paths["preview"])
    return paths
