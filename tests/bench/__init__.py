"""What the issue of the main path promises in figures, measured: ``make bench``. See docs/benchmarks.md."""
