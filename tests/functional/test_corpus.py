"""Films of all kinds: what a bare ffmpeg converts is converted, or refused for a reason that is stated beforehand.

A choice of the corpus that ``python -m tests.bench --only corpus`` goes through: kinds that were once refused by
mistake, and one of each family of containers and codecs.
"""

from pathlib import Path

import pytest

from tests.support.clips import H264, picture, run_ffmpeg, tone
from tests.support.conversions import convert_file
from tests.support.corpus import films
from tests.support.outcomes import DELIVERED, outcome

CONVERTED = [
    "mp4, h264, pcm_s16le",
    "mp4, h264, noise",
    "mov, prores4444",
    "mov, cinepak",
    "mkv, vp8, interlaced",
    "mkv, snow",
    "avi, huffyuv",
    "avi, mpeg4, starts before 0",
    "flv, flashsv",
    "wmv, wmv2, starts at 10 s",
    "wmv, wmv2, one frame a second",
    "ogv, theora, late picture",
    "ts, mpeg2, two frames",
    "wmv, wmv2, one frame",
    "h264, h264, 120 frames a second",
    "mpg, mpeg2, ntsc",
    "mxf, mpeg2, pcm_s16le",
    "gif, gif, odd sides",
    "3gp, h263, amr",
    "ivf, av1",
]
REFUSED = {"mov, tiff": "unsupported_codec", "swf, flv1": "not_a_video"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("corpus")
    wanted = {film.name: film for film in films() if film.name in {*CONVERTED, *REFUSED}}
    made = {}
    for number, (name, film) in enumerate(wanted.items()):
        path = film.make(folder)
        assert path, name
        made[name] = path.rename(folder / str(number))
    return made


@pytest.mark.parametrize("name", CONVERTED)
def test_a_film_of_any_kind_is_delivered(corpus: dict[str, Path], tmp_path: Path, name: str) -> None:
    said = outcome(corpus[name], tmp_path / "job")
    assert said.said in DELIVERED, said


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_accepted_is_refused_by_its_code(corpus: dict[str, Path], tmp_path: Path, name: str) -> None:
    assert outcome(corpus[name], tmp_path / "job").said == REFUSED[name]


def test_whole_frames_among_interlaced_ones_are_no_fault(tmp_path: Path) -> None:
    shape = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"]
    source = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate={}:duration=1"]
    fielded = ["-vf", "tinterlace=interleave_top", *shape, "-flags", "+ilme+ildct"]
    parts = [tmp_path / "fields.ts", tmp_path / "frames.ts"]
    run_ffmpeg([*(word.format(50) for word in source), *fielded, str(parts[0])])
    run_ffmpeg([*(word.format(25) for word in source), *shape, str(parts[1])])
    mixed = tmp_path / "mixed.ts"
    run_ffmpeg(["-i", f"concat:{parts[0]}|{parts[1]}", "-c", "copy", str(mixed)])
    assert outcome(mixed, tmp_path / "job").said == "converted"


@pytest.mark.parametrize("names", [("a.ts", "b.ts", "a.ts"), ("a.mpg", "a.mpg")], ids=["MPEG-TS", "MPEG-PS"])
def test_recordings_that_were_put_one_behind_another_go_on(tmp_path: Path, names: tuple[str, ...]) -> None:
    sources = [*picture(), *tone()]
    run_ffmpeg([*sources, *H264, "-c:a", "aac", str(tmp_path / "a.ts")])
    run_ffmpeg([*sources, *H264, "-c:a", "aac", "-output_ts_offset", "5000", str(tmp_path / "b.ts")])
    run_ffmpeg([*sources, "-c:v", "mpeg2video", "-c:a", "mp2", str(tmp_path / "a.mpg")])
    joined = tmp_path / "joined"
    joined.write_bytes(b"".join((tmp_path / name).read_bytes() for name in names))
    conversion = convert_file(joined, tmp_path / "job")
    assert conversion.rendition.outcome == "converted"
    assert conversion.verified.facts["frames"] == 25 * len(names)
    assert conversion.media.video.duration_s == pytest.approx(len(names), abs=0.1)
