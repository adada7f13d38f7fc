"""Films that encoding is measured on: real clips, and generated ones of kinds that no clip shows."""

from tests.bench.films.table import FILMS, Film

__all__ = ["FILMS", "Film"]
