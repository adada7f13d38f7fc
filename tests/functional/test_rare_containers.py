"""Containers that are seen less often, and streams without one: each frame comes out, at its time."""

from pathlib import Path

import pytest

from tests.support.clips import Clips, picture, run_ffmpeg
from tests.support.conversions import convert_file
from tests.support.films import PICTURE
from tests.support.media import measure

FRAMES = 25
TS_PACKET, FIRST_VIDEO = 188, 0x100
B_FRAMES = ["-bf", "2", "-q:v", "1"]
MADE = {
    "h264": ["-c:v", "libx264", "-crf", "5"],
    "hevc": ["-c:v", "libx265", "-crf", "5", "-x265-params", "log-level=error"],
    "m1v": ["-c:v", "mpeg1video", *B_FRAMES],
    "m2v": ["-c:v", "mpeg2video", *B_FRAMES],
    "m4v": ["-c:v", "mpeg4", *B_FRAMES, "-f", "m4v"],
    "obu": ["-c:v", "libaom-av1", "-cpu-used", "8", "-crf", "5", "-pix_fmt", "yuv420p"],
    "ivf": ["-c:v", "libvpx", "-crf", "4", "-b:v", "4M"],
    "gif": ["-pix_fmt", "rgb8"],
    "mxf": ["-c:v", "mpeg2video", *B_FRAMES],
    "nut": ["-c:v", "mpeg4", *B_FRAMES],
    "dv": ["-c:v", "dvvideo", "-s", "720x576"],
    "rm": ["-c:v", "rv10", "-s", "176x144", "-q:v", "1"],
    "wtv": ["-c:v", "mpeg2video", *B_FRAMES],
    "y4m": [],
    "mj2": ["-c:v", "jpeg2000", "-f", "mov"],
    "ismv": ["-c:v", "libx264", "-crf", "5"],
}


@pytest.mark.parametrize("kind", MADE)
def test_every_frame_comes_out_at_its_time(tmp_path: Path, kind: str) -> None:
    source = tmp_path / f"film.{kind}"
    picture = ["-f", "lavfi", "-i", f"testsrc2=size=320x240:rate={FRAMES}:duration=1", "-pix_fmt", "yuv420p"]
    run_ffmpeg([*picture, *MADE[kind], str(source)])
    made = convert_file(source, tmp_path / "work")
    times = measure(made.output.read_bytes()).frame_times_s
    assert [time - times[0] for time in times] == pytest.approx([at / FRAMES for at in range(FRAMES)], abs=0.006)


def test_a_video_that_a_broadcast_names_and_does_not_send_is_passed_over(tmp_path: Path) -> None:
    two = Clips(tmp_path, {"two.ts": [*picture(), *picture(), "-map", "0", "-map", "1", *PICTURE]})("two.ts")
    packets = [two.read_bytes()[at : at + TS_PACKET] for at in range(0, two.stat().st_size, TS_PACKET)]
    source = tmp_path / "film.ts"
    source.write_bytes(b"".join(one for one in packets if int.from_bytes(one[1:3]) & 0x1FFF != FIRST_VIDEO))
    done = convert_file(source, tmp_path / "work")
    assert (done.media.video.index, done.media.video.frames) == (1, 25)
    assert done.dropped == {"video"}
