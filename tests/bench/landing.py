"""How near a film comes to the target it was asked for, measured on all its frames by code that the search does not
use, and what the search costs beside the encode."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from functions.converter.quality import Quality
from functions.shared.options import Options
from functions.shared.qualities import floor_for
from functions.shared.speeds import SPEEDS
from tests.bench.figures import Figure
from tests.bench.films import FILMS, Film
from tests.bench.setting import Setting
from tests.support.conversions import convert_file
from tests.support.vmaf import every_frame

TARGETS = (86.0, 92.0, 95.0)
SPEED_NAMES = ("fastest", "balanced")
LONG_S = 60.0
MOST_OFF = 1.0
SHORT_SHARE, LONG_SHARE = 1.0, 0.15
"""Of the encode's CPU time, what the search may take: of films up to a minute, and of longer ones."""

SHORT_PROOF, LONG_PROOF = 0.3, 0.03
"""The same of measuring the result."""


@dataclass(frozen=True)
class Landing:
    """``off``: points of VMAF above the target, or None where the source's own picture was delivered. ``search``, and
    ``gate``: CPU time over that of the encode."""

    film: str
    speed: str
    target: float
    duration_s: float
    off: float | None
    p5: float | None = None
    search: float = 0.0
    gate: float = 0.0
    quality: Quality | None = None

    @property
    def is_aimed(self) -> bool:
        """Whether the mean decided: where the worst scene did, or the source's size, the film is not to land on it."""
        return self.off is not None and self.quality is not None and self.quality.bound_by == "vmaf"

    def line(self) -> str:
        """For whoever watches."""
        what = f"landing: {self.film} {self.speed} {self.target:g}:"
        if self.off is None or self.quality is None:
            return f"{what} the source's own picture"
        shares = f"search {self.search:.3f}, gate {self.gate:.3f}"
        bound = f"by {self.quality.bound_by}, corrected from {self.quality.corrected}"
        return f"{what} crf {self.quality.crf:g}, {self.off:+.2f}, p5 {self.p5:.1f}, {shares}, {bound}"


def measure(setting: Setting) -> list[Figure]:
    """Six real films, two speeds, three targets; where it is only tried, one speed and one target."""
    tried = setting.pairs < 2
    landings = []
    for film in FILMS:
        if film.is_real:
            for one in _landings(film, setting.folder, SPEED_NAMES[:1] if tried else SPEED_NAMES, tried=tried):
                setting.say(one.line())
                landings.append(one)
    return [figure for film in FILMS if film.is_real for figure in _figures(film.name, landings)]


def _landings(film: Film, folder: Path, speeds: tuple[str, ...], *, tried: bool) -> Iterator[Landing]:
    source = film.file(folder)
    for speed in speeds:
        for target in TARGETS[1:2] if tried else TARGETS:
            yield _landing(film, source, folder / "job", speed, target)


def _landing(film: Film, source: Path, job: Path, speed: str, target: float) -> Landing:
    shutil.rmtree(job, ignore_errors=True)
    preset, parameters = SPEEDS[speed].preset, SPEEDS[speed].parameters
    # Without sound, a source that MP4 cannot hold is encoded even where that makes it larger.
    audio = "none" if source.suffix == ".webm" else "auto"
    asked = Options(
        preset, None, vmaf=target, floor=floor_for(target), parameters=parameters, previews=False, audio=audio
    )
    done = convert_file(source, job, asked)
    duration_s, quality, encoded = done.media.video.duration_s, done.rendition.quality, done.rendition.encoded
    if quality is None or encoded is None:
        return Landing(film.name, speed, target, duration_s, None)
    measured = every_frame(source, done.output)
    shares = (quality.search_cpu_s / encoded.cpu_s, quality.gate.cpu_s / encoded.cpu_s if quality.gate else 0.0)
    return Landing(film.name, speed, target, duration_s, measured.mean - target, measured.p5, *shares, quality)


def _figures(name: str, landings: list[Landing]) -> Iterator[Figure]:
    of_it = [one for one in landings if one.film == name]
    aimed = [one for one in of_it if one.is_aimed]
    if not aimed:
        return
    worst = max(aimed, key=lambda one: abs(one.off or 0.0))
    note = f"at {worst.target:g}, {worst.speed}; {len(aimed)} of {len(of_it)} bound by the mean"
    offs = tuple(one.off or 0.0 for one in aimed)
    yield Figure("landing", f"{name}: off target", abs(worst.off or 0.0), "VMAF", MOST_OFF, note=note, samples=offs)
    is_long = aimed[0].duration_s > LONG_S
    searches, proofs = tuple(one.search for one in aimed), tuple(one.gate for one in aimed)
    most = LONG_SHARE if is_long else SHORT_SHARE
    yield Figure("landing", f"{name}: search", max(searches), "of the encode", most, samples=searches)
    most = LONG_PROOF if is_long else SHORT_PROOF
    yield Figure("landing", f"{name}: proof", max(proofs), "of the encode", most, samples=proofs)
