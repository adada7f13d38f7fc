"""How many bytes each stretch of a film's picture takes in the source: what its own encoder thought of it."""

from itertools import pairwise
from statistics import fmean
from typing import Any

from functions.converter.inspector.opening import main_video, open_media, packets
from functions.converter.inspector.tally import shown

MOST_STRETCHES = 4000
AFTER = 8
"""Packets after a keyframe that tell how much it would have taken without being one."""


def loads(fds: list[int], request: dict[str, Any]) -> dict[str, Any]:
    """Mean bytes of a frame in each of at most ``MOST_STRETCHES`` equal stretches, in the order of showing.

    A keyframe counts as the frames after it do: the result has its own keyframes elsewhere.
    """
    container = open_media(fds[0], request)
    video = main_video(container)
    codec = video.codec_context.codec.canonical_name
    frames: list[tuple[int, int, bool]] = []
    for packet in packets(container):
        if packet.stream.index == video.index and shown(packet, codec):
            time = packet.dts if packet.pts is None else packet.pts
            frames.append((time if time is not None else len(frames), packet.size, bool(packet.is_keyframe)))
    return {"loads": _stretches([size for _, size in sorted(_without_keyframes(frames))])}


def _without_keyframes(frames: list[tuple[int, int, bool]]) -> list[tuple[int, int]]:
    """Times and sizes, in the order of decoding."""
    if all(is_key for _, _, is_key in frames):
        return [(time, size) for time, size, _ in frames]
    kept = []
    for at, (time, size, is_key) in enumerate(frames):
        after = [other for _, other, other_is_key in frames[at + 1 : at + 1 + AFTER] if not other_is_key]
        kept.append((time, min(size, round(fmean(after))) if is_key and after else size))
    return kept


def _stretches(sizes: list[int]) -> list[float]:
    count = min(MOST_STRETCHES, len(sizes))
    edges = [len(sizes) * at // count for at in range(count + 1)] if count else []
    return [round(fmean(sizes[start:end]), 1) for start, end in pairwise(edges)]
