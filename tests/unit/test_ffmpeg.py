"""ffmpeg's reports and flags, without running it."""

from pathlib import Path

import pytest

from functions.converter.containers import ASF, AVI, FLV, MATROSKA, MOV, MPEG_PS, MPEG_TS, OGG, Container
from functions.converter.ffmpeg import ProgressParser, Report, command, untrusted_input

BLOCK = (
    b"frame=25\nfps=12.50\nstream_0_0_q=28.0\nbitrate=N/A\ntotal_size=48\nout_time_us=1000000\nout_time_ms=1000000\n"
    b"out_time=00:00:01.000000\ndup_frames=0\ndrop_frames=0\nspeed=1.25x\nprogress=continue\n"
)


def test_a_block_is_one_report() -> None:
    assert ProgressParser().feed(BLOCK) == [Report(frames=25, done_s=1.0, fps=12.5, written=48)]


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_blocks_may_come_in_any_pieces(size: int) -> None:
    parser = ProgressParser()
    whole = BLOCK * 3
    reports = [report for at in range(0, len(whole), size) for report in parser.feed(whole[at : at + size])]
    assert reports == [Report(25, 1.0, 12.5, 48)] * 3


def test_nothing_is_reported_before_a_block_ends() -> None:
    assert ProgressParser().feed(BLOCK.rpartition(b"progress")[0]) == []


def test_before_the_first_frame_everything_is_zero() -> None:
    block = b"frame=0\nfps=0.00\nout_time_us=N/A\nout_time=N/A\nspeed=N/A\nprogress=continue\n"
    assert ProgressParser().feed(block) == [Report(0, 0.0, 0.0)]


@pytest.mark.parametrize("value", [b"nan", b"inf", b"-inf", b"", b"\xff\xfe", b"1e999"])
def test_what_is_no_number_is_zero(value: bytes) -> None:
    block = b"frame=%s\nfps=%s\nout_time_us=%s\nspeed=%sx\nprogress=end\n" % (value, value, value, value)
    assert ProgressParser().feed(block) == [Report(0, 0.0, 0.0)]


def test_time_before_the_start_is_no_progress() -> None:
    assert ProgressParser().feed(b"out_time_us=-40000\nprogress=continue\n")[0].done_s == 0.0


def test_a_field_of_one_block_is_not_kept_for_the_next() -> None:
    first, second = ProgressParser().feed(b"frame=5\nprogress=continue\nfps=1\nprogress=end\n")
    assert (first.frames, second.frames) == (5, 0)


@pytest.mark.parametrize("container", [MOV, MATROSKA, AVI, FLV, ASF, OGG, MPEG_TS, MPEG_PS])
def test_the_input_is_a_descriptor_with_one_demuxer_and_no_other_protocol(container: Container) -> None:
    options = untrusted_input(container, 7)
    value = dict(zip(options[::2], options[1::2], strict=True))
    assert value["-f"] == container.demuxer
    assert value["-format_whitelist"] == container.whitelist
    assert (value["-protocol_whitelist"], value["-fd"], value["-i"]) == ("fd", "7", "fd:")
    assert options[-2:] == ["-i", "fd:"]  # options after it would be the output's
    assert (value.get("-enable_drefs"), value.get("-use_absolute_path")) == (
        ("0", "0") if container is MOV else (None, None)
    )


@pytest.mark.parametrize("name", ["output.mp4", "-y.mp4", "concat:a|b.mp4", "http:x.mp4", "%d.mp4"])
def test_the_output_is_a_file_whatever_it_is_called(name: str) -> None:
    argv = command(["-i", "fd:"], ["-f", "mp4"], Path("/scratch") / name)
    assert argv[-1] == f"file:/scratch/{name}"
    assert "-nostdin" in argv
