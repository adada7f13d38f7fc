"""What becomes of tiny films of all kinds: each that a bare, patient ffmpeg converts is to be converted, or refused for
a reason that is stated beforehand. And of files that attack: each is to be refused."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.setting import Setting
from tests.support.attacks import PLAYLISTS, external_data, index_bomb, key_flood
from tests.support.clips import Clips
from tests.support.corpus import films
from tests.support.outcomes import DELIVERED, Outcome, bare_frames, outcome

FULL_PAIRS = 5
QUICK_STEP = 40
"""Each so many-th film where it is only tried, and more of them where it is tried more often."""

HANGING_S = 60.0
ELSEWHERE = "http://127.0.0.1:9/film.mp4"


def measure(setting: Setting) -> list[Figure]:
    folder = setting.folder / "corpus"
    folder.mkdir()
    counts: Counter[str] = Counter()
    mistakes = []
    for name, frames, said in _judged(folder, 1 if setting.pairs >= FULL_PAIRS else QUICK_STEP // setting.pairs):
        counts[said.said] += 1
        if frames and said.is_mistake:
            mistakes.append(name)
            setting.say(f"{name}: bare {frames} frames, ours {said.said}: {said.detail}")
    return [
        Figure("corpus", "films", counts.total(), ""),
        Figure(
            "corpus", "bare ffmpeg converts, ours fails", len(mistakes), "films", at_most=0, note="; ".join(mistakes)
        ),
        *(Figure("corpus", f"films: {said}", count, "") for said, count in counts.most_common()),
        *_attacked(setting, folder),
    ]


def _judged(folder: Path, step: int) -> Iterator[tuple[str, int, Outcome]]:
    for number, film in enumerate(films()):
        path = film.make(folder) if number % step == 0 else None
        if path:
            yield film.name, bare_frames(path, folder), _ours(path, folder)


def _ours(path: Path, folder: Path) -> Outcome:
    job = folder / "job"
    shutil.rmtree(job, ignore_errors=True)
    return outcome(path, job)


def _attacked(setting: Setting, folder: Path) -> list[Figure]:
    """How many hostile files there are, how many were not refused, and how long the slowest took."""
    film = Clips(folder)("h264_aac.mp4")
    files = {name: make(ELSEWHERE) for name, make in PLAYLISTS.items()}
    files["an index that names another file"] = external_data(film.read_bytes(), film)
    files["an index of 4 GB"] = index_bomb(170_000_000)
    files["a flood of protection headers"] = key_flood(500)
    accepted, slowest_s = [], 0.0
    for name, content in files.items():
        path = folder / "hostile"
        path.write_bytes(content)
        started = time.perf_counter()
        said = _ours(path, folder)
        slowest_s = max(slowest_s, time.perf_counter() - started)
        if said.said in DELIVERED or said.said == "internal_error":
            accepted.append(name)
        setting.say(f"{name}: {said.said}")
    return [
        Figure("corpus", "hostile files", len(files), ""),
        Figure("corpus", "hostile files that were not refused", len(accepted), "", 0, note="; ".join(accepted)),
        Figure("corpus", "hostile files, the slowest refusal", slowest_s, "s", HANGING_S),
    ]
