"""Verification finds what an encoder or a muxer may get wrong; each mutation is one that ffmpeg answers with 0."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from functions.converter import ffmpeg, rendering
from functions.converter.encode import Encoded, encode
from tests.support.clips import Clips, run_ffmpeg
from tests.support.media import BIG_BUCK_BUNNY
from tests.support.world import DONE, World, object_created

Mutation = Callable[[Path, Path], None]
X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1"]
AS_BEFORE = ["-fps_mode", "passthrough", "-enc_time_base:v", "demux", "-c:a", "copy", "-movflags", "+faststart"]
COPIED = ["-map", "0", "-c", "copy"]
FAST = ["-movflags", "+faststart"]


def remuxed(*options: str) -> Mutation:
    """The same packets in another file."""
    return lambda good, bad: run_ffmpeg(["-i", str(good), *options, str(bad)])


def encoded(*filters: str) -> Mutation:
    """Other frames in a file that is perfect otherwise."""
    return lambda good, bad: run_ffmpeg(["-i", str(good), *filters, *X265, *AS_BEFORE, str(bad)])


def without_last_gop(good: Path, bad: Path) -> None:
    """Everything up to the last keyframe."""
    with av.open(str(good)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    last = max(number for number, packet in enumerate(packets) if packet.is_keyframe)
    run_ffmpeg(["-i", str(good), *COPIED, "-bsf:v", f"noise=drop=gte(n\\,{last})", "-tag:v", "hvc1", *FAST, str(bad)])


def with_damage(good: Path, bad: Path) -> None:
    """Bits turned in the middle of the film."""
    damage = ["-bsf:v", "noise=amount='if(eq(n\\,30)\\,3\\,0)'"]
    run_ffmpeg(["-i", str(good), *COPIED, *damage, "-tag:v", "hvc1", *FAST, str(bad)])


def with_rubbish(_good: Path, bad: Path) -> None:
    bad.write_bytes(b"\0\0\0\x1cftypmp42" + bytes(1000))


def moved(seconds: float) -> list[str]:
    """One frame shown at another time."""
    return ["-vf", f"setpts='if(eq(N,20),PTS+{seconds}/TB,PTS)'"]


MUTATIONS: dict[str, tuple[Mutation, str]] = {
    "one frame dropped": (encoded("-vf", "select='not(eq(n,20))'"), "frames in the result: 99 instead of 100"),
    "one frame doubled": (encoded("-vf", "loop=loop=1:size=1:start=20"), "frames in the result: 101 instead of 100"),
    "last GOP missing": (without_last_gop, "frames in the result: 80 instead of 100"),
    "first 2 s missing": (
        encoded("-vf", "select='gte(t,2)',setpts=PTS-STARTPTS"),
        "; frames in the result: 50 instead of 100; duration: 2.000 s instead of 4.000 s",
    ),
    "one frame shown late": (encoded(*moved(0.02)), "frame 20 is shown +0.0200 s from its time"),
    "all frames at other times": (
        encoded("-vf", "setpts=PTS*1.5"),
        "frame 1 is shown +0.0200 s from its time; duration: 6.000 s instead of 4.000 s",
    ),
    "hev1 for hvc1": (remuxed(*COPIED, "-tag:v", "hev1", *FAST), "sample entry: hev1 instead of hvc1"),
    "index at the end": (remuxed(*COPIED, "-tag:v", "hvc1"), "index before the data: False instead of True"),
    "sound dropped": (remuxed("-map", "0:v", "-c", "copy", "-tag:v", "hvc1", *FAST), "audio tracks: 0 instead of 1"),
    "sound cut": (
        remuxed(*COPIED, "-bsf:a", "noise=drop='gt(n,20)'", "-tag:v", "hvc1", *FAST),
        "audio track 0: packets: 21 instead of 174; ",
    ),
    "damaged": (with_damage, "damaged frames: "),
    "smaller": (encoded("-vf", "scale=80:60"), "size of the picture: [80, 60] instead of [160, 120]"),
    "deeper": (encoded("-pix_fmt", "yuv420p10le"), "pixel format: yuv420p10le instead of yuv420p"),
    "another codec": (
        remuxed("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy", *FAST),
        "codec: h264 instead of hevc",
    ),
}


@pytest.fixture
def source(clips: Clips) -> Path:
    return clips("four_seconds.mp4")


def mutate(world: World, mutation: Mutation) -> None:
    """Let something go wrong between encode and verify."""

    def encode_badly(*args: Any) -> Encoded:
        encoded = encode(*args)
        bad = encoded.output.with_name("bad.mp4")
        mutation(encoded.output, bad)
        bad.rename(encoded.output)
        return encoded

    world.patch.setattr(rendering, "encode", encode_badly)


def short_gops(world: World) -> None:
    """Encode with a keyframe every 20 frames."""
    command = ffmpeg.command
    gops = ["-x265-params", "log-level=error:keyint=20:scenecut=0:open-gop=0"]
    world.patch.setattr(ffmpeg, "command", lambda inputs, outputs, output: command(inputs, [*outputs, *gops], output))


@pytest.mark.parametrize(("mutation", "figure"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_a_wrong_result_is_never_published(world: World, source: Path, mutation: Mutation, figure: str) -> None:
    short_gops(world)
    mutate(world, mutation)
    upload = world.upload(source)
    assert world.handle(object_created(upload)) == DONE
    row = world.row(upload)
    assert (row["status"], row["error_code"], row["attempt"]) == ("Failed", "verification_failed", 1)
    assert figure in row["error_reason"]
    assert row["error_reason"].startswith("The converted video does not match the original")
    assert row["stored_path_converted"] is None
    assert world.outputs(upload) == []


def test_a_result_that_cannot_be_read_is_never_published(world: World, source: Path) -> None:
    mutate(world, with_rubbish)
    row = world.convert(source)
    assert (row["status"], row["error_code"]) == ("Failed", "verification_failed")
    assert "cannot be read back" in row["error_reason"]


@pytest.mark.parametrize(
    "good",
    [remuxed(*COPIED, "-tag:v", "hvc1", *FAST), encoded("-vf", "null")],
    ids=["muxed again", "encoded again"],
)
def test_the_mutations_harness_itself_changes_nothing(world: World, source: Path, good: Mutation) -> None:
    mutate(world, good)
    assert world.convert(source)["status"] == "Completed"


def test_the_real_clip_passes(world: World) -> None:
    row = world.convert(BIG_BUCK_BUNNY)
    assert (row["status"], row["media"]["video"]["frames"]) == ("Completed", 132)
