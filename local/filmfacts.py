"""What is in a film, by decoding all of it: codec, tag, frames, duration. Shares no code with the converter.

As a program it does so for the file that its argument names and prints JSON; ``film_facts`` runs it as a child, because
a decoder that meets a bad file may take its process with it.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

GIVE_UP_S = 6 * 3600.0


class NoFacts(Exception):
    """The file cannot be decoded."""


@dataclass(frozen=True)
class FilmFacts:
    """``tag`` is the codec's four-letter name in the file, if it has one; ``frames`` were counted one by one."""

    codec: str
    tag: str
    frames: int
    duration_s: float


def film_facts(path: Path) -> FilmFacts:
    """Decode a film in a child process; raises ``NoFacts``."""
    argv = [sys.executable, "-I", __file__, str(path.absolute())]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=GIVE_UP_S)
    except subprocess.TimeoutExpired as exc:
        raise NoFacts(f"it was not decoded within {GIVE_UP_S:.0f} s") from exc
    if done.returncode != 0:
        raise NoFacts(done.stderr.strip().rpartition("\n")[2] or f"the decoder ended with {done.returncode}")
    return FilmFacts(**json.loads(done.stdout))


def _decode(path: str) -> FilmFacts:
    import av

    with av.open(f"file:{path}") as film:
        attached = av.stream.Disposition.attached_pic
        stream = next(s for s in film.streams.video if not s.disposition & attached)
        stream.thread_type = "AUTO"
        frames, start, end = 0, None, None
        for frame in film.decode(stream):
            frames += 1
            if frame.pts is not None:
                start = frame.pts if start is None else min(start, frame.pts)
                end = max(end or frame.pts, frame.pts + (frame.duration or 0))
        ticks = (end or 0) - (start or 0)
        context = stream.codec_context
        tag = context.codec_tag.strip("\0")
        return FilmFacts(context.codec.canonical_name, tag, frames, float(ticks * (stream.time_base or 0)))


if __name__ == "__main__":
    print(json.dumps(asdict(_decode(sys.argv[1]))))
