"""The search for better points of x265's parameter space than its presets are: bytes at equal quality against CPU."""
