"""Output against plan and source. The inspector measures both files; here the figures are judged.

An exit code proves nothing: ffmpeg answers 0 for a film that lost its second half. Frames are counted from the
streams, never from a container's header, and every output frame is decoded.
"""

import os
from pathlib import Path
from typing import Any

from functions.converter import process
from functions.converter.containers import Container
from functions.converter.inspection import Inspector
from functions.converter.lease import Lease
from functions.converter.media import MediaInfo
from functions.converter.plan import EncodePlan
from functions.shared.errors import UnreadableMedia, VerificationFailed

AUDIO_TOLERANCE_S = 0.5
"""An AAC encoder pads both ends by up to two frames of 1,024 samples; 0.26 s at 8 kHz."""


def verify(
    output: Path,
    source: Path,
    plan: EncodePlan,
    media: MediaInfo,
    container: Container,
    inspector: Inspector,
    lease: Lease,
) -> None:
    """Raise ``VerificationFailed`` with the measured difference unless the output is the source's film."""
    threads = process.threads_available()
    request = {
        "command": "verify",
        "demuxer": container.demuxer,
        "whitelist": container.whitelist,
        "video_index": plan.video_index,
        "threads": threads,
    }
    limits = process.Limits(
        memory_bytes=process.BASE_MEMORY + process.picture_memory_bytes(media.video.width, media.video.height, threads),
        file_bytes=0,
        cpu_s=lease.deadline.cpu_s(threads),
    )
    fds = [os.open(path, os.O_RDONLY) for path in (source, output)]
    try:
        facts = inspector.ask(request, fds, limits, lease.watch)
    except UnreadableMedia as exc:
        raise VerificationFailed("the result cannot be read back") from exc
    finally:
        for fd in fds:
            os.close(fd)
    differences = compare(facts, plan, media)
    if differences:
        raise VerificationFailed("; ".join(differences))


def compare(facts: dict[str, Any], plan: EncodePlan, media: MediaInfo) -> list[str]:
    """Everything in which the measured output differs from what was planned, with figures; empty if nothing does."""
    wanted = facts["source_frames"]
    expected = (
        ("codec", facts["codec"], "hevc"),
        ("sample entry", facts["tag"], "hvc1"),
        ("index before the data", facts["faststart"], True),
        ("pixel format", facts["pixel_format"], plan.pixel_format),
        ("sides of the picture", sorted(facts["size"]), sorted((plan.width, plan.height))),
        ("frames in the result", facts["output_packets"], wanted),
        ("frames that decode", facts["output_frames"], wanted),
        ("damaged frames", facts["broken_frames"], 0),
        ("audio tracks", len(facts["audio_s"]), len(plan.audio)),
    )
    differences = [f"{name}: {got} instead of {want}" for name, got, want in expected if got != want]
    if facts["misplaced"]:
        late = facts["misplaced"]
        differences.append(f"frame {late['frame']} is shown {late['shift_s']:+.4f} s from its time")
    return [*differences, *_duration(facts, media), *_audio(facts, plan, media)]


def _duration(facts: dict[str, Any], media: MediaInfo) -> list[str]:
    """The span of the frames, within two of them: the last frame's own length is a guess in many containers."""
    frame_s = media.video.duration_s / max(1, media.video.frames)
    if abs(facts["duration_s"] - media.video.duration_s) <= max(2 * frame_s, 0.1):
        return []
    return [f"duration: {facts['duration_s']:.3f} s instead of {media.video.duration_s:.3f} s"]


def _audio(facts: dict[str, Any], plan: EncodePlan, media: MediaInfo) -> list[str]:
    wanted = {track.index: track.duration_s for track in media.audio}
    return [
        f"audio track {number}: {got:.2f} s instead of {wanted[track.index]:.2f} s"
        for number, (track, got) in enumerate(zip(plan.audio, facts["audio_s"], strict=False))
        if abs(got - wanted[track.index]) > AUDIO_TOLERANCE_S
    ]
