"""Sound, subtitles, chapters and words of a film: what the result has, measured without the product's own eyes."""

from pathlib import Path
from typing import Any

import av
import pytest

from functions.shared.errors import RequirementNotMet
from tests.support.clips import Clips, picture
from tests.support.conversions import Conversion, convert_file
from tests.support.films import PICTURE, Films
from tests.support.tracks import Words, words


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return Films(tmp_path_factory.mktemp("films"))


def beside(done: Conversion) -> Words:
    return words(done.output.read_bytes())


def sounding(codec: str, layout: str = "stereo", rate: int = 48_000) -> list[str]:
    """A film with one sound track."""
    sound = f"sine=sample_rate={rate}:duration=1,aformat=channel_layouts={layout}"
    return [*picture(), "-f", "lavfi", "-i", sound, *PICTURE, "-c:a", codec, "-strict", "-2"]


COPIED_INTO_MP4 = [("aac", "mp4"), ("aac", "ts"), ("aac", "mkv"), ("aac", "flv"), ("ac3", "mkv"), ("ac3", "ts"),
                   ("eac3", "mkv"), ("libmp3lame", "avi"), ("libmp3lame", "mkv"), ("alac", "mov")]  # fmt: skip
ENCODED_FOR_MP4 = [("flac", "mkv"), ("libopus", "mkv"), ("libopus", "ts"), ("libvorbis", "mkv"), ("mp2", "ts"),
                   ("pcm_s16le", "mov"), ("pcm_s24le", "mkv"), ("pcm_s16be", "mov"), ("pcm_f32le", "mov"),
                   ("pcm_u8", "avi"), ("pcm_alaw", "mov"), ("wmav2", "wmv"), ("dca", "ts"), ("truehd", "mkv"),
                   ("adpcm_ima_wav", "avi"), ("adpcm_ms", "avi"), ("tta", "mkv"), ("wavpack", "mkv"),
                   ("s302m", "ts")]  # fmt: skip
COPIED_INTO_MKV = [*COPIED_INTO_MP4[:3], ("flac", "mkv"), ("libopus", "ts"), ("libvorbis", "mkv"), ("mp2", "ts"),
                   ("pcm_s16be", "mov"), ("pcm_f32le", "mov"), ("pcm_s24le", "mov"), ("dca", "ts"), ("truehd", "mkv"),
                   ("alac", "mov"), ("tta", "mkv")]  # fmt: skip


def named(codec: str) -> str:
    return {"libmp3lame": "mp3", "libopus": "opus", "libvorbis": "vorbis", "dca": "dts"}.get(codec, codec)


def converted(tmp_path: Path, codec: str, container: str, result: str, *, layout: str = "stereo") -> Conversion:
    name = f"film.{container}"
    source = Clips(tmp_path, {name: sounding(codec, layout)})(name)
    return convert_file(source, tmp_path / "work", container=result)


@pytest.mark.parametrize(("codec", "container"), COPIED_INTO_MP4)
def test_sound_that_players_take_from_mp4_is_copied(tmp_path: Path, codec: str, container: str) -> None:
    done = converted(tmp_path, codec, container, "mp4")
    assert [track.codec for track in beside(done).of("audio")] == [named(codec)]
    assert done.dropped == set()


@pytest.mark.parametrize(("codec", "container"), ENCODED_FOR_MP4)
def test_other_sound_becomes_aac(tmp_path: Path, codec: str, container: str) -> None:
    done = converted(tmp_path, codec, container, "mp4")
    assert [(track.codec, track.layout) for track in beside(done).of("audio")] == [("aac", "stereo")]
    assert done.dropped == set()


@pytest.mark.parametrize(("codec", "container"), COPIED_INTO_MKV)
def test_sound_that_matroska_holds_is_copied(tmp_path: Path, codec: str, container: str) -> None:
    done = converted(tmp_path, codec, container, "mkv")
    assert [track.codec for track in beside(done).of("audio")] == [named(codec)]
    assert done.dropped == set()


@pytest.mark.parametrize(
    "layout", ["mono", "2.1", "3.0", "3.0(back)", "4.0", "quad", "5.0", "5.1", "5.1(side)", "6.1(back)", "7.1"]
)
def test_speakers_stay_where_they_are(tmp_path: Path, layout: str) -> None:
    done = converted(tmp_path, "flac", "mkv", "mp4", layout=layout)
    assert [track.layout for track in beside(done).of("audio")] == [layout.replace("(side)", "")]
    assert done.dropped == set()


def test_speakers_that_aac_has_no_place_for_are_mixed_and_named(tmp_path: Path) -> None:
    done = converted(tmp_path, "pcm_s16le", "mov", "mp4", layout="5.1.2")
    assert [track.layout for track in beside(done).of("audio")] == ["7.1"]
    assert done.dropped == {"layout"}


def test_samples_whose_speakers_matroska_would_forget_become_flac(tmp_path: Path) -> None:
    done = converted(tmp_path, "pcm_s16le", "mov", "mkv", layout="quad")
    assert [(track.codec, track.layout) for track in beside(done).of("audio")] == [("flac", "quad")]
    assert done.dropped == set()


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 96000])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_copied_aac_keeps_its_place_at_any_rate(tmp_path: Path, rate: int, container: str) -> None:
    source = Clips(tmp_path, {"film.mp4": sounding("aac", rate=rate)})("film.mp4")
    assert beside(convert_file(source, tmp_path / "work", container=container)).of("audio")[0].codec == "aac"


