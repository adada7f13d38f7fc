"""What a file is, as measured by the inspector, never as its name or header claims."""

from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

SIDE_PIXELS = range(16, 8193)
"""What each side of a picture may measure."""

UNSPECIFIED = 2
"""What H.273 calls a colour description that is not given."""

PQ, HLG = 16, 18
"""Transfer characteristics of HDR (H.273, table 3): SMPTE ST 2084 and ARIB STD-B67."""


@dataclass(frozen=True)
class Colour:
    """How samples become light. ``range``: ``tv``, ``pc`` or ``unspecified``; the others are code points of H.273."""

    range: str = "unspecified"
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    matrix: int = UNSPECIFIED

    @property
    def is_hdr(self) -> bool:
        return self.transfer in (PQ, HLG)


@dataclass(frozen=True)
class Hdr:
    """HDR metadata. ``mastering``: SMPTE ST 2086, chromaticities and cd/m² as fractions written ``"n/d"``, in the order
    R x, R y, G x, G y, B x, B y, white x, white y, minimum, maximum; ``light``: MaxCLL and MaxFALL in cd/m²."""

    mastering: tuple[str, ...] | None = None
    light: tuple[int, int] | None = None
    hdr10plus: bool = False
    dolby_vision: str | None = None
    """Profile and, after a dot, which base layer others can show: ``5.0`` none, ``8.1`` HDR10, ``8.4`` HLG."""


@dataclass(frozen=True)
class VideoStream:
    """The main video. ``frames`` are counted from the stream; ``duration_s`` spans all of them, ``last_frame_s`` the
    one that is shown last, ``start_s`` when the first one is shown.

    ``rotation``: degrees clockwise that a player turns the picture; ``mirrored``: whether it flips it. ``fields``:
    ``progressive``, ``interlaced`` or ``telecine``, as its frames show and not as its header says;
    ``top_first``: which field comes first, None for what each frame's flag says. ``chroma``:
    ``420``, ``422``, ``444``, ``gray``, ``rgb`` or, for anything else, ``other``. ``captions``: whether closed captions
    come with its frames (ATSC A/53).
    """

    index: int
    codec: str
    width: int
    height: int
    pixel_format: str
    bit_depth: int
    time_base: Fraction
    frame_rate: float
    frames: int
    duration_s: float
    last_frame_s: float
    start_s: float = 0.0
    profile: str | None = None
    tag: str = ""
    chroma: str = "420"
    alpha: bool = False
    sample_aspect_ratio: Fraction = Fraction(1)
    rotation: int = 0
    mirrored: bool = False
    fields: str = "progressive"
    flagged_interlaced: bool = False
    top_first: bool | None = None
    frames_missing: int = 0
    payload_bytes: int = 0
    captions: bool = False
    colour: Colour = Colour()
    hdr: Hdr = Hdr()
    hidden_frames: int = 0

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height of the picture as a player turns it, in samples."""
        return (self.height, self.width) if self.rotation % 180 else (self.width, self.height)


@dataclass(frozen=True)
class Track:
    """What audio and subtitles have in common. ``flags``: dispositions that are set, such as ``forced``."""

    index: int
    codec: str
    language: str | None = None
    title: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class AudioStream(Track):
    """``packets`` are those that hold anything; ``layout`` names the speakers, such as ``5.1(side)``; ``changes``:
    whether the sampling rate or the speakers become others in the middle, as when a broadcast goes from film to
    advertisement."""

    channels: int = 0
    sample_rate: int = 0
    duration_s: float = 0.0
    start_s: float = 0.0
    layout: str = ""
    packets: int = 0
    payload_bytes: int = 0
    changes: bool = False

    @property
    def bit_rate(self) -> float:
        """Bits a second, as measured; 0 if nothing was."""
        return 8 * self.payload_bytes / self.duration_s if self.duration_s else 0.0


@dataclass(frozen=True)
class SubtitleStream(Track):
    """``unreadable``: lines of text that are in no encoding that is told, and not UTF-8."""

    packets: int = 0
    unreadable: int = 0


@dataclass(frozen=True)
class Chapter:
    start_s: float
    end_s: float
    title: str = ""


@dataclass(frozen=True)
class MediaInfo:
    """A probed source. ``container`` is the demuxer's name, ``extension`` how such a file is usually named; ``other``
    are the streams that are neither the main video, nor audio, nor subtitles: cover art, fonts, timed data;
    a cover that is not the kind of picture that its file says does not ``opens``.
    ``chapters`` count from where the file begins; ``chapters_left_out``: of more than a film has, none is read."""

    container: str
    extension: str
    size: int
    video: VideoStream
    audio: tuple[AudioStream, ...]
    other: tuple[dict[str, Any], ...]
    subtitles: tuple[SubtitleStream, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    chapters_left_out: int = 0
    tags: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the row and for status."""
        facts = asdict(self)
        video = facts["video"]
        video["time_base"] = str(self.video.time_base)
        ratio = self.video.sample_aspect_ratio
        video["sample_aspect_ratio"] = f"{ratio.numerator}:{ratio.denominator}"
        return facts
