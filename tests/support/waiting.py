"""Bounded waiting: tests poll for a state, they never sleep and hope."""

import time
from collections.abc import Callable
from typing import TypeVar

BOUND_S = 60.0
T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, bound_s: float = BOUND_S) -> T:
    """Poll until ``condition`` is true and return what it gave; fail saying ``what`` was awaited."""
    give_up = time.monotonic() + bound_s
    while not (value := condition()):
        assert time.monotonic() < give_up, f"waited {bound_s:.0f} s for {what}"
        time.sleep(0.05)
    return value
