"""What is accepted before anything is encoded, and what a measured number may be."""

from typing import Any

import pytest

from functions.converter import containers, process
from functions.converter.probe import accept, limits, media_info
from functions.shared.errors import (
    Bucket265Error,
    DurationOutOfRange,
    FrameRateOutOfRange,
    PictureOutOfRange,
    PictureTooLargeForWorker,
    UnreadableMedia,
)
from functions.shared.settings import Settings, read_settings
from tests.support.probes import a_media, a_video

GIB = 1024**3


def settings(**env: str) -> Settings:
    return read_settings(
        {"DATABASE_URL": "postgresql://", "AUTH_MODE": "open", "WORKER_MEMORY_BYTES": str(64 * GIB)} | env
    )


@pytest.mark.parametrize(
    ("width", "height"), [(16, 16), (17, 33), (1920, 1080), (3840, 2160), (8192, 4272), (16, 8192), (4272, 8192)]
)
def test_pictures_within_the_bounds_are_accepted(width: int, height: int) -> None:
    accept(a_media(width=width, height=height), settings(), threads=2)


@pytest.mark.parametrize(("width", "height"), [(15, 16), (16, 15), (2, 2), (8193, 16), (16, 8193), (8192, 8192)])
def test_pictures_outside_the_bounds_are_refused_with_their_size(width: int, height: int) -> None:
    with pytest.raises(PictureOutOfRange, match=f"{width}x{height}"):
        accept(a_media(width=width, height=height), settings(), threads=2)


def test_a_picture_that_does_not_fit_into_the_worker_is_refused_before_the_encode() -> None:
    needed = process.picture_memory_bytes(3840, 2160, 2)
    accept(a_media(width=3840, height=2160), settings(WORKER_MEMORY_BYTES=str(needed)), threads=2)
    with pytest.raises(PictureTooLargeForWorker, match="3840x2160"):
        accept(a_media(width=3840, height=2160), settings(WORKER_MEMORY_BYTES=str(needed - 1)), threads=2)


def test_more_threads_and_larger_pictures_need_more_memory() -> None:
    one, two, eight = (process.picture_memory_bytes(1920, 1080, threads) for threads in (1, 2, 8))
    assert one == two < eight
    assert process.picture_memory_bytes(1920, 1080, 2) < process.picture_memory_bytes(3840, 2160, 2)


def test_a_film_that_is_too_long_is_refused_with_its_length() -> None:
    accept(a_media(duration_s=600.0), settings(MAX_DURATION_S="600"), threads=2)
    with pytest.raises(DurationOutOfRange, match="601 s, at most 600 s"):
        accept(a_media(duration_s=601.0), settings(MAX_DURATION_S="600"), threads=2)


def test_the_largest_picture_is_the_deployments() -> None:
    accept(a_media(width=1920, height=1080), settings(MAX_PIXELS="2100000"), threads=2)
    with pytest.raises(PictureOutOfRange, match="at most 2 megapixels"):
        accept(a_media(width=1920, height=1080), settings(MAX_PIXELS="2000000"), threads=2)


def test_the_frames_that_there_are_count_and_not_the_rate_that_is_claimed() -> None:
    accept(a_media(frames=3000, duration_s=10.0, frame_rate=9000.0), settings(), threads=2)
    with pytest.raises(FrameRateOutOfRange, match="400 frames a second, at most 300"):
        accept(a_media(frames=4000, duration_s=10.0, frame_rate=25.0), settings(), threads=2)


@pytest.mark.parametrize("name", ["duration_s", "frame_rate", "last_frame_s"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused(name: str, value: float) -> None:
    video: dict[str, Any] = vars(a_video()) | {"time_base": [1, 12800], name: value}
    with pytest.raises(UnreadableMedia):
        media_info(containers.MOV, {"video": video, "audio": [], "other": []}, 1000)


@pytest.mark.parametrize("error", [PictureOutOfRange("15x16"), DurationOutOfRange("601 s"), UnreadableMedia()])
def test_a_refusal_is_a_sentence_with_the_figure(error: Bucket265Error) -> None:
    assert error.detail in error.sentence()
    assert error.sentence()[0].isupper()


def test_a_small_file_gets_little_time_to_be_measured_and_a_large_one_more() -> None:
    sizes = (500_000, 100 * 1024**2, 5 * GIB)
    assert [limits(size).cpu_s for size in sizes] == [30, 100, 600]
    assert limits(0).file_bytes == 0
