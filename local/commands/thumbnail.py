"""``thumbnail ID [--kind KIND] [-o OUT]``: a poster, an animated preview, or what a player needs for scrubbing."""

import argparse
from pathlib import Path

from local.client import ApiClient
from local.commands.running import Stop, client_of, reporting
from local.naming import is_folder, refuse_overwriting, safe_name
from local.problems import ClientError


@reporting
def run(args: argparse.Namespace) -> int:
    """Standard output gets the path alone."""
    client = client_of(args, Stop())
    if args.kind == "storyboard":
        out = _storyboard(client, args)
    else:
        out = _place(args, client.thumbnail_link(args.id, args.kind).filename)
        client.fetch_thumbnail(args.id, args.kind, out, force=args.force)
    print(out)
    return 0


def _storyboard(client: ApiClient, args: argparse.Namespace) -> Path:
    """The cues as the API gives them: their links to the sprite end as those of a download do."""
    cues = client.storyboard(args.id)
    out = _place(args, f"{Path(client.status(args.id)['filename']).stem}.storyboard.vtt")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(cues)
    except OSError as exc:
        raise ClientError(f"{out} cannot be written: {exc.strerror}.", "unwritable_file") from exc
    return out


def _place(args: argparse.Namespace, filename: str) -> Path:
    out = Path(args.out) / safe_name(filename) if is_folder(args.out) else Path(args.out)
    refuse_overwriting(out, force=args.force)
    return out
