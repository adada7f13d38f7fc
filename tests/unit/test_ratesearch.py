"""The search plays on made-up films whose VMAF at each rate factor is known."""

import math
import random
from collections.abc import Callable

import pytest

from functions.converter.ratesearch import (
    BY_FLOOR,
    BY_LIMIT,
    EASIER,
    FOUND,
    LEAST_CRF,
    MOST_CRF,
    PIVOT_CRF,
    PIVOT_VMAF,
    UNREACHABLE,
    Curve,
    Growth,
    Point,
    prior_crf,
    search,
    solve,
    usual_growth,
)
from functions.shared.qualities import LEAST_VMAF, MOST_VMAF, QUALITIES, Target

Film = Callable[[float], float]
NO_FLOOR = 0.0
USUAL = Growth(0.13, 0.025)


def growing(growth: float, missing_at_26: float = 9.0) -> Film:
    """What is missing to 100 grows by ``growth`` with each step."""
    return lambda crf: max(0.0, 100 - missing_at_26 * math.exp(growth * (crf - 26)))


def looker(film: Film, noise: float = 0.0, below: float = 6.0, seed: int = 1) -> Callable[[float, bool], Point]:
    chance = random.Random(seed)

    def look(crf: float, first: bool) -> Point:
        vmaf = min(100.0, film(crf) + chance.gauss(0, noise))
        return Point(crf, vmaf, vmaf - below, 5)

    return look


@pytest.mark.parametrize(("growth", "expected"), [(0.08, 0.1), (0.1, 0.1), (0.17, 0.15), (0.24, 0.22), (0.2, None)])
@pytest.mark.parametrize("missing", [5.0, 9.0, 15.0])
@pytest.mark.parametrize("vmaf", [86.0, 92.0, 95.0, 97.0])
def test_a_smooth_film_lands_within_half_a_point(
    growth: float, expected: float | None, missing: float, vmaf: float
) -> None:
    film = growing(growth, missing)
    usual = Growth(expected, 0.025) if expected else usual_growth(None)
    solution, _ = search(Target(vmaf, NO_FLOOR), usual, looker(film))
    assert abs(film(solution.crf) - vmaf) < 0.5 or solution.crf in (LEAST_CRF, MOST_CRF)


@pytest.mark.parametrize("seed", range(8))
def test_noise_of_the_samples_is_not_made_larger(seed: int) -> None:
    film = growing(0.11)
    solution, _ = search(Target(92.0, NO_FLOOR), USUAL, looker(film, noise=0.6, seed=seed))
    assert abs(film(solution.crf) - 92.0) < 1.5


def test_the_same_looks_find_the_same_rate_factor() -> None:
    found = [search(Target(92.0, 82.0), USUAL, looker(growing(0.15), noise=0.5))[0] for _ in range(2)]
    assert found[0] == found[1]


def test_two_looks_are_enough_for_a_film_near_the_prior() -> None:
    looks: list[tuple[float, bool]] = []

    def look(crf: float, first: bool) -> Point:
        looks.append((crf, first))
        return looker(growing(0.13, 8.0))(crf, first)

    search(Target(92.0, NO_FLOOR), USUAL, look)
    assert [first for _, first in looks] == [True, False]


def test_a_film_that_loses_nothing_is_told_to_be_easier_at_the_highest_rate_factor() -> None:
    solution, _ = search(QUALITIES["balanced"], USUAL, looker(lambda _crf: 99.8, below=0.1))
    assert (solution.crf, solution.outcome, solution.bound_by) == (MOST_CRF, EASIER, BY_LIMIT)


def test_a_film_that_is_never_good_enough_is_told_to_be_unreachable_at_the_lowest_rate_factor() -> None:
    solution, _ = search(QUALITIES["high"], USUAL, looker(lambda _crf: 60.0))
    assert (solution.crf, solution.outcome, solution.bound_by) == (LEAST_CRF, UNREACHABLE, BY_LIMIT)


