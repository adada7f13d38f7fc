"""Every fault that a conversion may have, made on purpose: verification finds each, and tells it with its figure."""

from pathlib import Path

import pytest

from functions.shared.errors import VerificationFailed
from tests.support.conversions import convert_file
from tests.support.films import FRAMES, Films
from tests.support.spoiling import (
    COPIED,
    FAST,
    Mutation,
    Spoil,
    added,
    encoded,
    filtered,
    harmed,
    order,
    remuxed,
    short_gops,
    spoiled,
    truncated,
    with_flipped_bit,
    without_last_gop,
)

PICTURE_FAULTS: dict[str, tuple[str, str]] = {
    "one frame dropped": ("select='not(eq(n,20))'", "frames in the result: 59 instead of 60"),
    "one frame doubled": ("loop=loop=1:size=1:start=20", "frames in the result: 61 instead of 60"),
    "two frames swapped": (order(FRAMES, {20: 21, 21: 20}), "frame 20 shows frame 21 of the source"),
    "a frozen picture": (order(FRAMES, dict.fromkeys(range(21, 30), 20)), "frame 21 shows frame 20 of the source"),
    "all frames one late": (order(FRAMES, {n: n - 1 for n in range(1, FRAMES)}), "shows frame 0 of the source"),
    "first second missing": ("select='gte(n,25)',setpts=PTS-STARTPTS", "frames in the result: 35 instead of 60"),
    "last second missing": ("select='lt(n,35)'", "frames in the result: 35 instead of 60"),
    "a green frame": ("drawbox=enable='eq(n,20)':color=green:t=fill", "frame 20 differs from its source frame by"),
    "a black frame": ("drawbox=enable='eq(n,20)':color=black:t=fill", "frame 20 differs from its source frame by"),
    "half a frame gray": (
        "drawbox=enable='eq(n,20)':y=ih/2:color=gray:t=fill",
        "frame 20 differs from its source frame by",
    ),
    "full range taken for limited": ("scale=in_range=tv:out_range=pc,format=yuv420p", "the range is shifted: contrast"),
    "limited range taken for full": ("scale=in_range=pc:out_range=tv,format=yuv420p", "the range is shifted: contrast"),
    "brighter": ("lutyuv=y=val+10", "the range is shifted: contrast"),
    "mirrored": ("hflip", "frame 0 differs from its source frame by"),
    "upside down": ("vflip", "frame 0 differs from its source frame by"),
    "colours swapped": ("shuffleplanes=0:2:1", "frame 0 differs from its source frame by"),
    "one frame shown late": ("setpts='if(eq(N,20),PTS+0.02/TB,PTS)'", "frame 20 is shown +0.0200 s from its time"),
    "slower": ("setpts=PTS*1.5", "frame 1 is shown +0.0200 s from its time"),
    "smaller": ("scale=80:60", "size of the picture: [80, 60] instead of [160, 120]"),
}

OF_THE_ENCODERS: dict[str, tuple[Spoil, str]] = {
    "sound 80 ms late": (added("-filter:a:0", "adelay=80:all=1"), "audio track 0: is heard +0.08 s from its time"),
    "sound 80 ms early": (
        added("-filter:a:0", "atrim=start=0.08,asetpts=PTS-STARTPTS,apad=pad_dur=0.08"),
        "audio track 0: is heard -0.08 s from its time",
    ),
    "silent": (added("-filter:a:0", "volume=0"), "audio track 0: sounds different at 0 s, by"),
    "cut": (added("-filter:a:0", "atrim=end=1"), "audio track 0: 1."),
    "mixed into one": (added("-ac:a:1", "1", "-c:a:1", "aac"), "audio track 1: "),
    "another sample format": (added("-pix_fmt", "yuv420p10le"), "pixel format: yuv420p10le instead of yuv420p"),
}

