"""What becomes of one film: with a bare ffmpeg, and with ours."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import av

from functions.shared.errors import Bucket265Error
from tests.support.clips import FFMPEG
from tests.support.conversions import convert_file

DELIVERED = frozenset({"converted", "remuxed", "kept_original"})
POLICY = frozenset({
    "not_a_video", "unsupported_codec", "picture_out_of_range", "frame_rate_out_of_range", "duration_out_of_range",
    "too_many_streams", "dolby_vision_unsupported",
})  # fmt: skip
"""Refusals that docs/errors.md and docs/security.md state beforehand. Any other one of a whole film is a mistake."""

BARE = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"]
BARE_S = 60


@dataclass(frozen=True)
class Outcome:
    """``said``: how it was delivered, or the code of its refusal, with ``detail``."""

    said: str
    detail: str = ""

    @property
    def is_mistake(self) -> bool:
        return self.said not in DELIVERED | POLICY


def outcome(path: Path, folder: Path) -> Outcome:
    """What ours makes of it. An error that is none of ours counts as ``internal_error``."""
    try:
        return Outcome(convert_file(path, folder).rendition.outcome)
    except Bucket265Error as exc:
        return Outcome(exc.code, exc.detail)
    except Exception as exc:
        return Outcome("internal_error", repr(exc))


def bare_frames(path: Path, folder: Path) -> int:
    """How many frames the film has that a bare, patient ffmpeg makes of it; 0 if it makes none that plays."""
    made = folder / "bare.mp4"
    made.unlink(missing_ok=True)
    argv = [FFMPEG, "-v", "error", "-nostdin", "-y", "-i", str(path), *BARE, str(made)]
    try:
        subprocess.run(argv, capture_output=True, timeout=BARE_S, check=False)
        with av.open(str(made)) as film:
            return sum(1 for _ in film.decode(video=0))
    except (subprocess.TimeoutExpired, OSError, av.error.FFmpegError, IndexError):
        return 0
