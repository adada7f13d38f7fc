"""``receipt ID [-o OUT]``: what was done to a film, with the figures that prove it."""

import argparse
import sys
from pathlib import Path

from local.commands.running import Stop, client_of, reporting
from local.naming import refuse_overwriting
from local.problems import ClientError


@reporting
def run(args: argparse.Namespace) -> int:
    """The receipt goes to standard output as it is; with a file, the file's path."""
    receipt = client_of(args, Stop()).receipt(args.id)
    if args.out is None:
        sys.stdout.write(receipt.decode() if receipt.endswith(b"\n") else receipt.decode() + "\n")
        return 0
    out = Path(args.out)
    refuse_overwriting(out, force=args.force)
    try:
        out.write_bytes(receipt)
    except OSError as exc:
        raise ClientError(f"{out} cannot be written: {exc.strerror}.", "unwritable_file") from exc
    print(out)
    return 0
