"""docs/formats.md, printed from conversions of tiny clips: containers, codecs and features with what becomes of them.

python -m tests.support.format_table
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from functions.shared.errors import PipelineError
from tests.support import clips, films
from tests.support.conversions import convert_file

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
INTRODUCTION = """\
# Formats

What becomes of a source, by its container and codecs. This page is printed by `python -m tests.support.format_table`,
which converts a tiny film for each row; `tests/functional/test_formats.py` tries each row again.

**converted**: encoded as H.265. **remuxed**: H.265 already, its packets are taken over. **kept**: an encode would have
been larger than the source, so its own picture is delivered. **refused**: with the code of
[errors.md](errors.md). Behind it stands what the result lacks (`dropped` of `GET /status`).
"""


@dataclass(frozen=True)
class Row:
    """``name`` is that of a clip; ``shows`` what is special about it."""

    name: str
    shows: str = ""


ROWS = (
    *(Row(name) for name in (
        "h264_aac.mp4", "fragmented.mp4", "hevc.mp4", "av1.mp4", "mp3.mp4", "ac3.mp4", "prores_pcm.mov", "alac.mov",
        "variable.mkv", "vp8_vorbis.webm", "vp9_opus.webm", "h264_mp2.ts", "mpeg2_mp2.ts", "h264.m2ts",
        "mpeg2_mp2.mpg", "mpeg4_mp3.avi", "mjpeg_pcm.avi", "flv1_mp3.flv", "wmv2_wma.wmv", "theora_vorbis.ogv",
    )),
    Row("telephone.mov", "mu-law sound of 8 kHz"),
    Row("eight_channels.mkv", "7.1 as FLAC"),
    Row("two_tracks.mp4", "two sound tracks"),
    Row("cover.mp4", "cover art"),
    Row("cover.mkv", "cover art"),
    Row("subtitles.mkv", "SubRip"),
    Row("ten_bit.mp4", "10 bit"),
    Row("twelve_bit.mkv", "12 bit"),
    Row("full_range.mp4", "full range"),
    Row("gray.mkv", "gray"),
    Row("alpha.mov", "transparency"),
    Row("odd_sides.mkv", "odd sides"),
    Row("wide_pixels.mp4", "samples that are not square"),
    Row("rotated.mp4", "turned by a flag"),
    Row("interlaced.ts", "interlaced"),
    Row("edit_list.mp4", "an edit list"),
    Row("negative_start.mkv", "begins before zero"),
    Row("gap.mp4", "variable frame rate with a gap"),
    Row("one_frame.mp4", "one frame"),
    Row("film.mkv", "languages, titles, flags, subtitles, chapters, place"),
    Row("font.mkv", "a font"),
    Row("timecode.mov", "timed data"),
    Row("hdr10.mkv", "HDR10"),
    Row("hevc.ts", "H.265 with start codes"),
    Row("audio.m4a", "no picture"),
    Row("tiff.mov", "TIFF pictures"),
    Row("too_small.avi", "14 x 14"),
    Row("many_tracks.mkv", "33 streams"),
    Row("quick.mkv", "400 frames a second"),
)  # fmt: skip


class Sources:
    """Clips by name, from both collections."""

    def __init__(self, folder: Path) -> None:
        for name in ("clips", "films"):
            (folder / name).mkdir()
        self._clips = clips.Clips(folder / "clips")
        self._films = films.Films(folder / "films")

    def __call__(self, name: str) -> Path:
        special = name in films.RECIPES and name not in clips.RECIPES
        return self._films(name) if special else self._clips(name)


def outcome(source: Path, folder: Path, container: str) -> str:
    """What becomes of a film, in a few words."""
    try:
        done = convert_file(source, folder, container=container)
    except PipelineError as exc:
        return f"refused: `{exc.code}`"
    lacks = ", ".join(sorted(done.dropped))
    said = {"kept_original": "kept"}.get(done.rendition.outcome, done.rendition.outcome)
    return f"{said}, without {lacks}" if lacks else said


def line(row: Row, sources: Sources, folder: Path) -> str:
    """One row of the table."""
    codecs, _, container = row.name.rpartition(".")
    cells = [container, codecs.replace("_", " "), row.shows]
    cells += [outcome(sources(row.name), folder / kind / row.name, kind) for kind in ("mp4", "mkv")]
    return "| " + " | ".join(cells) + " |"


def render(folder: Path) -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_table(Sources(folder), folder), ""])


def _table(sources: Sources, folder: Path) -> Iterator[str]:
    yield "| container | film | shows | as MP4 | as Matroska |"
    yield "| --- | --- | --- | --- | --- |"
    yield from (line(row, sources, folder) for row in ROWS)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        PAGE.write_text(render(Path(scratch)))
    print(f"wrote {PAGE}")
