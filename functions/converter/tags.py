"""Pure: which of a source's tags a result gets. Where a film was shot is nobody's business unless asked for."""

from collections.abc import Mapping

KEPT_TAGS = (
    "title", "artist", "album_artist", "album", "composer", "comment", "genre", "date", "creation_time", "copyright",
    "description", "synopsis", "show", "episode_id", "network",
)  # fmt: skip
"""By the names that libavformat gives them in every container."""

LOCATIONS = ("location", "location-eng", "com.apple.quicktime.location.iso6709")
CREATION = "com.apple.quicktime.creationdate"


def kept_tags(tags: Mapping[str, str], keep_location: bool) -> dict[str, str]:
    """Tags of the result, in a fixed order, on one line each."""
    known = {name.lower(): " ".join(value.replace("\0", "").split()) for name, value in tags.items()}
    kept = {name: known[name] for name in KEPT_TAGS if known.get(name)}
    if "creation_time" not in kept and known.get(CREATION):
        kept["creation_time"] = known[CREATION]
    place = location(known)
    if keep_location and place:
        kept["location"] = place
    return kept


def location(tags: Mapping[str, str]) -> str | None:
    """Where the film was shot (ISO 6709), if it says so."""
    known = {name.lower(): value for name, value in tags.items()}
    return next((known[name] for name in LOCATIONS if known.get(name)), None)