@pytest.mark.parametrize("rate", [8000, 11025, 12000])
def test_mp3_of_few_samples_which_mp4_has_no_place_for_becomes_aac(tmp_path: Path, rate: int) -> None:
    source = Clips(tmp_path, {"film.avi": sounding("libmp3lame", rate=rate)})("film.avi")
    done = convert_file(source, tmp_path / "work")
    assert [track.codec for track in beside(done).of("audio")] == ["aac"]
    assert done.dropped == set()


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("then", [("mono", 48_000), ("stereo", 32_000)], ids=["speakers", "rate"])
def test_aac_that_becomes_another_in_the_middle_is_heard_to_the_end(
    tmp_path: Path, container: str, then: tuple[str, int]
) -> None:
    clips = Clips(tmp_path, {"1.ts": sounding("aac"), "2.ts": sounding("aac", *then)})
    source = tmp_path / "film.ts"
    source.write_bytes(clips("1.ts").read_bytes() + clips("2.ts").read_bytes())
    done = convert_file(source, tmp_path / "work", container=container)
    (track,) = done.plan.of("audio")
    assert not track.copied
    (sound,) = beside(done).of("audio")
    assert (sound.codec, sound.layout) == ("aac", "stereo")
    with av.open(done.output) as film:
        frames = list(film.decode(audio=0))
    assert frames[-1].time == pytest.approx(2.0, abs=0.1)
    assert sum(frame.samples for frame in frames) == pytest.approx(2 * 48_000, rel=0.05)


def test_more_samples_than_aac_has_a_code_for_are_named(tmp_path: Path) -> None:
    source = Clips(tmp_path, {"film.mov": sounding("pcm_s16le", rate=192_000)})("film.mov")
    assert convert_file(source, tmp_path / "work").dropped == {"sample_rate"}


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
def test_a_film_keeps_everything_beside_its_picture(films: Films, tmp_path: Path, name: str, container: str) -> None:
    done = convert_file(films(name), tmp_path, container=container)
    got = beside(done)
    sound, comment = got.of("audio")
    assert (sound.language, sound.title) == ("deu", "Ton")
    assert (comment.language, comment.title) == ("eng", "Director")
    assert "default" in sound.flags
    assert comment.flags == {"comment", "hearing_impaired"}
    (lines,) = got.of("subtitle")
    assert (lines.language, lines.title) == ("fra", "Signs")
    assert "forced" in lines.flags
    assert got.chapters == ((0.0, "Beginning"), (1.0, "End"))
    assert got.tags["title"] == "A film"
    assert got.tags["artist"] == "Somebody"
    assert got.tags["creation_time"].startswith("2024-05-01T10:00:00")
    assert done.dropped == {"location"}
    assert b"52.52" not in done.output.read_bytes()


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_the_place_is_kept_where_it_is_asked_for(films: Films, tmp_path: Path, container: str) -> None:
    done = convert_file(films("somewhere.mov"), tmp_path, container=container, keep=frozenset({"location"}))
    assert done.dropped == set()
    assert any(value.startswith("+52.52") for name, value in beside(done).tags.items() if name.startswith("location"))


@pytest.mark.parametrize(
    ("name", "container", "kinds", "dropped"),
    [
        ("font.mkv", "mkv", ["attachment"], set()),
        ("font.mkv", "mp4", [], {"attachment"}),
        ("cover.mp4", "mp4", ["cover"], set()),
        ("cover.mp4", "mkv", [], {"cover"}),
        ("timecode.mov", "mp4", [], {"data"}),
    ],
)
def test_what_is_no_track_is_kept_or_named(
    films: Films, tmp_path: Path, name: str, container: str, kinds: list[str], dropped: set[str]
) -> None:
    done = convert_file(films(name), tmp_path, container=container)
    assert [stream.kind for stream in beside(done).streams] == kinds
    assert done.dropped == dropped


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("name", ["late.mkv", "early.mkv", "long_sound.mkv", "short_sound.mkv", "gap.mkv"])
def test_sound_that_begins_or_ends_elsewhere_keeps_its_place(
    films: Films, tmp_path: Path, name: str, container: str
) -> None:
    done = convert_file(films(name), tmp_path, container=container)
    assert len(beside(done).of("audio")) == 1


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("name", "outcome"), [("hevc.ts", ("remuxed", "remuxed")), ("hevc_edited.mp4", ("remuxed", "converted"))]
)
def test_h265_is_copied_where_a_copy_shows_the_same(
    films: Films, tmp_path: Path, name: str, outcome: tuple[str, str], container: str
) -> None:
    done = convert_file(films(name), tmp_path, container=container)
    assert done.rendition.outcome == outcome[container == "mkv"]


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("font.mkv", {"require": frozenset({"attachments"})}, "attachments"),
        ("film.mkv", {"require": frozenset({"all_audio"}), "audio": "none"}, "all_audio"),
        ("film.mkv", {"require": frozenset({"location"})}, "location"),
        ("late.mkv", {"audio": "copy"}, "mp4 cannot hold the pcm_s16le audio of stream 1"),
        ("silent.mp4", {"require": frozenset({"chroma"}), "keep": frozenset()}, None),
    ],
)
def test_what_is_required_and_cannot_be_kept_is_refused_before_encoding(
    films: Films, tmp_path: Path, name: str, options: dict[str, Any], said: str | None
) -> None:
    if said is None:
        assert convert_file(films(name), tmp_path, **options).dropped == set()
        return
    with pytest.raises(RequirementNotMet) as refused:
        convert_file(films(name), tmp_path, **options)
    assert said in refused.value.detail
    assert not list(tmp_path.glob("output.*"))
