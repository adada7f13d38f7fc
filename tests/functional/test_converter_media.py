"""Every kind of film that people upload is converted, and keeps its frames, its times and its sound."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from functions.converter import ffmpeg
from functions.shared.options import Options
from tests.support.clips import Clips, run_ffmpeg
from tests.support.media import BIG_BUCK_BUNNY
from tests.support.servers import Servers
from tests.support.tracks import AudioTrack, VideoTrack, audio_tracks, video_track
from tests.support.world import World, world_on

ADTS_HEADER = 7
"""Bytes before each AAC packet in a transport stream; MP4 keeps what they say in one place."""

SMALL = Options(preset="ultrafast", crf=36).as_json()
"""At a better quality H.265 would be larger than some of these sources, which would be kept as they are."""


class Film:
    """A source, what became of it, and the row."""

    def __init__(self, row: dict[str, Any], source: bytes, result: bytes) -> None:
        self.row = row
        self._source = source
        self._result = result

    @cached_property
    def source(self) -> VideoTrack:
        return video_track(self._source)

    @cached_property
    def result(self) -> VideoTrack:
        return video_track(self._result)

    @cached_property
    def source_audio(self) -> list[AudioTrack]:
        return audio_tracks(self._source)

    @cached_property
    def audio(self) -> list[AudioTrack]:
        return audio_tracks(self._result)


class Films:
    """Converts each source once, however many tests look at the result."""

    def __init__(self, world: World, clips: Clips) -> None:
        self._world = world
        self._clips = clips
        self._made: dict[str, Film] = {}

    def __call__(self, name: str) -> Film:
        if name not in self._made:
            self._made[name] = self.convert(self._clips(name))
        return self._made[name]

    def convert(self, path: Path) -> Film:
        runs = self._world.ffmpeg_runs
        row = self._world.convert(path, options=SMALL)
        assert row["status"] == "Completed", row["error_reason"]
        assert self._world.leftovers() == []
        assert self._world.ffmpeg_runs == runs + 1
        return Film(row, path.read_bytes(), self._world.result(row))


@pytest.fixture(scope="module")
def films(servers: Servers, clips: Clips, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Films]:
    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch, world_on(servers.env, scratch, patch) as world:
        yield Films(world, clips)


def steps(track: VideoTrack) -> list[Fraction]:
    return list(track.steps)


@pytest.mark.parametrize(
    "name",
    [
        "h264_aac.mp4",
        "faststart.mp4",
        "fragmented.mp4",
        "open_gop.mp4",
        "variable.mp4",
        "gap.mp4",
        "ntsc.mp4",
        "hevc.mp4",
        "av1.mp4",
        "vp8_vorbis.webm",
        "hidden_frames.webm",
        "vp9_opus.webm",
        "live.webm",
        "variable.mkv",
        "gap.mkv",
        "ntsc.mkv",
        "h264_mp2.ts",
        "mpeg2_mp2.ts",
        "h264.m2ts",
        "mpeg2_mp2.mpg",
        "mpeg4_mp3.avi",
        "mjpeg_pcm.avi",
        "flv1_mp3.flv",
        "wmv2_wma.wmv",
        "theora_vorbis.ogv",
        "prores_pcm.mov",
        "one_frame.mp4",
        "one_frame.webm",
        "one_frame.ts",
    ],
)
def test_every_frame_is_shown_at_its_time(films: Films, name: str) -> None:
    film = films(name)
    assert (film.result.codec, film.result.tag) == ("hevc", "hvc1")
    assert len(film.result.times) == len(film.source.times) == film.row["media"]["video"]["frames"]
    assert steps(film.result) == steps(film.source)
    assert len(film.audio) == len(film.source_audio)


def test_fields_become_frames_of_half_the_time(films: Films) -> None:
    film = films("interlaced.ts")
    assert len(film.result.times) == 2 * len(film.source.times) == 2 * film.row["media"]["video"]["frames"]
    assert steps(film.result) == [Fraction(number, 50) for number in range(50)]


@pytest.mark.parametrize("extension", ["mp4", "mkv", "ts"])
def test_a_real_film_keeps_its_times(films: Films, tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"film.{extension}"
    run_ffmpeg(["-i", str(BIG_BUCK_BUNNY), "-t", "2", "-c", "copy", str(path)])
    film = films.convert(path)
    assert steps(film.result) == steps(film.source)
    header = ADTS_HEADER if extension == "ts" else 0
    (before,), (after,) = film.source_audio, film.audio
    assert after.packets == tuple(packet[header:] for packet in before.packets)


@pytest.mark.parametrize("name", ["h264_aac.mp4", "mp3.mp4", "ac3.mp4", "alac.mov", "mpeg4_mp3.avi"])
def test_audio_that_mp4_holds_is_kept_bit_by_bit(films: Films, name: str) -> None:
    film = films(name)
    (before,), (after,) = film.source_audio, film.audio
    assert after.codec == before.codec
    assert after.packets == before.packets


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("vp8_vorbis.webm", 1),
        ("vp9_opus.webm", 1),
        ("variable.mkv", 1),
        ("mjpeg_pcm.avi", 1),
        ("h264_mp2.ts", 1),
        ("telephone.mov", 1),
        ("eight_channels.mkv", 8),
    ],
)
def test_other_audio_becomes_aac(films: Films, name: str, channels: int) -> None:
    film = films(name)
    assert [(track.codec, track.channels) for track in film.audio] == [("aac", channels)]


def test_every_audio_track_is_kept(films: Films) -> None:
    film = films("two_tracks.mp4")
    assert [track.packets for track in film.audio] == [track.packets for track in film.source_audio]


@pytest.mark.parametrize("name", ["short_audio.mp4", "long_audio.mp4", "h264.mp4"])
def test_sound_may_be_shorter_or_longer_than_the_picture_or_absent(films: Films, name: str) -> None:
    film = films(name)
    assert [len(track.packets) for track in film.audio] == [len(track.packets) for track in film.source_audio]
    assert len(film.result.times) == 25


@pytest.mark.parametrize("name", ["late_picture.mp4", "late_picture.ts", "late_sound.mkv"])
def test_picture_and_sound_stay_together(films: Films, name: str) -> None:
    film = films(name)
    assert offset(film.result, film.audio) == pytest.approx(offset(film.source, film.source_audio), abs=0.03)


def offset(video: VideoTrack, audio: list[AudioTrack]) -> float:
    """How much later the picture begins than the sound; an AAC encoder's priming shifts it by one packet."""
    return float(video.times[0] - audio[0].start)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("odd_sides.mkv", (160, 120)),
        ("odd_width.webm", (160, 120)),
        ("odd_height.mov", (160, 120)),
        ("smallest.avi", (16, 16)),
    ],
)
def test_any_size_is_converted_and_an_odd_side_loses_one_line(films: Films, name: str, size: tuple[int, int]) -> None:
    film = films(name)
    assert (film.result.width, film.result.height) == size


