"""Rows of films that are kept, only copied, or encoded within the source's size."""

import hashlib
from pathlib import Path

import pytest

from functions.shared.wiring import storage
from tests.support.clips import Clips
from tests.support.tracks import audio_tracks, video_track
from tests.support.world import Upload, World, object_created, read_object


def converted(world: World, film: Path) -> Upload:
    upload = world.upload(film)
    world.handle(object_created(upload))
    return upload


def test_a_film_that_h265_makes_larger_is_kept_and_said_so(world: World, clips: Clips) -> None:
    film = clips("smallest.mp4")
    row = world.row(converted(world, film))
    assert (row["status"], row["result"], row["target_codec"]) == ("Completed", "kept_original", "h264")
    assert "of the source's size" in row["result_reason"]
    assert row["error_code"] is None
    source, result = video_track(film.read_bytes()), video_track(world.result(row))
    assert (result.codec, result.steps) == ("h264", source.steps)
    assert row["converted_sha256"] == hashlib.sha256(world.result(row)).hexdigest()


def test_a_film_whose_picture_mp4_cannot_hold_is_kept_byte_by_byte_under_its_own_name(
    world: World, clips: Clips
) -> None:
    film = clips("one_frame.webm")
    row = world.row(converted(world, film))
    assert (row["result"], row["target_codec"], row["target_format"]) == ("kept_original", "vp8", "webm")
    assert row["stored_path_converted"].endswith("/1.webm")
    assert world.result(row) == film.read_bytes()


def test_h265_is_taken_over_as_it_is(world: World, clips: Clips) -> None:
    film = clips("hevc.mp4")
    row = world.row(converted(world, film))
    assert (row["status"], row["result"], row["target_codec"]) == ("Completed", "remuxed", "h265")
    assert world.ffmpeg_runs == 1
    assert "libx265" not in world.commands[0]
    source, result = video_track(film.read_bytes()), video_track(world.result(row))
    assert result.tag == "hvc1"
    assert result.steps == source.steps


def test_a_film_that_grows_a_little_is_encoded_once_more_in_as_many_bits_as_it_has(world: World, clips: Clips) -> None:
    film = clips("gap_b_frames.mp4")
    row = world.row(converted(world, film))
    assert (row["status"], row["result"]) == ("Completed", "converted")
    first, second = (float(argv[argv.index("-crf") + 1]) for argv in world.commands)
    assert first < second
    assert row["converted_size"] < row["source_size"]


@pytest.mark.parametrize("name", ["h264_aac.mp4", "smallest.mp4", "hevc.mp4", "gap_b_frames.mp4"])
def test_whatever_becomes_of_it_the_source_is_left_alone_and_the_result_no_larger(
    world: World, clips: Clips, name: str
) -> None:
    film = clips(name)
    upload = converted(world, film)
    row = world.row(upload)
    assert read_object(storage(), upload.bucket, upload.key) == film.read_bytes()
    assert row["converted_size"] == len(world.result(row))
    assert row["converted_size"] <= row["source_size"] or row["result"] == "remuxed"
    assert len(audio_tracks(world.result(row))) == len(audio_tracks(film.read_bytes()))
