"""Pure: one rule per property of the picture, so that nothing changes unasked. Each gives ffmpeg's filters for it."""

from dataclasses import replace
from fractions import Fraction

from functions.converter.dropping import Dropped
from functions.converter.media import UNSPECIFIED, Colour, Hdr, VideoStream
from functions.shared.errors import DolbyVisionUnsupported

MAX_TIMESCALE = 2**31 - 1

CROP_TO_EVEN = "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"
"""4:2:0 has one colour sample for two by two pixels. Crops what the filter gets, which is rotated already."""

OVER_BLACK = "premultiply=inplace=1"
"""What shows through a transparent picture is black: players would show whatever its hidden samples happen to hold."""

FIELDS_TO_FRAMES = "bwdif=mode=send_field:parity=auto:deint=interlaced"
PARITIES = {None: "auto", True: "tff", False: "bff"}
"""Each field becomes a frame of its own, so motion stays as smooth as it was on a television."""

FIELDS_TO_FILM = "fieldmatch=order=auto:combmatch=full,bwdif=mode=send_frame:deint=interlaced,decimate"
"""Undoes 3:2 pulldown: fields find their film frame again, and the repeated one of five goes."""

RGB, BT709 = 0, 1
DUAL_LAYER = frozenset({"4", "7"})
"""Profiles of Dolby Vision that have a picture for everybody whatever their record says of compatibility."""

HIDDEN_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Codecs whose transparency is a second stream, and the decoders that know of it."""


def timescale(numerator: int, denominator: int) -> int:
    """Ticks a second in which every multiple of numerator/denominator seconds is whole."""
    if not 0 < numerator <= denominator <= MAX_TIMESCALE:
        return 90_000
    return denominator if denominator >= 1000 else denominator * -(-1000 // denominator)


def even(pixels: int) -> int:
    """The side of a picture in 4:2:0: an odd last column or row is left out, for no other pixel changes then."""
    return pixels - pixels % 2


def sizing(video: VideoStream, max_height: int | None) -> tuple[list[str], tuple[int, int]]:
    """Filters and the size of the result: that of the source's first frames, which later ones are fitted into.

    Where a picture grows or shrinks in the middle of a film, it is scaled into that size, with black bars.
    """
    shown_width, shown_height = video.shown_size
    ratio = shown_ratio(video)
    shape = f"setsar={ratio.numerator}/{ratio.denominator}"
    if max_height is not None and shown_height > max_height:
        height = even(max_height)
        width = max(2, even(round(shown_width * height / shown_height)))
        return [f"scale={width}:{height}:flags=bicubic", shape], (width, height)
    width, height = even(shown_width), even(shown_height)
    odd = [CROP_TO_EVEN] if (width, height) != (shown_width, shown_height) else []
    fit = f"scale={width}:{height}:flags=bicubic:force_original_aspect_ratio=decrease"
    return [*odd, fit, f"pad={width}:{height}:-1:-1", shape], (width, height)


def shown_ratio(video: VideoStream) -> Fraction:
    """The shape of a sample, turned with the picture."""
    ratio = video.sample_aspect_ratio
    return 1 / ratio if video.rotation % 180 else ratio


def fields(video: VideoStream) -> tuple[Fraction, list[str]]:
    """Frames of the result for each of the source, and how they are made of fields."""
    if video.fields == "interlaced":
        return Fraction(2), [FIELDS_TO_FRAMES.replace("auto", PARITIES[video.top_first])]
    if video.fields == "telecine":
        return Fraction(4, 5), [FIELDS_TO_FILM]
    return Fraction(1), ["setfield=prog"] if video.flagged_interlaced else []


def pixel_format(video: VideoStream, keep_chroma: bool) -> tuple[str, list[Dropped]]:
    """What players of H.265 show: 4:2:0 with 8 or 10 bits."""
    depth = "10le" if video.bit_depth > 8 else ""
    fuller = {"422": "422", "444": "444", "rgb": "444", "other": "444"}.get(video.chroma)
    if fuller is None:
        return f"yuv420p{depth}", []
    if keep_chroma:
        return f"yuv{fuller}p{depth}", []
    reason = "Players of H.265 show 4:2:0; ask to keep chroma for the full resolution of colour."
    return f"yuv420p{depth}", [Dropped("chroma", reason, video.index)]


def transparency(video: VideoStream) -> tuple[list[str], list[Dropped]]:
    """Over black, which most players show too."""
    if not video.alpha:
        return [], []
    reason = "H.265 has no transparency here; the film is shown over black."
    as_told = [f"setparams=colorspace={video.colour.matrix}"] if decoder(video) else []
    return [*as_told, OVER_BLACK], [Dropped("alpha", reason, video.index)]


def captions(video: VideoStream, factor: Fraction) -> tuple[bool, list[Dropped]]:
    """Closed captions are a few bytes in each frame: where frames become more or fewer, letters would too."""
    if not video.captions or factor == 1:
        return video.captions, []
    reason = "They come with the frames, which are not the same ones after deinterlacing."
    return False, [Dropped("captions", reason, video.index)]


def decoder(video: VideoStream) -> str | None:
    """The decoder that is to be used instead of ffmpeg's own. It tells less of colour."""
    return HIDDEN_ALPHA.get(video.codec) if video.alpha else None


def gray(video: VideoStream) -> list[str]:
    """Gray as the luma of a coloured picture, sample by sample: swscale takes all gray for full range."""
    if video.chroma != "gray":
        return []
    name = ("yuva444p" if video.alpha else "yuv420p") + ("10le" if video.bit_depth > 8 else "")
    range_ = {"unspecified": "unknown"}.get(video.colour.range, video.colour.range)
    return [f"scale=in_range=pc:out_range=pc,format={name},setparams=range={range_}"]


def colour(video: VideoStream) -> tuple[Colour, list[str]]:
    """Unspecified stays unspecified, but RGB has no place in H.265's usual profiles: it becomes BT.709."""
    if video.chroma != "rgb":
        # What PNG calls gray has RGB's matrix, which means nothing for luma.
        is_rgb = video.colour.matrix == RGB
        told = replace(video.colour, matrix=UNSPECIFIED) if is_rgb else video.colour
        return told, ["setparams=colorspace=unknown"] if is_rgb else []
    return replace(video.colour, range="tv", matrix=BT709), ["scale=out_color_matrix=bt709:out_range=tv"]


def hdr(video: VideoStream) -> tuple[Hdr, list[Dropped]]:
    """Static metadata is kept; dynamic metadata of a vendor is reduced to the base layer that all players show."""
    dropped = []
    if video.hdr.dolby_vision:
        reason = f"Profile {video.hdr.dolby_vision} is reduced to the picture that every player shows."
        dropped.append(Dropped("dolby_vision", reason, video.index))
    if video.hdr.hdr10plus:
        reason = "The scene-wise metadata is reduced to HDR10, which every HDR player shows."
        dropped.append(Dropped("hdr10plus", reason, video.index))
    return replace(video.hdr, dolby_vision=None, hdr10plus=False), dropped


def require_base_layer(video: VideoStream) -> None:
    """Raise ``DolbyVisionUnsupported`` for a picture that is green and violet without Dolby's own processing.

    Profile 5 always is, and others where compatibility 0 says so (Dolby Vision profiles and levels, section 2).
    """
    profile, _, compatibility = (video.hdr.dolby_vision or "").partition(".")
    if profile in ("5", "unknown") or (compatibility == "0" and profile not in DUAL_LAYER):
        raise DolbyVisionUnsupported(f"profile {video.hdr.dolby_vision}")
