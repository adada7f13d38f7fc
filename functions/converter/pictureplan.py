"""Pure: what becomes of the picture. One rule per property, so that nothing changes unasked."""

from dataclasses import dataclass, replace
from fractions import Fraction

from functions.converter.dropping import Dropped
from functions.converter.media import Colour, Hdr, VideoStream
from functions.shared.errors import DolbyVisionUnsupported
from functions.shared.options import Options

MAX_TIMESCALE = 2**31 - 1

HELD_FRAMES = 2
"""A last frame that is shown for more frames' time than this stands still."""

CROP_TO_EVEN = "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"
"""4:2:0 has one colour sample for two by two pixels. Crops what the filter gets, which is rotated already."""

OVER_BLACK = "format=pix_fmts=yuva420p|yuva422p|yuva444p|rgba|gbrap,split[under][over];[under]drawbox=t=fill:c=black:replace=1[black];[black][over]overlay=format=auto"  # noqa: E501
"""What shows through a transparent picture: players would show whatever its hidden samples happen to hold."""

FIELDS_TO_FRAMES = "bwdif=mode=send_field:parity=auto:deint=interlaced"
"""Each field becomes a frame of its own, so motion stays as smooth as it was on a television."""

FIELDS_TO_FILM = "fieldmatch=order=auto:combmatch=full,bwdif=mode=send_frame:deint=interlaced,decimate"
"""Undoes 3:2 pulldown: fields find their film frame again, and the repeated one of five goes."""

PICTURE, THUMBS = "picture", "thumbs"
"""Names of what comes out of the filters."""

BT709 = 1
NO_BASE_LAYER = frozenset({"5.0", "10.0", "unknown"})
"""Dolby Vision whose picture is green and violet without Dolby's own processing (profiles 5 and 10.0)."""


@dataclass(frozen=True)
class HeldFrame:
    """A last frame that is shown from ``from_s`` after the first one on, for ``duration_s``.

    ffmpeg would show it as long as any other. MP4 stores how long a frame is shown as the distance to the next one in
    decoding order, so the last one shown must be the last one decoded.
    """

    from_s: float
    duration_s: float

    def filter(self) -> str:
        is_last = f"gt((PTS-STARTPTS)*TB\\,{self.from_s:.6f})"
        return f"setts=pts=PTS:dts=DTS:duration=if({is_last}\\,{self.duration_s:.6f}/TB\\,DURATION)"


@dataclass(frozen=True)
class PicturePlan:
    """The main video of the result.

    ``copied``: its packets are taken over as they are; the fields of the encoder mean nothing then. ``width`` and
    ``height`` are of the result, turned as ``rotation`` (carried, degrees clockwise) says. ``frame_factor``: frames of
    the result for each of the source; other than 1 it changes times on purpose. ``timescale`` is that of the result's
    video track: it keeps the source's timestamps exact. ``bit_rate``: if set, the encode is bounded to it.
    """

    index: int
    copied: bool
    codec: str
    width: int
    height: int
    frames: int
    duration_s: float
    timescale: int
    sample_aspect_ratio: Fraction
    colour: Colour
    hdr: Hdr
    pixel_format: str = ""
    filters: tuple[str, ...] = ()
    preset: str = ""
    crf: float = 0.0
    rotation: int = 0
    mirrored: bool = False
    frame_factor: Fraction = Fraction(1)
    held: HeldFrame | None = None
    bit_rate: int | None = None

    @property
    def retimed(self) -> bool:
        return self.frame_factor != 1

    def bounded(self, bit_rate: int) -> "PicturePlan":
        """The same picture in at most so many bits a second."""
        return replace(self, bit_rate=bit_rate)

    def arguments(self, container: str) -> list[str]:
        """ffmpeg's options for this stream."""
        tag = ["-tag:v:0", "hvc1"] if container == "mp4" and self.codec == "hevc" else []
        scale = ["-video_track_timescale", str(self.timescale)] if container == "mp4" else []
        if self.copied:
            return ["-map", f"0:{self.index}", "-c:v:0", "copy", *tag, *scale]
        return [
            *("-map", f"[{PICTURE}]"),
            *("-c:v:0", "libx265", "-preset", self.preset, *self._rate()),
            *("-x265-params", "log-level=error" + (":bframes=0" if self.held else "")),
            *("-pix_fmt:v:0", self.pixel_format, *tag),
            *(("-bsf:v:0", self.held.filter()) if self.held else ()),
            *("-fps_mode", "passthrough", "-enc_time_base:v:0", "filter" if self.retimed else "demux", *scale),
        ]

    def _rate(self) -> list[str]:
        return ["-crf", f"{self.crf:g}"] if self.bit_rate is None else ["-b:v:0", str(self.bit_rate)]

    def graph(self, side: int, *, encoded: bool = True) -> str:
        """The filters from the source to what the encoder gets, and from there to tiny pictures of ``side`` samples.

        One graph for both: with a graph each, ffmpeg 9 stood still for ever in a quarter of the films whose fields
        became frames. ``encoded`` is False where the tiny pictures alone are wanted.
        """
        # The inspector's scaler takes colour samples to sit on the left, as they do in most films.
        as_they_are = "in_range=tv:out_range=tv:in_chroma_loc=left:out_chroma_loc=left"
        shrink = f"scale={side}:{side}:flags=area:{as_they_are},format=yuv420p"
        chain = f"[0:{self.index}]" + ",".join(self.filters)
        return f"{chain},split[{PICTURE}][seen];[seen]{shrink}[{THUMBS}]" if encoded else f"{chain},{shrink}[{THUMBS}]"


