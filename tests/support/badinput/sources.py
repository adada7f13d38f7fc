"""Bad files, and workers that are too small for good ones."""

from functions.shared import errors
from tests.support.badinput.lab import ANY, BadInput, Lab, Seen

HLS = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"
DASH = b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period/></MPD>'
FFCONCAT = b"ffconcat version 1.0\nfile /etc/hostname\n"
IMF = b'<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"/>'
LETTER = b"Dear Sir or Madam, please find attached my holiday.\n" * 50


def failed(error: type[errors.PermanentError], figures: str = "", encodes: int = 0) -> Seen:
    """The row ends at its first attempt."""
    return Seen("Failed", error.code, error.words(figures), attempts=1, encodes=encodes)


def retrying(error: type[errors.RetryableError], figures: str, encodes: int = 0) -> Seen:
    """The row waits for its next attempt."""
    return Seen("Retrying", error.code, error.words(figures), attempts=1, encodes=encodes)


def content(data: bytes, given: str, gets: Seen) -> BadInput:
    return BadInput(given, lambda lab: lab.converted(data), gets)


def clip(name: str, given: str, gets: Seen, **settings: str) -> BadInput:
    return BadInput(given, lambda lab: lab.converted(lab.clip(name)), gets, settings)


def cut(name: str, given: str, gets: Seen) -> BadInput:
    """The first half of a file."""
    return BadInput(given, lambda lab: lab.converted(_half(lab.clip(name))), gets)


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def slow(lab: Lab) -> Seen:
    lab.world.pace(1)
    return lab.converted(lab.clip("twenty_seconds.mp4"))


def deleted(lab: Lab) -> Seen:
    upload = lab.world.upload(lab.clip("h264.mp4"))
    lab.world.delete(upload)
    return lab.delivered(upload)


def replaced(lab: Lab) -> Seen:
    upload = lab.world.upload(lab.clip("h264.mp4"))
    lab.world.put(upload, LETTER)
    return lab.delivered(upload)


NOT_A_VIDEO = failed(errors.NotAVideo)
BAD_SOURCES = [
    content(b"", "An empty object", failed(errors.EmptyObject)),
    content(LETTER, "A text file called `holiday.mp4`", NOT_A_VIDEO),
    clip("photo.jpg", "A JPEG called `holiday.mp4`", NOT_A_VIDEO),
    clip("audio.m4a", "A file with sound alone", NOT_A_VIDEO),
    clip("audio_and_cover.m4a", "A song with a cover picture", NOT_A_VIDEO),
    content(HLS, "An HLS playlist called `holiday.mp4`", NOT_A_VIDEO),
    content(DASH, "A DASH manifest called `holiday.mp4`", NOT_A_VIDEO),
    content(FFCONCAT, "An ffconcat list called `holiday.mp4`", NOT_A_VIDEO),
    content(IMF, "An IMF composition called `holiday.mp4`", NOT_A_VIDEO),
    content(
        b"\0\0\0\x1cftypisom" + bytes(4000), "An MP4 header with nothing behind it", failed(errors.UnreadableMedia)
    ),
    cut("h264_aac.mp4", "An MP4 cut short, its index lost", failed(errors.UnreadableMedia)),
    cut(
        "faststart.mp4",
        "An MP4 cut short, its index at the start",
        failed(errors.TruncatedMedia, f"{ANY} of 25 frames are there"),
    ),
    cut(
        "fragmented.mp4",
        "A fragmented MP4 cut short",
        failed(errors.TruncatedMedia, f"{ANY} of 25 frames are there"),
    ),
    cut("vp8_vorbis.webm", "A WebM cut short", failed(errors.TruncatedMedia, f"{ANY} of {ANY} bytes are there")),
    clip(
        "too_small.avi",
        "A picture of 14x14",
        failed(errors.PictureOutOfRange, "14x14, 16 to 8192 pixels a side are accepted"),
    ),
    clip(
        "too_large.mkv",
        "A picture of 8194x16",
        failed(errors.PictureOutOfRange, "8194x16, 16 to 8192 pixels a side are accepted"),
    ),
    clip(
        "h264.mp4",
        "A picture of more than `MAX_PIXELS`",
        failed(errors.PictureOutOfRange, "160x120, at most 0.01 megapixels are accepted"),
        MAX_PIXELS="10000",
    ),
    clip(
        "quick.mkv",
        "A film of more frames a second than `MAX_FRAME_RATE`",
        failed(errors.FrameRateOutOfRange, "400 frames a second, at most 300"),
    ),
    clip(
        "many_tracks.mkv", "A file of more tracks than `MAX_STREAMS`", failed(errors.TooManyStreams, "33, at most 32")
    ),
    clip("tiff.mov", "A codec that is on no list", failed(errors.UnsupportedCodec, "tiff")),
    clip(
        "h264.mp4",
        "A picture that needs more memory than the worker has",
        failed(errors.PictureTooLargeForWorker, "160x120"),
        WORKER_MEMORY_BYTES="1000000000",
    ),
    clip(
        "four_seconds.mp4",
        "A film longer than `MAX_DURATION_S`",
        failed(errors.DurationOutOfRange, "4 s, at most 3 s"),
        MAX_DURATION_S="3",
    ),
    clip(
        "h264.mp4",
        "A result larger than `MAX_OUTPUT_BYTES`",
        failed(errors.OutputTooLarge, encodes=1),
        MAX_OUTPUT_BYTES="2000",
    ),
    clip(
        "h264.mp4",
        "A source larger than `MAX_SCRATCH_BYTES`",
        failed(errors.ScratchLimitExceeded, "more than 0.0 MiB"),
        MAX_SCRATCH_BYTES="10000",
    ),
    clip(
        "twenty_seconds.mp4",
        "A conversion that takes more than `MAX_CPU_S`",
        failed(errors.CpuLimitExceeded, encodes=1),
        MAX_CPU_S="1",
        X265_PRESET="veryslow",
    ),
    BadInput(
        "A conversion longer than `CONVERSION_BUDGET_S`",
        slow,
        failed(errors.TimeBudgetExceeded, f"{ANY} s more are needed, {ANY} s are left", encodes=1),
        {"CONVERSION_BUDGET_S": "4"},
    ),
    clip(
        "h264.mp4",
        "A source larger than the worker's disk",
        retrying(errors.ScratchFull, f"{ANY} MiB free, {ANY} MiB needed"),
        SCRATCH_RESERVE_BYTES=str(10**15),
    ),
    BadInput("A source that is gone when its event comes", deleted, failed(errors.SourceMissing)),
    BadInput("A source that was replaced before it was read", replaced, failed(errors.SourceSuperseded)),
]
