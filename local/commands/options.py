"""The options of a conversion on the command line. What their values mean, and which are taken, the API says."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from functions.shared.options import (
    AUDIO,
    CONTAINERS,
    KEEPABLE,
    LEAST_HEIGHT,
    MAX_CRF,
    MOST_HEIGHT,
    ON_OFF,
    REQUIRABLE,
)
from functions.shared.qualities import LEAST_VMAF, MOST_VMAF, QUALITIES
from functions.shared.speeds import SPEEDS

NAMES = ("crf", "quality", "vmaf", "speed", "max_height", "container", "audio", "keep", "require", "previews")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options; ``asked`` reads them."""
    group = parser.add_argument_group("what the conversion shall do (default: what the API has for it)")
    quality = group.add_mutually_exclusive_group()
    quality.add_argument("--quality", choices=QUALITIES, help="how good, by name; each film gets what it needs for it")
    vmaf = f"how good, as VMAF rates it: {LEAST_VMAF:g} to {MOST_VMAF:g}, the best"
    quality.add_argument("--vmaf", type=float, metavar="N", help=vmaf)
    quality.add_argument("--crf", type=float, metavar="N", help=f"x265's rate factor: 0, the best, to {MAX_CRF}")
    group.add_argument("--speed", choices=SPEEDS, help="how long the encoder may search; smallest takes longest")
    group.add_argument(
        "--max-height",
        type=int,
        metavar="ROWS",
        help=f"scale a higher picture down, {LEAST_HEIGHT} to {MOST_HEIGHT}",
    )
    group.add_argument("--container", choices=CONTAINERS, help="mkv holds subtitles and attachments that mp4 cannot")
    group.add_argument("--audio", choices=AUDIO, help="auto copies what players take and makes AAC of the rest")
    for name, values, text in (
        ("keep", KEEPABLE, "what is else left out"),
        ("require", REQUIRABLE, "refuse a file of which this would get lost"),
    ):
        words = f"{text}, with commas between: {', '.join(values)}"
        group.add_argument(f"--{name}", action="extend", type=_some_of(values), metavar="WHAT", help=words)
    group.add_argument("--previews", choices=ON_OFF, help="whether to make a poster, a storyboard and a preview")


def asked(args: argparse.Namespace) -> dict[str, Any]:
    """The options that were given, as ``POST /upload`` takes them."""
    return {name: value for name in NAMES if (value := getattr(args, name)) is not None}


def _some_of(values: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        for name in names:
            if name not in values:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(values)}")
        return names

    return parse
