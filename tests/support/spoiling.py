"""Ways to spoil a conversion between plan and verification: inside the encode, or in the finished file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import av

from functions.converter.pictureplan import PICTURE, PicturePlan
from functions.converter.plan import ConversionPlan
from functions.converter.rendering import Rendition
from tests.support.clips import run_ffmpeg

Spoil = Callable[[list[str]], list[str]]
Mutation = Callable[[Path, Path], None]
Replan = Callable[[ConversionPlan], ConversionPlan]

TITLES = ("-metadata:s:a:0", "title=Ton", "-metadata:s:a:1", "title=Director", "-metadata:s:s:0", "title=Signs")
ALL_BUT_DATA = ("-map", "0", "-map", "-0:d", "-metadata", "creation_time=2024-05-01T10:00:00Z", *TITLES)
"""ffmpeg leaves the day and the titles of MP4's tracks out unless it is told, and takes the chapters' own track for
data."""

COPIED = (*ALL_BUT_DATA, "-c", "copy", "-tag:v", "hvc1")
FAST = ("-movflags", "+faststart")
GOPS = "keyint=20:scenecut=0:open-gop=0"
"""A keyframe every 20 frames, so that one of several can be missing."""


@dataclass(frozen=True)
class SpoiledPlan(ConversionPlan):
    """The same plan, but its encoder gets other arguments; what the result is compared with stays as it was."""

    spoil: Spoil = list

    def arguments(self) -> list[str]:
        return self.spoil(super().arguments())


def spoiled(spoil: Spoil) -> Replan:
    return lambda plan: SpoiledPlan(**vars(plan), spoil=spoil)


def short_gops(arguments: list[str]) -> list[str]:
    """No spoiling: several groups of pictures."""
    at = arguments.index("-x265-params") + 1
    return [*arguments[:at], f"{arguments[at]}:{GOPS}", *arguments[at + 1 :]]


@dataclass(frozen=True)
class SpoiledPicture(PicturePlan):
    """The same picture, but with more filters before its encoder alone."""

    more: str = ""

    def graph(self, side: int, *, encoded: bool = True, chosen: str = "") -> str:
        good = super().graph(side, encoded=encoded, chosen=chosen)
        if not encoded:
            return good
        return good.replace(f"[{PICTURE}]", "[clean]") + f";[clean]{self.more}[{PICTURE}]"


def filtered(filters: str) -> Replan:
    """Another filter before the encoder; what it makes is compared with what it should have got."""

    def replan(plan: ConversionPlan) -> ConversionPlan:
        picture = SpoiledPicture(**vars(plan.picture), more=filters)
        return SpoiledPlan(**vars(plan) | {"picture": picture}, spoil=short_gops)

    return replan


def added(*words: str) -> Spoil:
    """More options of the encoders."""
    return lambda arguments: [*short_gops(arguments), *words]


def harmed(mutation: Mutation) -> Callable[[Rendition], None]:
    """Put the mutated file in the place of the good one."""

    def harm(rendition: Rendition) -> None:
        bad = rendition.output.with_name(f"bad.{rendition.extension}")
        mutation(rendition.output, bad)
        bad.rename(rendition.output)

    return harm


def remuxed(*options: str, before: Iterable[str] = ()) -> Mutation:
    """The same packets in another file."""
    return lambda good, bad: run_ffmpeg([*before, "-i", str(good), *options, str(bad)])


def encoded(filters: str) -> Mutation:
    """Other frames in a file that is perfect otherwise."""
    x265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"log-level=error:{GOPS}", "-tag:v", "hvc1"]
    times = ["-fps_mode", "passthrough", "-enc_time_base:v", "demux"]
    options = [*ALL_BUT_DATA, "-c", "copy", *x265, *times, *FAST, "-vf", filters]
    return lambda good, bad: run_ffmpeg(["-i", str(good), *options, str(bad)])


def without_last_gop(good: Path, bad: Path) -> None:
    """Everything up to the last keyframe."""
    with av.open(str(good)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    last = max(number for number, packet in enumerate(packets) if packet.is_keyframe)
    run_ffmpeg(["-i", str(good), *COPIED, "-bsf:v", f"noise=drop=gte(n\\,{last})", *FAST, str(bad)])


def truncated(good: Path, bad: Path) -> None:
    content = good.read_bytes()
    bad.write_bytes(content[: len(content) * 3 // 4])


def with_flipped_bit(good: Path, bad: Path) -> None:
    """One bit of the largest picture that depends on others, in the middle of what codes it."""
    with av.open(str(good)) as container:
        pictures = [packet for packet in container.demux(video=0) if packet.size and not packet.is_keyframe]
        largest = max(pictures, key=lambda packet: packet.size)
        at = (largest.pos or 0) + largest.size // 2
    content = bytearray(good.read_bytes())
    content[at] ^= 0x10
    bad.write_bytes(content)


def order(frames: int, changes: dict[int, int]) -> str:
    """A filter that shows other frames in some places."""
    return "shuffleframes=" + " ".join(str(changes.get(number, number)) for number in range(frames))
