"""Where a result goes on the user's disk. Nothing there is overwritten unless the user says so."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.problems import ClientError

LONGEST_NAME_BYTES = 200
"""File systems take 255; ``.part`` and a margin go off."""


H265 = ".h265"


def output_path(source: Path, out: str | None, container: str = "mp4", *, several: bool) -> Path:
    """Where the result of ``source`` goes.

    Beside it as NAME.mp4 (NAME.h265.mp4 if it is an .mp4 itself), or to ``out``: a file for one source, else a folder.
    ``container`` is the extension that was asked for.
    """
    if out is not None and not several and not is_folder(out):
        return Path(out)
    folder = source.parent if out is None else Path(out)
    same_place = folder.resolve() == source.parent.resolve()
    mark = H265 if same_place and source.suffix.lower() == f".{container}" else ""
    return folder / f"{source.stem}{mark}.{container}"


def delivered_path(planned: Path, source: Path, container: str, state: Mapping[str, Any]) -> Path:
    """``planned``, unless ``state`` delivers something else than H.265 in ``container``: then a name that says so.

    Never the source's own: an original that is kept becomes NAME.kept.EXT where NAME.EXT is the source.
    """
    extension = str(state.get("target_format") or container)
    is_marked = planned.stem.endswith(H265) and state.get("target_codec", "h265") != "h265"
    if extension == container and not is_marked:
        return planned
    stem = planned.stem.removesuffix(H265) if is_marked else planned.stem
    named = planned.with_name(f"{stem}.{extension}")
    return planned.with_name(f"{stem}.kept.{extension}") if _is_same_file(named, source) else named


def _is_same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and os.path.samefile(one, other)


def output_paths(sources: list[Path], out: str | None, container: str = "mp4") -> list[Path]:
    """One path for each source; raises ``ClientError`` where two of them would be the same file."""
    several = len(sources) > 1
    if out is not None and several and Path(out).exists() and not Path(out).is_dir():
        raise ClientError(f"{out} is a file; several results need a folder.", "not_a_folder")
    paths = [output_path(source, out, container, several=several) for source in sources]
    path, count = Counter(paths).most_common(1)[0]
    if count > 1:
        raise ClientError(f"{count} of the results would be {path}; convert them one at a time.", "same_output")
    return paths


def refuse_overwriting(out: Path, *, force: bool, source: Path | None = None) -> None:
    """Raise ``ClientError`` if writing ``out`` would destroy a file that the user did not give up."""
    if out.is_dir():
        raise ClientError(f"{out} is a folder.", "is_a_folder")
    if not out.exists():
        return
    if source and _is_same_file(source, out):
        raise ClientError(f"{out} is the source itself; name another file with -o.", "is_the_source")
    if not force:
        raise ClientError(f"{out} exists already; --force replaces it.", "file_exists")


def safe_name(filename: str) -> str:
    """A name that a server gave, as a name for a file in one folder: never a path, never hidden, never too long."""
    name = "".join("_" if c in "/\\\0" or not c.isprintable() else c for c in filename).strip().lstrip(".")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, ""
    room = LONGEST_NAME_BYTES - len(dot + extension)
    stem = stem.encode()[: max(1, room)].decode(errors="ignore")
    return f"{stem}{dot}{extension}" if stem else "video.mp4"


def is_folder(out: str) -> bool:
    """Whether the user means a folder, one that may still have to be made."""
    return out.endswith(os.sep) or Path(out).is_dir()
