"""The commands of who has videos, and of who looks after the stack. Here are their options; each has a module.

A command's module is imported when it runs: ``make up`` does not wait for an HTTP client.
"""

import argparse
import os
import uuid
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from functions.shared.transactions import PREVIEWS
from local.commands.options import add_options

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

FILES_AT_ONCE = 4
FRAMES_SHOWN, MOST_FRAMES_SHOWN = 4, 50
FREE_GIB = 1.0


def add_commands(subparsers: "Subparsers") -> None:
    """Add the commands; each sets ``run``, which takes the parsed arguments and returns the exit code."""
    _add_convert(_command(subparsers, "convert", "convert videos to H.265"))
    _add_status(_command(subparsers, "status", "how far a transaction is"))
    _add_download(_command(subparsers, "download", "download the result of a completed transaction"))
    _add_receipt(_command(subparsers, "receipt", "what was done to a film, with the figures that prove it"))
    _add_thumbnail(_command(subparsers, "thumbnail", "download a poster, a preview or a storyboard of a film"))
    _add_verify(_command(subparsers, "verify", "whether a receipt holds: source and result are measured again"))
    _add_compare(_command(subparsers, "compare", "a source beside its result, at the worst frames and over time"))
    _add_estimate(_command(subparsers, "estimate", "what converting a film would come to, from three samples of it"))
    _add_redrive(_command(subparsers, "redrive", "convert failed transactions again"))
    _add_doctor(_command(subparsers, "doctor", "try each link of the chain and name the one that is broken"))
    _add_demo(_command(subparsers, "demo", "start a stack, convert one video, stop the stack"))


def _command(subparsers: "Subparsers", name: str, text: str) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(name, help=text, description=text)
    parser.set_defaults(run=_later(name))
    return parser


def _later(name: str) -> Callable[[argparse.Namespace], int]:
    def run(args: argparse.Namespace) -> int:
        code: int = import_module(f"local.commands.{name}").run(args)
        return code

    return run


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
    parser.add_argument("-o", dest="out", metavar="OUT", help="a file for one FILE, or a folder (default: beside FILE)")
    parser.add_argument(
        "--jobs", type=_at_least_one, default=FILES_AT_ONCE, metavar="N", help=f"files at once ({FILES_AT_ONCE})"
    )
    _add_force(parser)
    add_options(parser)
    _add_api(parser)


def _add_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", type=_transaction_id)
    parser.add_argument("--json", action="store_true", help="the API's answer as it is")
    _add_api(parser)


def _add_download(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", type=_transaction_id)
    parser.add_argument("-o", dest="out", metavar="OUT", default=".", help="a file or a folder (default: this folder)")
    _add_force(parser)
    _add_api(parser)


def _add_receipt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", type=_transaction_id)
    parser.add_argument("-o", "--out", dest="out", metavar="OUT", help="a file (default: standard output)")
    _add_force(parser)
    _add_api(parser)


def _add_thumbnail(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", type=_transaction_id)
    parser.add_argument("--kind", choices=PREVIEWS, default="poster", help="which one (default: the poster)")
    parser.add_argument(
        "-o", "--out", dest="out", metavar="OUT", default=".", help="a file or a folder (default: this folder)"
    )
    _add_force(parser)
    _add_api(parser)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("receipt", metavar="RECEIPT", help="a receipt's file, or the ID of a transaction")
    parser.add_argument("--source", metavar="FILE", type=Path, required=True, help="what was uploaded")
    parser.add_argument("--output", metavar="FILE", type=Path, help="the result (default: fetched, for an ID)")
    _add_api(parser)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", type=Path)
    parser.add_argument("result", metavar="RESULT", nargs="?", help="a file or an ID (default: SOURCE, converted here)")
    parser.add_argument("--output", metavar="FOLDER", type=Path, default=Path(), help="default: this folder")
    frames = f"worst frames that are shown, at most {MOST_FRAMES_SHOWN} ({FRAMES_SHOWN})"
    parser.add_argument("--frames", type=_frames_shown, default=FRAMES_SHOWN, metavar="N", help=frames)
    _add_force(parser)
    add_options(parser)
    _add_api(parser)


def _add_estimate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--json", action="store_true", help="as POST /estimate answers it")
    add_options(parser)


def _add_redrive(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", metavar="ID", nargs="*", type=_transaction_id, default=[])
    which.add_argument("--all", action="store_true", help="all that failed")


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--origin", metavar="URL", help="the web page that uploads (default: the API's address)")
    parser.add_argument(
        "--free-gib", type=float, default=FREE_GIB, metavar="N", help=f"disk space that has to be free ({FREE_GIB:g})"
    )


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="a video (default: one that comes with us)")


def _add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="replace a file that is there already")


def _add_api(parser: argparse.ArgumentParser) -> None:
    default = f"http://localhost:{os.environ.get('API_PORT') or 8000}"
    parser.add_argument("--api", metavar="URL", default=default, help=f"where the API listens (default {default})")
    parser.add_argument(
        "--user",
        metavar="UUID",
        help="whose transactions (default: a random one, kept for you, or the one of the token in BUCKET265_TOKEN)",
    )


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number of at least 1")
    return int(text)


def _frames_shown(text: str) -> int:
    """Pictures that can still be drawn, and looked at, on one sheet."""
    if (asked := _at_least_one(text)) > MOST_FRAMES_SHOWN:
        raise argparse.ArgumentTypeError(f"must be at most {MOST_FRAMES_SHOWN}")
    return asked


def _transaction_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no transaction id (a UUID)") from None
