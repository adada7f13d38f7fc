"""Samples that are livelier than their film are known to be rated too high."""

from pathlib import Path

import numpy as np
import pytest

from functions.converter.liveliness import Liveliness, liveliness
from functions.converter.samples import Window
from functions.converter.tinypictures import FRAME_BYTES


def test_a_film_that_moves_less_than_its_samples_is_rated_lower() -> None:
    assert Liveliness(0.0, (1.0, 1.0)).film_mean([93.0, 93.0]) < 93.0 < Liveliness(2.0, (1.0, 1.0)).film_mean([93, 93])


def test_samples_that_are_as_lively_as_the_film_stand_for_it() -> None:
    assert Liveliness(0.5, (0.0, 1.0)).film_mean([90.0, 94.0]) == pytest.approx(92.0)


def test_many_samples_outweigh_the_usual_gain() -> None:
    against = Liveliness(0.0, tuple(float(number) for number in range(-5, 6)))
    means = [92.0 - 1.0 * number for number in range(-5, 6)]
    moved = Liveliness(1.0, against.windows)
    assert moved.film_mean(means) < against.film_mean(means)


def test_no_film_is_rated_above_100() -> None:
    assert Liveliness(9.0, (0.0,)).film_mean([99.0]) <= 100.0


def test_movement_is_measured_from_tiny_pictures(tmp_path: Path) -> None:
    frames = np.zeros((40, FRAME_BYTES), np.uint8)
    frames[20:] = (np.arange(20) % 2 * 100).reshape(-1, 1).astype(np.uint8)
    path = tmp_path / "thumbs"
    path.write_bytes(frames.tobytes())
    measured = liveliness(path, [Window(2, 6), Window(28, 6)])
    assert measured is not None
    still, lively = measured.windows
    assert still < measured.film < lively


def test_a_single_frame_has_no_movement(tmp_path: Path) -> None:
    path = tmp_path / "thumbs"
    path.write_bytes(bytes(FRAME_BYTES))
    assert liveliness(path, [Window(0, 1)]) is None


def test_windows_beyond_the_film_are_no_ground_to_judge_by(tmp_path: Path) -> None:
    path = tmp_path / "thumbs"
    path.write_bytes(bytes(FRAME_BYTES * 5))
    assert liveliness(path, [Window(2, 6)]) is None
