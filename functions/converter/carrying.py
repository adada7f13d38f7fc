"""Pure: what a container or AAC can carry of a track's properties, and what becomes of what it cannot."""

import re
from collections.abc import Iterable

MP4_LANGUAGE = re.compile("[a-z]{3}")
"""ISO 639-2, as the media header packs it (ISO/IEC 14496-12, 8.4.2)."""

FLAGS = {
    "mp4": frozenset({"default", "dub", "comment", "forced", "hearing_impaired", "visual_impaired"}),
    "mkv": frozenset({"default", "dub", "comment", "forced", "hearing_impaired", "visual_impaired", "original"}),
}
"""Flags that ffmpeg writes so that they are read again: MP4 has them as roles (ISO/IEC 23009-1, 5.8.5.5), Matroska as
flags of its own (RFC 9559, 5.1.4.1)."""

SAME_FLAG = {"captions": "hearing_impaired", "descriptions": "visual_impaired"}
"""Names for what is for the same listeners; MP4 has one role for both."""

AAC_LAYOUTS = frozenset({
    "mono", "stereo", "2.1", "3.0", "3.0(back)", "4.0", "quad", "quad(side)", "3.1", "5.0", "5.0(side)", "4.1", "5.1",
    "5.1(side)", "6.0", "6.0(front)", "hexagonal", "6.1", "6.1(back)", "6.1(front)", "7.0", "7.0(front)", "7.1",
    "7.1(wide)", "7.1(wide-side)", "5.1.2(back)", "octagonal",
})  # fmt: skip
"""Speakers that ffmpeg's AAC encoder has a place for; side and back are one in AAC up to seven channels."""

NEAREST_LAYOUT = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""What a track with other speakers is mixed into, by channels."""

USUAL_LAYOUTS = frozenset({"mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1"})
"""What players take so many channels for when nothing is said (libavutil's ``av_channel_layout_default``)."""

AAC_RATES = frozenset({96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350})
"""Samples a second that AAC has a code for (ISO/IEC 14496-3, table 1.18)."""


def carried_flags(flags: Iterable[str], container: str) -> tuple[str, ...]:
    """Flags that the result has, in the order of the source."""
    named = [SAME_FLAG.get(flag, flag) for flag in flags]
    return tuple(dict.fromkeys(flag for flag in named if flag in FLAGS[container]))


def lost_flags(flags: Iterable[str], container: str) -> list[str]:
    """Flags that the container has no place for."""
    return [flag for flag in flags if SAME_FLAG.get(flag, flag) not in FLAGS[container]]


def loses_language(language: str | None, container: str) -> bool:
    return bool(container == "mp4" and language and not MP4_LANGUAGE.fullmatch(language))


def is_named(layout: str) -> bool:
    """Whether it is told which speakers the channels are for: ``6 channels`` alone does not."""
    return bool(layout) and not re.fullmatch(r"\d+ channels", layout)


def mixed_into(layout: str, channels: int) -> str | None:
    """The layout that AAC has instead of one that it has no place for; None if it has one."""
    return None if layout in AAC_LAYOUTS or not is_named(layout) else NEAREST_LAYOUT[channels]
