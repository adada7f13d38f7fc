"""The search for speeds: curves are compared at equal quality, and only sets that x265 can be given are proposed."""

import random

import optuna
import pytest

from tests.bench.ladder.curves import WORST, bytes_ratio, cpu_ratio, mean_ratio
from tests.bench.ladder.measuring import Point
from tests.bench.ladder.space import (
    BROKEN,
    CHOICES,
    GOALS,
    SWITCHES,
    WHOLE,
    argument,
    neighbour,
    starting_points,
    suggest,
)

QUALITIES = (70.0, 80.0, 88.0, 94.0)


def points(bytes_factor: float = 1.0, cpu_factor: float = 1.0, better_by: float = 0.0) -> list[Point]:
    sizes = (1000, 2000, 4000, 8000)
    return [
        Point(crf, int(size * bytes_factor), cpu_factor * (1 + size / 8000), quality + better_by, quality / 2)
        for crf, size, quality in zip((34, 30, 26, 22), sizes, QUALITIES, strict=True)
    ]


def test_the_same_curve_has_the_ratio_one() -> None:
    assert bytes_ratio(points(), points(), "vmaf") == pytest.approx(1)
    assert cpu_ratio(points(), 2.0, points(), 2.0) == pytest.approx(1)


def test_half_of_the_bytes_at_the_same_quality_is_a_half() -> None:
    assert bytes_ratio(points(0.5), points(), "vmaf") == pytest.approx(0.5, abs=0.001)
    assert bytes_ratio(points(0.5), points(), "xpsnr") == pytest.approx(0.5, abs=0.001)


def test_more_quality_for_the_same_bytes_counts_as_fewer_bytes() -> None:
    assert bytes_ratio(points(better_by=2), points(), "vmaf") < 0.95


def test_curves_that_share_no_quality_have_the_worst_ratio() -> None:
    assert bytes_ratio(points(better_by=-60), points(), "vmaf") == WORST


def test_cpu_is_counted_in_units_of_the_clock_beside_it() -> None:
    slowed_down = points(cpu_factor=3)
    assert cpu_ratio(slowed_down, 3.0, points(), 1.0) == pytest.approx(1)
    assert cpu_ratio(slowed_down, 1.0, points(), 1.0) == pytest.approx(3, abs=0.01)


def test_ratios_are_averaged_geometrically() -> None:
    assert mean_ratio([0.5, 2.0]) == pytest.approx(1)


@pytest.mark.parametrize("speed", GOALS)
def test_starting_points_and_their_neighbours_lie_in_the_space(speed: str) -> None:
    chance = random.Random(3)
    for point in starting_points(GOALS[speed], 1):
        for one in (point, neighbour(point, chance)):
            assert one["preset"] in GOALS[speed].starts
            assert all(one[name] in values for name, values in CHOICES.items())
            assert all(one[name] in (0, 1) for name in SWITCHES)
            assert all(least <= int(one[name]) <= most for name, (least, most) in WHOLE.items())
            assert all(low <= float(one[name]) <= high for name, (low, high) in BROKEN.items())


def test_no_set_has_more_b_frames_than_the_encoder_looks_ahead() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(50):
        _, found = suggest(study.ask(), GOALS["fastest"])
        assert int(found["bframes"]) < int(found["rc-lookahead"])


def test_the_strength_of_a_mode_that_is_off_is_not_given() -> None:
    assert argument({"aq-mode": 0, "aq-strength": 1.0, "ctu": 64}) == "aq-mode=0:ctu=64"
