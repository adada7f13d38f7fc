"""``download ID [-o OUT]``: the result of a completed transaction."""

import argparse
from pathlib import Path

from local.bars import display
from local.commands.running import Stop, client_of, reporting
from local.naming import is_folder, refuse_overwriting, safe_name


@reporting
def run(args: argparse.Namespace) -> int:
    """Standard output gets the path alone."""
    client = client_of(args, Stop())
    link = client.link(args.id)
    out = Path(args.out) / safe_name(link.filename) if is_folder(args.out) else Path(args.out)
    refuse_overwriting(out, force=args.force)
    with display() as show:
        bar = show.bar(out.name, "download", link.size)
        client.fetch(args.id, out, lambda done: bar(done, ""), force=args.force)
    print(out)
    return 0
