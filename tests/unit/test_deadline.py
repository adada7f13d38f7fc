"""A film that cannot be ready in time ends early, one that can is left alone; whose limit it is gives it its name."""

import math

import pytest

from functions.converter.deadline import RESERVE_S, Deadline, Forecast, is_hopeless, needed_s
from functions.shared.errors import PipelineError, TimeBudgetExceeded, TooLongForThisWorker, WorkerStopping

LAMBDA_S = 885.0
FRAMES = 100_000


class Film:
    """An encode in a deadline of 885 s, on a clock of its own."""

    def __init__(self, whole_s: float = LAMBDA_S) -> None:
        self.now = 0.0
        self.done = 0.0
        self.forecast = Forecast(Deadline(whole_s, whole_s, TooLongForThisWorker), FRAMES, lambda: self.now)

    def encode(self, seconds: float, fps: float) -> "Film":
        """Time passes at that speed, until the film ends or the time does."""
        for _ in range(int(seconds * 2)):
            if self.done < FRAMES:
                self.forecast.heed(int(self.done))
                self.now += 0.5
                self.done += fps / 2
        return self

    def stops_at(self, fps: float) -> float:
        """When it is ended at a steady speed; infinite if it is not."""
        try:
            self.encode(LAMBDA_S, fps)
        except TooLongForThisWorker:
            return self.now
        return math.inf


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.94])
def test_a_film_that_fits_is_left_alone(share: float) -> None:
    film = Film()
    assert film.stops_at(FRAMES / (share * LAMBDA_S)) == math.inf
    assert film.done >= FRAMES


@pytest.mark.parametrize(("times", "latest"), [(1.05, 0.9), (1.2, 0.75), (2, 0.35), (4, 0.1), (100, 0.1)])
def test_the_longer_a_film_the_sooner_it_ends(times: float, latest: float) -> None:
    assert Film().stops_at(FRAMES / (times * LAMBDA_S)) <= latest * LAMBDA_S


@pytest.mark.parametrize(("start_s", "share"), [(40, 0.1), (120, 0.4), (240, 0.6)])
def test_a_noisy_start_fails_no_film_that_makes_it(start_s: float, share: float) -> None:
    """At first a neighbour leaves it only a share of the machine."""
    usual = FRAMES / (0.6 * LAMBDA_S)
    assert Film().encode(start_s, share * usual).encode(LAMBDA_S, usual).done >= FRAMES


def test_a_film_whose_easy_part_comes_last_is_given_its_chance() -> None:
    slow = FRAMES / (1.5 * LAMBDA_S)
    film = Film().encode(0.4 * LAMBDA_S, slow)
    assert film.encode(LAMBDA_S, 4 * slow).done >= FRAMES


def test_no_speed_is_believed_before_it_was_measured() -> None:
    Film().encode(0.04 * LAMBDA_S, 1)
    with pytest.raises(TooLongForThisWorker, match=r"^\d+ s more are needed, 8\d\d s are left$"):
        Film().encode(0.08 * LAMBDA_S, 1)


def test_an_encode_that_shows_no_frame_is_not_judged_here() -> None:
    assert Film().encode(LAMBDA_S, 0).done == 0


def test_the_doubt_shrinks_to_nothing_at_the_deadline() -> None:
    assert not is_hopeless(2.9 * 900, 900, 900)
    assert is_hopeless(3.1 * 900, 900, 900)
    assert not is_hopeless(10.1, 10, 900)
    assert is_hopeless(10.3, 10, 900)
    assert is_hopeless(1, -5, 900)


def test_what_follows_the_encode_is_part_of_what_is_needed() -> None:
    assert needed_s(100, 10, 90) == pytest.approx(10 + 0.05 * 100)
    assert needed_s(0, 10, 100) == pytest.approx(5)


@pytest.mark.parametrize(
    ("left_s", "budget_s", "call_s", "usable_s", "error"),
    [
        (900, 43_200, 900, 900 - RESERVE_S, TooLongForThisWorker),
        (20, 43_200, 20, 18, TooLongForThisWorker),
        (899, 100, 900, 100, TimeBudgetExceeded),
        (400, 43_200, 900, 400 - RESERVE_S, WorkerStopping),
        (400, 100, 900, 100, TimeBudgetExceeded),
        (10**9, 43_200, 10**9, 43_200, TimeBudgetExceeded),
    ],
)
def test_the_nearer_limit_counts_and_gives_the_end_its_name(
    left_s: float, budget_s: float, call_s: float, usable_s: float, error: type[PipelineError]
) -> None:
    deadline = Deadline.of_call(left_s, budget_s, call_s)
    assert deadline.left_s() == pytest.approx(usable_s, abs=1)
    assert deadline.too_late is error


def test_the_last_word_ends_before_the_caller_does() -> None:
    deadline = Deadline.of_call(20, 43_200, 20)
    assert deadline.patience_s() == pytest.approx(19, abs=0.5)
    assert Deadline.after(10).patience_s() == math.inf