OF_THE_FILE: dict[str, tuple[Mutation, str]] = {
    "last GOP missing": (without_last_gop, "frames in the result: 40 instead of 60"),
    "sound 80 ms late": (
        lambda good, bad: remuxed(
            *("-map", "0:v", "-map", "1:a", "-map", "0:s", "-map_metadata", "0", *COPIED[-4:], *FAST),
            before=("-i", str(good), "-itsoffset", "0.08"),
        )(good, bad),
        "audio track 0: is heard +0.08 s from its time",
    ),
    "a sound track lost": (remuxed(*COPIED, "-map", "-0:a:1", *FAST), "audio tracks: 1 instead of 2"),
    "the subtitles lost": (remuxed(*COPIED, "-map", "-0:s", *FAST), "subtitle tracks: 0 instead of 1"),
    "sound tracks swapped": (
        remuxed("-map", "0:v", "-map", "0:a:1", "-map", "0:a:0", "-map", "0:s", *COPIED[-4:], *FAST),
        "audio track 0: language: eng instead of deu",
    ),
    "a language lost": (
        remuxed(*COPIED, "-metadata:s:a:0", "language=", *FAST),
        "audio track 0: language: None instead of deu",
    ),
    "a track's title lost": (
        remuxed(*COPIED, "-metadata:s:a:1", "title=", *FAST),
        "audio track 1: title: None instead of Director",
    ),
    "a flag lost": (
        remuxed(*COPIED, "-disposition:a:1", "0", *FAST),
        "audio track 1: lost flags: comment, hearing_impaired",
    ),
    "chapters lost": (remuxed(*COPIED, "-map_chapters", "-1", *FAST), "chapters: 0 instead of 2"),
    "the title lost": (remuxed(*COPIED, "-metadata", "title=", *FAST), "title: None instead of 'A film'"),
    "the day lost": (remuxed(*COPIED, "-metadata", "creation_time=", *FAST), "creation_time: None instead of"),
    "the place told": (
        remuxed(*COPIED, "-metadata", "location=+52.5200+013.4050/", *FAST),
        "where it was shot was to be left out",
    ),
    "another colour told": (
        remuxed(*COPIED, "-bsf:v", "hevc_metadata=colour_primaries=9", *FAST),
        "primaries of the colour: 9 instead of 2",
    ),
    "full range told": (
        remuxed(*COPIED, "-bsf:v", "hevc_metadata=video_full_range_flag=1", *FAST),
        "range: pc instead of ",
    ),
    "a rotation told": (
        remuxed(*COPIED, *FAST, before=("-display_rotation", "90")),
        "rotation: (",
    ),
    "hev1 for hvc1": (remuxed(*COPIED[:-1], "hev1", *FAST), "sample entry: hev1 instead of hvc1"),
    "index at the end": (remuxed(*COPIED), "index before the data: False instead of True"),
    "truncated": (truncated, ""),
    "a flipped bit": (with_flipped_bit, "frame"),
    "packets of copied sound missing": (
        remuxed(*COPIED, "-bsf:a:1", "noise=drop='eq(n,20)'", *FAST),
        "audio track 1: packets: ",
    ),
    "copied sound changed": (
        remuxed(*COPIED, "-bsf:a:1", "noise=amount='if(eq(n,20),3,0)'", *FAST),
        "audio track 1: its bytes are not the source's",
    ),
    "another codec": (
        remuxed("-map", "0", "-c", "copy", "-c:v", "libx264", "-preset", "ultrafast", *FAST),
        "codec: h264 instead of hevc",
    ),
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return Films(tmp_path_factory.mktemp("films"))


def detail(failure: "pytest.ExceptionInfo[VerificationFailed]") -> str:
    return failure.value.detail


@pytest.mark.parametrize(("filters", "said"), PICTURE_FAULTS.values(), ids=PICTURE_FAULTS.keys())
def test_a_wrong_picture_out_of_the_encoder_is_found(films: Films, tmp_path: Path, filters: str, said: str) -> None:
    with pytest.raises(VerificationFailed) as failure:
        convert_file(films("silent.mp4"), tmp_path, replan=filtered(filters))
    assert said in detail(failure)


@pytest.mark.parametrize(("filters", "said"), PICTURE_FAULTS.values(), ids=PICTURE_FAULTS.keys())
def test_a_wrong_picture_in_the_finished_file_is_found(films: Films, tmp_path: Path, filters: str, said: str) -> None:
    with pytest.raises(VerificationFailed) as failure:
        convert_file(films("silent.mp4"), tmp_path, harm=harmed(encoded(filters)))
    assert said in detail(failure)


@pytest.mark.parametrize(("spoil", "said"), OF_THE_ENCODERS.values(), ids=OF_THE_ENCODERS.keys())
def test_what_an_encoder_does_wrong_is_found(films: Films, tmp_path: Path, spoil: Spoil, said: str) -> None:
    with pytest.raises(VerificationFailed) as failure:
        convert_file(films("film.mkv"), tmp_path, replan=spoiled(spoil))
    assert said in detail(failure)


@pytest.mark.parametrize(("mutation", "said"), OF_THE_FILE.values(), ids=OF_THE_FILE.keys())
def test_what_is_wrong_with_the_finished_file_is_found(
    films: Films, tmp_path: Path, mutation: Mutation, said: str
) -> None:
    with pytest.raises(VerificationFailed) as failure:
        convert_file(films("film.mkv"), tmp_path, replan=spoiled(short_gops), harm=harmed(mutation))
    assert said in detail(failure)


@pytest.mark.parametrize(
    ("source", "mutation", "said"),
    [
        (
            "hevc_turned.mp4",
            remuxed(*COPIED, *FAST, before=("-display_rotation", "0")),
            "rotation: (0, False) instead of (",
        ),
        ("hevc.mp4", encoded("null"), "what the packets hold: "),
        ("hevc.mp4", without_last_gop, "packets of the picture: "),
        ("hevc.mp4", with_flipped_bit, "what the packets hold: "),
    ],
    ids=["rotation lost", "encoded again", "last GOP missing", "a flipped bit"],
)
def test_a_copy_that_is_none_is_found(films: Films, tmp_path: Path, source: str, mutation: Mutation, said: str) -> None:
    with pytest.raises(VerificationFailed) as failure:
        convert_file(films(source), tmp_path, harm=harmed(mutation))
    assert said in detail(failure)


def test_a_rotation_that_was_forgotten_is_found(films: Films, tmp_path: Path) -> None:
    with pytest.raises(VerificationFailed) as failure:
        convert_file(films("upside_down.mp4"), tmp_path, replan=filtered("hflip,vflip"))
    assert "frame 0 differs from its source frame by" in detail(failure)


@pytest.mark.parametrize("gone", ["MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"])
def test_lost_hdr_metadata_is_found(films: Films, tmp_path: Path, gone: str) -> None:
    with pytest.raises(VerificationFailed) as failure:
        convert_file(films("hdr10.mkv"), tmp_path, max_height=64, harm=harmed(encoded(f"sidedata=delete:{gone}")))
    assert {"MASTERING_DISPLAY_METADATA": "mastering display", "CONTENT_LIGHT_LEVEL": "content light"}[gone] in detail(
        failure
    )


@pytest.mark.parametrize("mutation", [remuxed(*COPIED, *FAST), encoded("null")], ids=["muxed again", "encoded again"])
def test_the_harness_itself_changes_nothing(films: Films, tmp_path: Path, mutation: Mutation) -> None:
    done = convert_file(films("film.mkv"), tmp_path, replan=spoiled(short_gops), harm=harmed(mutation))
    assert done.verified.frames is not None
    assert done.verified.frames.faults == ()
