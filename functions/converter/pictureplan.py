"""Pure: what becomes of the picture."""

from dataclasses import dataclass, replace
from fractions import Fraction

from functions.converter import picturerules as rules
from functions.converter.dropping import Dropped
from functions.converter.media import Colour, Hdr, VideoStream
from functions.converter.threads import Threads, is_small
from functions.shared.options import Options
from functions.shared.speeds import as_slow_as, for_small_pictures

HELD_FRAMES = 2
"""A last frame that is shown for more frames' time than this stands still."""

NARROW = 64
"""Samples of width, below which blocks of 8 are allowed whatever the preset says, and ``cutree`` is left out."""

LARGEST_BLOCK = 64
BLOCKS = frozenset({"ctu", "min-cu-size", "max-tu-size", "qg-size"})
"""Of x265, in samples of a side. It refuses pictures smaller than its largest block, unless ffmpeg may choose that."""

PICTURE, THUMBS, CHOSEN = "picture", "thumbs", "chosen"
"""Names of what comes out of the filters."""


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
    video track: it keeps the source's timestamps exact.
    ``decoder`` is used instead of ffmpeg's own. ``threads`` are those of the encoder once it has its share of a worker.
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
    parameters: str = ""
    crf: float = 0.0
    rotation: int = 0
    mirrored: bool = False
    frame_factor: Fraction = Fraction(1)
    held: HeldFrame | None = None
    decoder: str | None = None
    captions: bool = False
    threads: Threads | None = None

    @property
    def pace(self) -> str:
        """The preset of x265 that needs about as much CPU time."""
        return as_slow_as(self.preset, self.parameters)

    @property
    def retimed(self) -> bool:
        return self.frame_factor != 1

    @property
    def frame_bytes(self) -> int:
        """Of one frame of the result without compression."""
        name = self.pixel_format
        samples = 3 if "444" in name else 2 if "422" in name else 1 if "gray" in name else 1.5
        return int(self.width * self.height * samples) * (2 if name.endswith("le") else 1)

    @property
    def frame_rate(self) -> float:
        """Mean frames a second of the result; of a single frame any will do."""
        return min(max(self.frames / self.duration_s if self.duration_s else 0.0, 1.0), 1000.0)

    def at_crf(self, crf: float) -> "PicturePlan":
        """The same picture at another rate factor."""
        return replace(self, crf=crf)

    def decoding(self) -> list[str]:
        """ffmpeg's options that go before the input."""
        return [f"-c:{self.index}", self.decoder] if self.decoder else []

    def arguments(self, container: str) -> list[str]:
        """ffmpeg's options for this stream."""
        tag = ["-tag:v:0", "hvc1"] if container == "mp4" and self.codec == "hevc" else []
        scale = ["-video_track_timescale", str(self.timescale)] if container == "mp4" else []
        if self.copied:
            # Muxers leave the configuration record of Dolby Vision out of files that shall obey the standard alone.
            record = ["-strict", "unofficial"] if self.hdr.dolby_vision else []
            return ["-map", f"0:{self.index}", "-c:v:0", "copy", *tag, *scale, *record]
        return [
            *("-map", f"[{PICTURE}]", *self.encoder()),
            *(*tag, "-a53cc:v:0", str(int(self.captions)), "-dolbyvision:v:0", "0"),
            *(("-bsf:v:0", self.held.filter()) if self.held else ()),
            *("-fps_mode", "passthrough", "-enc_time_base:v:0", "filter" if self.retimed else "demux", *scale),
        ]

    def encoder(self) -> list[str]:
        """ffmpeg's options for the encoder itself: samples of the film get the very same."""
        return [
            *("-c:v:0", "libx265", "-preset", self.preset, "-crf", f"{self.crf:g}"),
            *("-x265-params", self._x265_parameters(), "-pix_fmt:v:0", self.pixel_format),
        ]

    def _x265_parameters(self) -> str:
        """What the film needs replaces what the speed asks for.

        x265 4.3 overruns its heap in films 40 or 48 samples wide, with ``cutree`` and no block smaller than 16.
        """
        asked = self._asked()
        if min(self.width, self.height) < LARGEST_BLOCK:
            asked = {name: value for name, value in asked.items() if name not in BLOCKS}
        still = {"bframes": "0"} if self.held else {}
        small = {"min-cu-size": "8", "cutree": "0"} if self.width < NARROW else {}
        threads = self.threads.parameters() if self.threads else {}
        words = {"log-level": "error"} | asked | still | small | threads
        return ":".join(f"{name}={value}" for name, value in words.items())

    def _asked(self) -> dict[str, str]:
        """What a speed of ours asks of x265, whose own presets are left as they are."""
        if not self.parameters:
            return {}
        unsigned = {"info": "0"}  # 2 KB in every film that tell what the receipt tells
        small = for_small_pictures(self.preset, self.parameters) if is_small(self.width, self.height) else ""
        rows = {"wpp": "0"} if self.threads and not self.threads.rows else {}
        return unsigned | _by_name(self.parameters) | _by_name(small) | rows

    def chain(self) -> str:
        """The filters from the source to what the encoder gets."""
        return f"[0:{self.index}]" + ",".join(self.filters)

    def graph(self, side: int, *, encoded: bool = True, chosen: str = "") -> str:
        """The filters from the source to what the encoder gets, and from there to tiny pictures of ``side`` samples.

        One graph for both: with a graph each, ffmpeg 9 stood still for ever in a quarter of the films whose fields
        became frames. ``encoded`` is False where nothing is encoded; ``chosen``: a filter that lets some of the frames
        through, as they are, to an output of their own.
        """
        # The inspector's scaler takes colour samples to sit on the left, as they do in most films.
        as_they_are = "in_range=tv:out_range=tv:in_chroma_loc=left:out_chroma_loc=left"
        shrink = f"scale={side}:{side}:flags=area:{as_they_are},format=yuv420p"
        ends = [PICTURE] if encoded else []
        ends += ["seen", *(["all"] if chosen else [])]
        if len(ends) == 1:
            return f"{self.chain()},{shrink}[{THUMBS}]"
        split = f"{self.chain()},split{f'={len(ends)}' if chosen else ''}" + "".join(f"[{end}]" for end in ends)
        return f"{split};[seen]{shrink}[{THUMBS}]" + (f";[all]{chosen}[{CHOSEN}]" if chosen else "")


