"""The ladder of speeds, in steps that can be stopped and go on: what is measured is kept at once.

``python -m tests.bench.ladder search --speed fastest --fold a --tries 80`` tries sets of parameters;
``… choose --speed fastest`` judges the best ones by the films that their search did not see;
``… contest`` measures all speeds, x265's presets and another encoder on whole pictures, ``… plot`` draws that.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import optuna

from tests.bench.ladder.choosing import choose, keep_choice, summary
from tests.bench.ladder.contest import hold
from tests.bench.ladder.picture import draw, places, table
from tests.bench.ladder.searching import search
from tests.bench.ladder.space import GOALS
from tests.bench.ladder.trials import FOLDS


def main() -> int:
    """0 when all was tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ladder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    searching = commands.add_parser("search", help="try sets of parameters")
    searching.add_argument("--speed", choices=GOALS, required=True)
    searching.add_argument("--fold", choices=FOLDS, required=True)
    searching.add_argument("--tries", type=int, default=150, help="in all, with those of earlier runs")
    choosing = commands.add_parser("choose", help="cross-validate, and choose a set")
    choosing.add_argument("--speed", choices=GOALS, required=True)
    commands.add_parser("contest", help="compare with x265's presets and kvazaar on whole pictures")
    commands.add_parser("plot", help="draw what the contest found")
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    films = Path(tempfile.gettempdir()) / "bench-films"
    films.mkdir(exist_ok=True)
    if asked.command == "search":
        search(asked.speed, asked.fold, asked.tries, films)
    elif asked.command == "choose":
        choice = choose(asked.speed, films)
        keep_choice(choice)
        print(summary(choice))
    elif asked.command == "contest":
        hold(films)
    else:
        found = places()
        draw(found)
        print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