@pytest.mark.parametrize(
    ("name", "pixel_format"),
    [
        ("ten_bit.mp4", "yuv420p10le"),
        ("twelve_bit.mkv", "yuv420p10le"),
        ("prores_pcm.mov", "yuv420p10le"),
        ("alpha.mov", "yuv420p"),
        ("gray.mkv", "yuvj420p"),
    ],
)
def test_depth_is_kept_up_to_ten_bits(films: Films, name: str, pixel_format: str) -> None:
    assert films(name).result.pixel_format == pixel_format


@pytest.mark.parametrize("name", ["full_range.mp4", "h264.mp4", "mjpeg_pcm.avi"])
def test_the_range_of_the_samples_is_kept(films: Films, name: str) -> None:
    film = films(name)
    full = 2
    assert (film.result.color_range == full) == (film.source.color_range == full)


def test_a_rotated_film_is_turned_once(films: Films) -> None:
    film = films("rotated.mp4")
    assert film.source.rotation == 90
    assert (film.result.width, film.result.height, film.result.rotation) == (120, 160, 0)


def test_pixels_that_are_not_square_stay_so(films: Films) -> None:
    assert films("wide_pixels.mp4").result.sample_aspect == Fraction(16, 11)


@pytest.mark.parametrize(
    ("name", "others"), [("cover.mp4", "other"), ("cover.mkv", "other"), ("subtitles.mkv", "subtitles")]
)
def test_the_film_is_converted_and_not_its_cover(films: Films, name: str, others: str) -> None:
    film = films(name)
    assert len(film.result.times) == 25
    assert len(film.audio) == 1
    assert len(film.row["media"][others]) == 1


@pytest.mark.parametrize(("name", "frames"), [("edit_list.mp4", 37), ("negative_start.mp4", 15)])
def test_what_an_edit_list_hides_stays_hidden(films: Films, name: str, frames: int) -> None:
    film = films(name)
    assert len(film.result.times) == frames
    assert steps(film.result) == steps(film.source)


def test_frames_from_before_the_start_are_kept(films: Films) -> None:
    assert len(films("negative_start.mkv").result.times) == 25


def test_b_frames_in_avi_keep_their_number(films: Films) -> None:
    film = films("b_frames.avi")
    assert len(film.result.times) == len(film.source.times)


@pytest.mark.parametrize(
    ("name", "original"), [("h264_b_frames", "b_frames.mp4"), ("gap_b_frames", "gap_b_frames.mp4")]
)
def test_b_frames_of_h264_in_avi_keep_their_times(films: Films, name: str, original: str) -> None:
    assert steps(films(f"{name}.avi").result) == pytest.approx(steps(films(original).source), abs=0.0005)


def test_a_last_frame_that_stands_still_keeps_standing(films: Films) -> None:
    film = films("held_last_frame.mp4")
    assert film.source.duration_s == pytest.approx(3.96)
    assert film.result.duration_s == pytest.approx(3.96)


def test_the_row_tells_what_was_measured(films: Films) -> None:
    row = films("vp8_vorbis.webm").row
    assert (row["original_format"], row["original_codec"]) == ("webm", "vp8")
    video = row["media"]["video"]
    assert (video["width"], video["height"], video["frames"], video["duration_s"]) == (160, 120, 25, 1.0)
    assert [track["codec"] for track in row["media"]["audio"]] == ["vorbis"]
    assert row["converted_size"] > 0
    assert row["encoder"] == ffmpeg.version()
