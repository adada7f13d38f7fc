"""``verify RECEIPT --source FILE --output FILE``: whether a receipt holds. Nothing is encoded."""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from functions.converter.inspection import Inspector
from functions.converter.recheck import NotAReceipt, Rechecked, recheck
from local.bars import display
from local.commands.running import Stop, client_of, fetch_result, reporting
from local.localfile import require_file
from local.ondesk import settings_here
from local.problems import ClientError

RECEIPT_BYTES = 2 * 1024**2


@reporting
def run(args: argparse.Namespace) -> int:
    """Exit code 1 and one line for each difference if it does not hold."""
    require_file(args.source)
    with tempfile.TemporaryDirectory(prefix="bucket265-verify-") as home:
        receipt, output = _from_files(args) if _is_file(args.receipt) else _fetched(args, Path(home))
        folder = Path(home) / "work"
        folder.mkdir(mode=0o700)
        result = _rechecked(receipt, args.source, output, folder)
    for difference in result.differences:
        print(difference)
    print("the receipt does NOT hold" if result.differences else f"the receipt holds: {_summary(receipt, result)}")
    return 1 if result.differences else 0


def _is_file(receipt: str) -> bool:
    return Path(receipt).exists()


def _from_files(args: argparse.Namespace) -> tuple[dict[str, Any], Path]:
    if args.output is None:
        raise ClientError("Name the result as well: --output FILE.", "missing_output")
    require_file(args.output)
    with Path(args.receipt).open("rb") as file:
        return _parsed(file.read(RECEIPT_BYTES), args.receipt), args.output


def _parsed(text: bytes, name: str) -> dict[str, Any]:
    try:
        receipt = json.loads(text)
    except ValueError as exc:
        raise ClientError(f"{name} is not JSON: {exc}.", "not_a_receipt") from exc
    if not isinstance(receipt, dict):
        raise ClientError(f"{name} is no receipt: it is not a JSON object.", "not_a_receipt")
    return receipt


def _fetched(args: argparse.Namespace, home: Path) -> tuple[dict[str, Any], Path]:
    """The receipt, and unless it is at hand the result, of a transaction."""
    try:
        UUID(args.receipt)
    except ValueError:
        raise ClientError(f"{args.receipt} is neither a file nor the ID of a transaction.", "no_such_file") from None
    client = client_of(args, Stop())
    receipt = _parsed(client.receipt(args.receipt), "The answer")
    if args.output is not None:
        require_file(args.output)
        return receipt, args.output
    with display() as show:
        return receipt, fetch_result(client, args.receipt, home, show)


def _rechecked(receipt: dict[str, Any], source: Path, output: Path, folder: Path) -> Rechecked:
    inspector = Inspector()
    try:
        return recheck(receipt, source, output, folder, settings_here(), inspector)
    except NotAReceipt as exc:
        raise ClientError(f"This is no receipt: {exc}.", "not_a_receipt") from exc
    finally:
        inspector.close()


def _summary(receipt: dict[str, Any], result: Rechecked) -> str:
    if result.verified is None:
        return "the result is the source, byte for byte"
    if result.verified.frames is None:
        return f"all {result.verified.facts['packets']} packets of the picture are the source's"
    frames = result.verified.frames
    worst = f"the worst one (number {frames.worst_frame}) differs by {frames.worst_rms:.2f} of 255"
    return f"{frames.frames} frames, {worst}"