def encoded_picture(video: VideoStream, options: Options) -> tuple[PicturePlan, list[Dropped]]:
    """The film as H.265; raises ``DolbyVisionUnsupported`` where it has no picture that others can show."""
    hdr, dropped = _hdr(video)
    factor, fields = _fields(video)
    sizing, (width, height) = _sizing(video, options.max_height)
    pixel_format, chroma_dropped = _pixel_format(video, "chroma" in options.keep)
    colour, to_yuv = _colour(video)
    transparent = [Dropped("alpha", "H.265 has no transparency here; the film is shown over black.", video.index)]
    plan = PicturePlan(
        index=video.index,
        copied=False,
        codec="hevc",
        width=width,
        height=height,
        frames=max(1, int(video.frames * factor)),
        duration_s=video.duration_s,
        timescale=timescale(video.time_base.numerator, video.time_base.denominator * (2 if factor > 1 else 1)),
        sample_aspect_ratio=_ratio(video),
        colour=colour,
        hdr=hdr,
        pixel_format=pixel_format,
        filters=(*fields, *((OVER_BLACK,) if video.alpha else ()), *sizing, *to_yuv, f"format={pixel_format}"),
        preset=options.preset,
        crf=options.crf,
        frame_factor=factor,
        held=_held(video) if factor == 1 else None,
    )
    return plan, [*dropped, *chroma_dropped, *(transparent if video.alpha else [])]


def copied_picture(video: VideoStream) -> PicturePlan:
    """The film's packets as they are."""
    return PicturePlan(
        index=video.index,
        copied=True,
        codec=video.codec,
        width=video.width,
        height=video.height,
        frames=video.frames,
        duration_s=video.duration_s,
        timescale=timescale(video.time_base.numerator, video.time_base.denominator),
        sample_aspect_ratio=video.sample_aspect_ratio,
        colour=video.colour,
        hdr=video.hdr,
        pixel_format=video.pixel_format,
        rotation=video.rotation,
        mirrored=video.mirrored,
    )


def is_wanted_hevc(video: VideoStream, options: Options) -> bool:
    """Whether the film is H.265 already, in a shape that players show, and nothing is to be done to its picture."""
    shapes = ("420", "422", "444") if "chroma" in options.keep else ("420",)
    too_high = options.max_height is not None and video.shown_size[1] > options.max_height
    return (
        video.codec == "hevc"
        and video.bit_depth <= 10
        and video.chroma in shapes
        and video.fields == "progressive"
        and not (video.alpha or too_high)
    )


