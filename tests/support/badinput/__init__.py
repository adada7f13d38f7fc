"""Everything that may come in wrong, and what it gets: run by tests, and printed into docs/errors.md."""