def test_a_cliff_is_looked_at_again_on_this_side() -> None:
    def cliff(crf: float) -> float:
        return 99.5 if crf < 34 else 70.0

    looks: list[float] = []

    def look(crf: float, _first: bool) -> Point:
        looks.append(crf)
        return Point(crf, cliff(crf), cliff(crf) - 1, 3)

    search(Target(92.0, NO_FLOOR), USUAL, look)
    assert len(looks) == 3
    assert looks[1] >= 34 > looks[2]


def test_a_floor_that_binds_lowers_the_rate_factor() -> None:
    film = growing(0.12)
    free, _ = search(Target(92.0, NO_FLOOR), USUAL, looker(film, below=15.0))
    bound, _ = search(Target(92.0, 85.0), USUAL, looker(film, below=15.0))
    assert bound.crf < free.crf
    assert bound.bound_by == BY_FLOOR
    assert bound.p5 == pytest.approx(84.0, abs=0.3)


def test_rate_factors_have_tenths() -> None:
    solution, _ = search(Target(92.3, NO_FLOOR), USUAL, looker(growing(0.13)))
    assert solution.crf == round(solution.crf, 1)
    assert solution.outcome == FOUND


def test_a_film_that_moves_more_is_expected_to_lose_faster() -> None:
    still, lively, hectic = (usual_growth(movement).usual for movement in (0.0, 1.0, 1.8))
    assert still < lively < hectic
    assert usual_growth(-1.0) == usual_growth(0.0)
    assert usual_growth(50.0) == usual_growth(2.0)


def test_a_film_in_which_more_moves_is_first_looked_at_nearer_to_where_all_films_are_alike() -> None:
    still, lively = (prior_crf(QUALITIES["high"], usual_growth(movement)) for movement in (0.0, 1.6))
    assert LEAST_CRF < still < lively < PIVOT_CRF
    assert prior_crf(Target(PIVOT_VMAF, NO_FLOOR), usual_growth(1.0)) == PIVOT_CRF
    assert prior_crf(Target(LEAST_VMAF, NO_FLOOR), usual_growth(None)) > PIVOT_CRF
    assert prior_crf(Target(MOST_VMAF, NO_FLOOR), Growth(0.04)) == LEAST_CRF


def test_of_a_film_that_was_not_read_less_is_taken_for_granted() -> None:
    assert usual_growth(None).doubt > usual_growth(0.0).doubt


def test_nearer_looks_count_more() -> None:
    curve = Curve((Point(16.0, 95.0, 90.0, 5), Point(30.0, 80.0, 70.0, 5)), USUAL)
    assert curve.at(30.0).vmaf == pytest.approx(80.0, abs=0.5)
    assert curve.at(16.0).vmaf == pytest.approx(95.0, abs=0.3)


def test_a_look_in_which_nothing_is_left_of_the_film_does_not_lead_astray() -> None:
    film = growing(0.14, 16.0)
    looks: list[float] = []

    def look(crf: float, first: bool) -> Point:
        looks.append(crf)
        return looker(film)(crf, first)

    solution, _ = search(Target(50.0, NO_FLOOR), Growth(0.1, 0.025), look)
    assert min(film(crf) for crf in looks) == 0.0
    assert abs(film(solution.crf) - 50.0) < 2.0


def test_at_the_highest_target_a_film_that_loses_nothing_is_easier_too() -> None:
    solution, _ = search(Target(99.0, NO_FLOOR), USUAL, looker(lambda _crf: 100.0, below=0.0))
    assert (solution.crf, solution.outcome) == (MOST_CRF, EASIER)


def test_the_expected_film_falls_with_the_rate_factor() -> None:
    curve = Curve((Point(20.0, 97.0, 90.0, 3), Point(26.0, 97.5, 92.0, 3)), USUAL)
    expected = [curve.at(crf).vmaf for crf in range(8, 46)]
    assert expected == sorted(expected, reverse=True)
    assert LEAST_CRF <= solve(QUALITIES["balanced"], curve).crf <= MOST_CRF
