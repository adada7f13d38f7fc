"""``python -m local``: every command of the desk."""

import argparse
from collections.abc import Sequence

from local import commands, operate


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description="bucket265 on your desk")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    operate.add_commands(subparsers)
    commands.add_commands(subparsers)
    args = parser.parse_args(argv)
    code: int = args.run(args)
    return code