def _by_name(parameters: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in parameters.split(":") if word)


def encoded_picture(video: VideoStream, options: Options) -> tuple[PicturePlan, list[Dropped]]:
    """The film as H.265; raises ``DolbyVisionUnsupported`` where it has no picture that others can show."""
    rules.require_base_layer(video)
    hdr, hdr_dropped = rules.hdr(video)
    factor, fields = rules.fields(video)
    sizing, (width, height) = rules.sizing(video, options.max_height)
    pixel_format, chroma_dropped = rules.pixel_format(video, "chroma" in options.keep)
    colour, to_yuv = rules.colour(video)
    over_black, alpha_dropped = rules.transparency(video)
    captions, captions_dropped = rules.captions(video, factor)
    plan = PicturePlan(
        index=video.index,
        copied=False,
        codec="hevc",
        width=width,
        height=height,
        frames=max(1, int(video.frames * factor)),
        duration_s=video.duration_s,
        timescale=rules.timescale(video.time_base.numerator, video.time_base.denominator * (2 if factor > 1 else 1)),
        sample_aspect_ratio=rules.shown_ratio(video),
        colour=colour,
        hdr=hdr,
        pixel_format=pixel_format,
        filters=(*fields, *rules.gray(video), *over_black, *sizing, *to_yuv, f"format={pixel_format}"),
        preset=options.preset,
        parameters=options.parameters,
        crf=options.starting_crf,
        frame_factor=factor,
        held=_held(video) if factor == 1 else None,
        decoder=rules.decoder(video),
        captions=captions,
    )
    return plan, [*hdr_dropped, *chroma_dropped, *alpha_dropped, *captions_dropped]


def copied_picture(video: VideoStream) -> PicturePlan:
    """The film's packets as they are; raises ``DolbyVisionUnsupported`` like ``encoded_picture``."""
    rules.require_base_layer(video)
    return PicturePlan(
        index=video.index,
        copied=True,
        codec=video.codec,
        width=video.width,
        height=video.height,
        frames=video.frames,
        duration_s=video.duration_s,
        timescale=rules.timescale(video.time_base.numerator, video.time_base.denominator),
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


def _held(video: VideoStream) -> HeldFrame | None:
    if not video.frame_rate or video.last_frame_s <= HELD_FRAMES / video.frame_rate:
        return None
    return HeldFrame(video.duration_s - video.last_frame_s - float(video.time_base) / 2, video.last_frame_s)