def timescale(numerator: int, denominator: int) -> int:
    """Ticks a second in which every multiple of numerator/denominator seconds is whole."""
    if not 0 < numerator <= denominator <= MAX_TIMESCALE:
        return 90_000
    return denominator if denominator >= 1000 else denominator * -(-1000 // denominator)


def even(pixels: int) -> int:
    """The side of a picture in 4:2:0: an odd last column or row is left out, for no other pixel changes then."""
    return pixels - pixels % 2


def _sizing(video: VideoStream, max_height: int | None) -> tuple[list[str], tuple[int, int]]:
    """Filters and the size of the result: that of the source's first frames, which later ones are fitted into.

    Where a picture grows or shrinks in the middle of a film, it is scaled into that size, with black bars.
    """
    shown_width, shown_height = video.shown_size
    width, height = even(shown_width), even(shown_height)
    odd = [CROP_TO_EVEN] if (width, height) != (shown_width, shown_height) else []
    if max_height is not None and shown_height > max_height:
        height = even(max_height)
        width = max(2, even(round(shown_width * height / shown_height)))
        odd = []
    fit = f"scale={width}:{height}:flags=bicubic:force_original_aspect_ratio=decrease"
    if max_height is not None and shown_height > max_height:
        fit = f"scale={width}:{height}:flags=bicubic"
    return [*odd, fit, f"pad={width}:{height}:-1:-1"], (width, height)


def _ratio(video: VideoStream) -> Fraction:
    """The shape of a sample, turned with the picture."""
    ratio = video.sample_aspect_ratio
    return 1 / ratio if video.rotation % 180 else ratio


def _fields(video: VideoStream) -> tuple[Fraction, list[str]]:
    if video.fields == "interlaced":
        return Fraction(2), [FIELDS_TO_FRAMES]
    if video.fields == "telecine":
        return Fraction(4, 5), [FIELDS_TO_FILM]
    return Fraction(1), ["setfield=prog"] if video.flagged_interlaced else []


def _pixel_format(video: VideoStream, keep_chroma: bool) -> tuple[str, list[Dropped]]:
    """What players of H.265 show: 4:2:0 with 8 or 10 bits."""
    depth = "10le" if video.bit_depth > 8 else ""
    fuller = {"422": "422", "444": "444", "rgb": "444"}.get(video.chroma)
    if fuller and keep_chroma:
        return f"yuv{fuller}p{depth}", []
    if fuller is None or video.chroma == "rgb":
        return f"yuv420p{depth}", []
    reason = "Players of H.265 show 4:2:0; ask to keep chroma for the full resolution of colour."
    return f"yuv420p{depth}", [Dropped("chroma", reason, video.index)]


def _colour(video: VideoStream) -> tuple[Colour, list[str]]:
    """Unspecified stays unspecified, but RGB has no place in H.265's usual profiles: it becomes BT.709."""
    if video.chroma != "rgb":
        return video.colour, []
    colour = replace(video.colour, range="tv", matrix=BT709)
    return colour, ["scale=out_color_matrix=bt709:out_range=tv"]


def _hdr(video: VideoStream) -> tuple[Hdr, list[Dropped]]:
    """Static metadata is kept; dynamic metadata of a vendor is reduced to the base layer that all players show."""
    hdr, dropped = video.hdr, []
    if hdr.dolby_vision in NO_BASE_LAYER:
        raise DolbyVisionUnsupported(f"profile {hdr.dolby_vision}")
    if hdr.dolby_vision:
        reason = f"Profile {hdr.dolby_vision} is reduced to the picture that every player shows."
        dropped.append(Dropped("dolby_vision", reason, video.index))
    if hdr.hdr10plus:
        reason = "The scene-wise metadata is reduced to HDR10, which every HDR player shows."
        dropped.append(Dropped("hdr10plus", reason, video.index))
    return replace(hdr, dolby_vision=None, hdr10plus=False), dropped


def _held(video: VideoStream) -> HeldFrame | None:
    if not video.frame_rate or video.last_frame_s <= HELD_FRAMES / video.frame_rate:
        return None
    return HeldFrame(video.duration_s - video.last_frame_s - float(video.time_base) / 2, video.last_frame_s)
