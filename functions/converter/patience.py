"""Writes that a conversion cannot do without, tried again while the database is away."""

import time
from collections.abc import Callable

from functions.shared.errors import DatabaseUnavailable

PATIENCE_S = 30.0
"""Below the stall clock of a stage: a restart of the database is no reason to throw an encode away."""
PAUSE_S = 1.0


def patiently(write: Callable[[], bool], at_most_s: float = PATIENCE_S) -> bool:
    """What ``write`` answers; raises ``DatabaseUnavailable`` when the database stays away, or for ``at_most_s``.

    ``write`` may have happened although its answer was lost, so it must bear being repeated.
    """
    give_up = time.monotonic() + min(at_most_s, PATIENCE_S)
    while True:
        try:
            return write()
        except DatabaseUnavailable:
            if time.monotonic() + PAUSE_S > give_up:
                raise
            time.sleep(PAUSE_S)
