"""Files that reach for other files and for hosts: they open nothing, and each guard holds without the others.

ffmpeg and the inspector run without their sandbox here, so that it is the guards that hold.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from functions.converter import ffmpeg, sandbox
from functions.converter.containers import MOV, Container
from functions.shared.errors import EncodeFailed, PipelineError
from tests.support.attacks import PLAYLISTS, Tripwire, external_data
from tests.support.clips import Clips
from tests.support.mediaruns import ROOMY, ask, patience
from tests.support.words import refused
from tests.support.world import World

ANYTHING = "file,fd,http,tcp,crypto,data"
EVERY_FORMAT = "hls,dash,concat,imf,mpegts," + MOV.whitelist
OPENED_WIDE = {"-protocol_whitelist": ANYTHING, "-format_whitelist": EVERY_FORMAT}
DREFS_ON = {"-enable_drefs": "1", "-use_absolute_path": "1"}


class Reached(Exception):
    """An attack got through."""


@pytest.fixture
def secret(tmp_path: Path, clips: Clips) -> Path:
    """A film of somebody else's, in the folder where ffmpeg works."""
    path = tmp_path / "secret.mp4"
    path.write_bytes(clips("h264.mp4").read_bytes())
    return path


@pytest.fixture
def wire(secret: Path) -> Iterator[Tripwire]:
    looked_for_by_imf = secret.with_name("ASSETMAP.xml")
    looked_for_by_imf.write_text("<AssetMap/>")
    with Tripwire(secret, looked_for_by_imf) as made:
        yield made


def targets(secret: Path, wire: Tripwire) -> list[str]:
    return [f"file://{secret}", f"http://127.0.0.1:{wire.port}/film.mp4"]


def guarded_by(argv: list[str], *kept: str) -> list[str]:
    """An argv whose guards are wide open, except those in ``kept``; without ``-f`` ffmpeg guesses the demuxer."""
    made: list[str] = []
    at = 0
    while argv[at] != "-i":
        name, value = argv[at : at + 2]
        at += 2
        if "-f" not in kept and name in ("-f", *DREFS_ON):  # no option of mov's for another demuxer
            continue
        made += [name, value if name in kept else {**OPENED_WIDE, **DREFS_ON}.get(name, value)]
    return [*made, *argv[at:]]


def tripped(wire: Tripwire) -> Callable[[bool], None]:
    """A watch that gives up when the wire is touched, or after a while."""
    bounded = patience()

    def watch(moved: bool) -> None:
        bounded(moved)
        if wire.touched:
            raise Reached

    return watch


def encode(content: bytes, folder: Path, wire: Tripwire, arm: Callable[[list[str]], list[str]], as_: Container) -> None:
    """Run ffmpeg as the product does, on input options that ``arm`` may change. Raises ``Reached``."""
    source = folder / "source"
    source.write_bytes(content)
    watch = tripped(wire)
    fd = os.open(source, os.O_RDONLY)
    try:
        inputs = arm(ffmpeg.untrusted_input(as_, fd))
        argv = ffmpeg.command(inputs, ["-c:v", "libx264", "-f", "mp4"], folder / "output.mp4")
        ffmpeg.run(argv, fd, folder, ROOMY, watch, lambda _report: None, sandbox.NONE)
    finally:
        watch(False)
        os.close(fd)


def inspect(content: bytes, folder: Path, wire: Tripwire, container: Container) -> None:
    """Ask an inspector as the product does. Raises ``Reached``."""
    source = folder / "source"
    source.write_bytes(content)
    ask(source, ROOMY, tripped(wire), container, sandbox.NONE)


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_in_disguise_is_not_a_video_and_opens_nothing(
    attacked: World, secret: Path, wire: Tripwire, kind: str
) -> None:
    for target in targets(secret, wire):
        assert refused(attacked.convert(PLAYLISTS[kind](target), filename="holiday.mp4")) == "not_a_video"
    assert attacked.ffmpeg_runs == 0
    assert not wire.touched


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_that_gets_past_the_sniff_opens_nothing(
    tmp_path: Path, secret: Path, wire: Tripwire, kind: str
) -> None:
    for target in targets(secret, wire):
        with pytest.raises(EncodeFailed):
            encode(PLAYLISTS[kind](target), tmp_path, wire, lambda argv: argv, MOV)
        with pytest.raises(PipelineError):
            inspect(PLAYLISTS[kind](target), tmp_path, wire, MOV)
    assert not wire.touched


@pytest.mark.parametrize("kind", ["hls", "dash", "imf"])
def test_with_every_guard_open_a_playlist_does_reach_out(
    tmp_path: Path, secret: Path, wire: Tripwire, kind: str
) -> None:
    """What makes the tests around this one worth something."""
    forced = Container(kind, EVERY_FORMAT, "mp4")
    for target in targets(secret, wire)[: 1 if kind == "imf" else 2]:
        with pytest.raises(Reached):
            encode(PLAYLISTS[kind](target), tmp_path, wire, lambda argv: guarded_by(argv, "-f"), forced)


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_demuxer_that_opens_files_and_hosts_is_held_by_the_protocols_alone(
    tmp_path: Path, secret: Path, wire: Tripwire, kind: str
) -> None:
    forced = Container(kind, EVERY_FORMAT, "mp4")
    unsafe = ["-safe", "0"] if kind == "concat" else []
    for target in targets(secret, wire):
        with pytest.raises(EncodeFailed):
            encode(PLAYLISTS[kind](target), tmp_path, wire, lambda argv: [*unsafe, *argv], forced)
        if kind != "imf":  # a demuxer that the inspector's library does not have
            with pytest.raises(PipelineError):
                inspect(PLAYLISTS[kind](target), tmp_path, wire, forced)
    assert not wire.touched


@pytest.mark.parametrize("guard", ["-f", "-format_whitelist", "-protocol_whitelist"])
@pytest.mark.parametrize("kind", ["dash", "imf"])
def test_each_guard_alone_keeps_a_playlist_shut(
    tmp_path: Path, secret: Path, wire: Tripwire, kind: str, guard: str
) -> None:
    content = PLAYLISTS[kind](f"file://{secret}")
    with pytest.raises(EncodeFailed):
        encode(content, tmp_path, wire, lambda argv: guarded_by(argv, guard), MOV)
    with pytest.raises(Reached):
        encode(content, tmp_path, wire, guarded_by, MOV)


def test_a_film_whose_data_are_in_another_file_does_not_get_them(
    attacked: World, secret: Path, wire: Tripwire, clips: Clips
) -> None:
    film = external_data(clips("h264.mp4").read_bytes(), secret)
    assert refused(attacked.convert(film)) in ("truncated_media", "unreadable_media")
    assert not wire.touched


@pytest.mark.parametrize("guard", ["-enable_drefs", "-use_absolute_path", "-protocol_whitelist"])
def test_each_guard_alone_keeps_another_files_data_out(
    tmp_path: Path, secret: Path, wire: Tripwire, clips: Clips, guard: str
) -> None:
    film = external_data(clips("h264.mp4").read_bytes(), secret)
    with pytest.raises(EncodeFailed):
        encode(film, tmp_path, wire, lambda argv: guarded_by(argv, "-f", guard), MOV)
    with pytest.raises(Reached):
        encode(film, tmp_path, wire, lambda argv: guarded_by(argv, "-f"), MOV)
