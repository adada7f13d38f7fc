"""The sums of what workers count, on the real PostgreSQL: nothing is lost where many add at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from functions.shared.upkeep import Sample
from functions.shared.wiring import upkeep

pytestmark = pytest.mark.usefixtures("env")
WORKERS = 6
TIMES = 20


@pytest.fixture
def stage() -> str:
    """A label value that no other test has."""
    return uuid4().hex


def stored(stage: str) -> dict[tuple[str, str], float]:
    found = [one for one in upkeep().metrics() if one.labels.get("stage") == stage]
    return {(one.name, one.labels.get("le", "")): one.value for one in found}


def test_workers_that_add_at_once_lose_nothing(stage: str) -> None:
    samples = [Sample(name, {"stage": stage, "le": le}, 0.5) for name in ("a_bucket", "b_bucket") for le in ("1", "2")]
    together = threading.Barrier(WORKERS)

    def add(number: int) -> None:
        together.wait(60)
        for _ in range(TIMES):
            upkeep().add_to_metrics(samples if number % 2 else samples[::-1])

    with ThreadPoolExecutor(WORKERS) as workers:
        list(workers.map(add, range(WORKERS)))
    assert set(stored(stage).values()) == {0.5 * WORKERS * TIMES}
    assert len(stored(stage)) == len(samples)


def test_the_order_of_labels_makes_no_other_series(stage: str) -> None:
    upkeep().add_to_metrics([Sample("c_bucket", {"stage": stage, "le": "1"}, 1)])
    upkeep().add_to_metrics([Sample("c_bucket", {"le": "1", "stage": stage}, 2)])
    assert stored(stage) == {("c_bucket", "1"): 3}


def test_a_zero_says_that_a_figure_is_known(stage: str) -> None:
    upkeep().add_to_metrics([Sample("d_total", {"stage": stage}, 0)])
    assert stored(stage) == {("d_total", ""): 0}
