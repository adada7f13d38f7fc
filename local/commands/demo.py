"""``demo [FILE]``: the last line on standard output is the result's path, alone."""

import argparse

from local.commands.running import reporting
from local.demo import CLIP, demonstrate, show_table
from local.stack import stopped_by_signals


@reporting
def run(args: argparse.Namespace) -> int:
    with stopped_by_signals():
        done = demonstrate(args.file or CLIP)
    show_table(done)
    print(done.result)
    return 0
