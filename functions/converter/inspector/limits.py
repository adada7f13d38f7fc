"""What both sides of the inspector agree on."""

SMALL_LOSS = 0.01
"""Of a film, so much may be missing or damaged: what is there is played by any player."""

TEXT_SUBTITLES = frozenset({"subrip", "ass", "ssa", "webvtt", "mov_text", "text"})
"""Codecs of subtitles that are text, by libav's names."""
