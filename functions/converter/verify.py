"""Output against plan and source. The inspector measures both files; here the figures are judged.

An exit code proves nothing: ffmpeg answers 0 for a film that lost its second half. Frames are counted from the
streams, never from a container's header; every frame of the result is decoded and compared with its source frame; a
stream that was copied must hold the very bytes of the source's.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.converter import process
from functions.converter.bounds import bounds, opening
from functions.converter.containers import MATROSKA, MOV
from functions.converter.encode import Encoded, Job
from functions.converter.inspection import Inspector
from functions.converter.inspector.limits import SMALL_LOSS
from functions.converter.judging import judge
from functions.converter.plan import ConversionPlan
from functions.converter.rendering import Rendition
from functions.converter.samples import Window
from functions.converter.threads import processors_available
from functions.converter.tinypictures import SIDE, FrameFigures, allowance
from functions.shared.errors import DamagedMedia, UnreadableMedia, VerificationFailed

FILE_BYTES = 64 * 1024**3
"""What the inspector may write of tiny pictures: more than any film that is accepted has."""


@dataclass(frozen=True)
class Pick:
    """A frame of the result that is wanted as a picture of so many samples."""

    frame: int
    width: int
    height: int


@dataclass(frozen=True)
class Verified:
    """``facts`` as the inspector measured them; ``frames`` is None for a copy; ``lost``: frames of a damaged source."""

    facts: dict[str, Any]
    frames: FrameFigures | None
    lost: int


def verify_rendition(
    rendition: Rendition, job: Job, inspector: Inspector, picks: tuple[Pick, ...], chosen: tuple[Window, ...] = ()
) -> Verified:
    """Verify what is to be delivered. The source as it is needs no proof: it is published with its own bytes."""
    if rendition.plan is None or rendition.encoded is None:
        return Verified({}, None, 0)
    return verify(rendition.plan, rendition.encoded, job, inspector, picks, chosen)


def verify(
    plan: ConversionPlan,
    encoded: Encoded,
    job: Job,
    inspector: Inspector,
    picks: tuple[Pick, ...],
    chosen: tuple[Window, ...] = (),
) -> Verified:
    """Raise ``VerificationFailed`` with the measured difference unless the result is the source's film.

    The frames that are named by ``picks`` are left in the workspace as ``picks.rgb``, one after another, and the facts
    tell their times; a copy is not decoded, and has none. The ``chosen`` frames are left there as ``chosen.result``,
    without compression.
    """
    facts = measure(plan, encoded, job, inspector, picks, chosen)
    lost = _lost(facts)
    frames = None
    if encoded.thumbs is not None:
        from functions.converter.framecheck import compare_frames  # numpy is not what a cold start waits for

        picture = plan.picture
        allowed = allowance(picture.crf, picture.width * picture.height)
        frames = compare_frames(encoded.thumbs, job.folder / "result.thumbs", allowed)
    times = _times(encoded.times) if encoded.times else None
    differences = judge(facts, plan, job.media, frames, times)
    if differences:
        raise VerificationFailed("; ".join(differences))
    return Verified(facts, frames, lost)


def measure(
    plan: ConversionPlan,
    encoded: Encoded,
    job: Job,
    inspector: Inspector,
    picks: tuple[Pick, ...],
    chosen: tuple[Window, ...] = (),
) -> dict[str, Any]:
    """Ask the inspector about both files. The tiny pictures of the result go to ``result.thumbs``."""
    threads = processors_available()
    request = {
        "command": "verify",
        "source": opening(job.container, bounds(job.settings)),
        "output": opening(MOV if plan.container == "mp4" else MATROSKA, bounds(job.settings)),
        "video_index": plan.picture.index,
        "threads": threads,
        "thumb": SIDE,
        "decode": not plan.picture.copied,
        "retimed": plan.picture.retimed,
        "examine": encoded.complained,
        "tracks": [{"type": one.kind, "source": one.index, "copied": one.copied} for one in plan.tracks],
        "picks": [vars(pick) for pick in picks],
        "chosen": [[window.first, window.end] for window in chosen],
    }
    video = job.media.video
    limits = process.Limits(
        memory_bytes=process.BASE_MEMORY + process.picture_memory_bytes(video.width, video.height, threads),
        file_bytes=FILE_BYTES,
        cpu_s=job.lease.deadline.cpu_s(threads),
    )
    folder = job.folder
    fds = [os.open(path, os.O_RDONLY) for path in (job.film, encoded.output)]
    fds += [os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) for name in OUTPUTS]
    try:
        return inspector.ask(request, fds, limits, job.lease.watch)
    except UnreadableMedia as exc:
        raise VerificationFailed("the result cannot be read back") from exc
    finally:
        for fd in fds:
            os.close(fd)


PICKS = "picks.rgb"
CHOSEN_RESULT = "chosen.result"
OUTPUTS = ("result.thumbs", PICKS, CHOSEN_RESULT)


def _lost(facts: dict[str, Any]) -> int:
    """Frames of a damaged source that no player can show as they were; raises ``DamagedMedia`` if they are too many."""
    decodable = facts.get("decodable")
    if not decodable:
        return 0
    lost, whole = decodable["failed"] + decodable["corrupt"], max(1, facts["source_packets"])
    if lost > SMALL_LOSS * whole:
        raise DamagedMedia(f"{lost} of {whole} frames cannot be decoded as they were")
    return int(lost)


def _times(path: Path) -> list[float]:
    """When each frame that the encoder was given is shown, in seconds from the first one on."""
    times = []
    for line in path.read_text().splitlines():
        ticks, _, base = line.partition(" ")
        numerator, _, denominator = base.partition("/")
        times.append(int(ticks) * int(numerator) / int(denominator))
    return [time - times[0] for time in times]
