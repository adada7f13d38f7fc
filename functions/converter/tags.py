"""Pure: which of a source's tags a result gets. Where a film was shot is nobody's business unless asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime

KEPT_TAGS = (
    "title", "artist", "album_artist", "album", "composer", "comment", "genre", "date", "creation_time", "copyright",
    "description", "synopsis", "show", "episode_id", "network",
)  # fmt: skip
"""By the names that libavformat gives them in every container."""

LOCATIONS = ("location", "location-eng", "com.apple.quicktime.location.iso6709")
PLACES = ("location", "com.apple.quicktime.location", "recording_location")
"""How the names of all tags begin that tell of a place."""

CREATION = "com.apple.quicktime.creationdate"
READ_TAGS = [*KEPT_TAGS, *LOCATIONS, CREATION]
"""Those that are read however many others a file has: the name of a place may not be missed."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What programs write that know no time; libavformat's MP4 stores none that is not later."""


def kept_tags(tags: Mapping[str, str], keep_location: bool) -> dict[str, str]:
    """Tags of the result, in a fixed order, on one line each."""
    known = {name.lower(): " ".join(value.replace("\0", "").split()) for name, value in tags.items()}
    kept = {name: known[name] for name in KEPT_TAGS if known.get(name)}
    created = instant(known.get("creation_time", "")) or instant(known.get(CREATION, ""))
    kept.pop("creation_time", None)
    if created:
        kept["creation_time"] = created
    place = location(known)
    if keep_location and place:
        kept["location"] = place
    return kept


def location(tags: Mapping[str, str]) -> str | None:
    """Where the film was shot (ISO 6709), if it says so."""
    known = {name.lower(): value for name, value in tags.items()}
    return next((known[name] for name in LOCATIONS if known.get(name)), None)


def without_location(tags: Mapping[str, str]) -> dict[str, str]:
    """All tags but those that say where the film was shot, in whatever language, and how exactly."""
    return {name: value for name, value in tags.items() if not name.lower().startswith(PLACES)}


def same_tag(name: str, got: str | None, wanted: str) -> bool:
    """Whether a result says what was planned; containers write times in forms of their own."""
    if name == "creation_time":
        return got is not None and instant(got) == instant(wanted)
    if name == "location":
        return got is not None and got.rstrip("/")[:8] == wanted.rstrip("/")[:8]
    return got == wanted


def instant(value: str) -> str | None:
    """A time as containers store it: in UTC, to the second; None if it is none."""
    try:
        time = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    utc = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%SZ}" if utc > EPOCH else None
