"""A corpus of tiny films: whatever of containers, codecs and features the product's own ffmpeg can write together.

Nothing here says what must become of a film: that is measured against a bare ffmpeg.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.clips import FFMPEG, picture, tone

MAKE_S = 60
QUIET = ["-v", "error", "-nostdin", "-y", "-threads", "1"]

CONTAINERS = (
    "mp4", "mov", "3gp", "mkv", "webm", "avi", "flv", "asf", "ogv", "ts", "mpg", "gif", "webp", "mxf", "nut", "ivf",
    "dv", "y4m", "swf", "gxf", "roq", "amv", "cpk", "h264", "hevc", "vvc", "m1v", "m2v", "obu", "drc", "mjpeg", "h261",
    "h263", "dnxhd", "avs2",
)  # fmt: skip
"""Those in which each codec is tried. Of RealMedia and WTV only what belongs there: their writers take anything."""

FORMATS = {
    "m4v": "mp4",
    "roq": "roq",
    "cpk": "film_cpk",
    "vob": "vob",
    "m2ts": "mpegts",
    "webp": "webp",
    "drc": "dirac",
}
"""ffmpeg's name of the muxer where the file's extension says nothing, or something else."""

MORE = {"m2ts": ["-mpegts_m2ts_mode", "1"], "webp": ["-loop", "0"]}
CIF = "size=176x144"
VIDEO: dict[str, list[str]] = {
    "h264": ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
    "hevc": ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params", "log-level=error"],
    "vvc": ["-c:v", "libvvenc", "-preset", "faster", "-pix_fmt", "yuv420p10le"],
    "av1": ["-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"],
    "vp8": ["-c:v", "libvpx", "-deadline", "realtime"],
    "vp9": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"],
    "mpeg1": ["-c:v", "mpeg1video"],
    "mpeg2": ["-c:v", "mpeg2video"],
    "mpeg4": ["-c:v", "mpeg4"],
    "xvid": ["-c:v", "libxvid"],
    "msmpeg4v2": ["-c:v", "msmpeg4v2"],
    "msmpeg4v3": ["-c:v", "msmpeg4"],
    "wmv1": ["-c:v", "wmv1"],
    "wmv2": ["-c:v", "wmv2"],
    "flv1": ["-c:v", "flv"],
    "h261": ["-c:v", "h261", "-s", "176x144"],
    "h263": ["-c:v", "h263", "-s", "176x144"],
    "h263p": ["-c:v", "h263p"],
    "theora": ["-c:v", "libtheora"],
    "dirac": ["-c:v", "vc2"],
    "snow": ["-c:v", "snow"],
    "mjpeg": ["-c:v", "mjpeg"],
    "amv": ["-c:v", "amv", "-s", "160x128", "-r", "16"],
    "jpegls": ["-c:v", "jpegls"],
    "ljpeg": ["-c:v", "ljpeg"],
    "jpeg2000": ["-c:v", "jpeg2000"],
    "prores": ["-c:v", "prores_ks"],
    "prores4444": ["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"],
    "dnxhr": ["-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-s", "256x128", "-pix_fmt", "yuv422p"],
    "cfhd": ["-c:v", "cfhd"],
    "ffv1": ["-c:v", "ffv1"],
    "huffyuv": ["-c:v", "huffyuv"],
    "ffvhuff": ["-c:v", "ffvhuff"],
    "utvideo": ["-c:v", "utvideo"],
    "magicyuv": ["-c:v", "magicyuv"],
    "rawvideo": ["-c:v", "rawvideo", "-pix_fmt", "yuv420p"],
    "rawrgb": ["-c:v", "rawvideo", "-pix_fmt", "bgr24"],
    "rawyuyv": ["-c:v", "rawvideo", "-pix_fmt", "yuyv422"],
    "v210": ["-c:v", "v210"],
    "r210": ["-c:v", "r210"],
    "r10k": ["-c:v", "r10k"],
    "avrp": ["-c:v", "avrp"],
    "y41p": ["-c:v", "y41p"],
    "yuv4": ["-c:v", "yuv4"],
    "bitpacked": ["-c:v", "bitpacked", "-pix_fmt", "yuv422p10le"],
    "png": ["-c:v", "png"],
    "apng": ["-c:v", "apng"],
    "gif": ["-c:v", "gif"],
    "webp": ["-c:v", "libwebp_anim"],
    "qtrle": ["-c:v", "qtrle"],
    "rpza": ["-c:v", "rpza"],
    "smc": ["-c:v", "smc"],
    "cinepak": ["-c:v", "cinepak", "-t", "0.3"],
    "svq1": ["-c:v", "svq1"],
    "msvideo1": ["-c:v", "msvideo1"],
    "msrle": ["-c:v", "msrle"],
    "zmbv": ["-c:v", "zmbv"],
    "zlib": ["-c:v", "zlib"],
    "flashsv": ["-c:v", "flashsv"],
    "flashsv2": ["-c:v", "flashsv2"],
    "hap": ["-c:v", "hap"],
    "dxv": ["-c:v", "dxv"],
    "speedhq": ["-c:v", "speedhq"],
    "asv1": ["-c:v", "asv1"],
    "asv2": ["-c:v", "asv2"],
    "cljr": ["-c:v", "cljr"],
    "rv10": ["-c:v", "rv10", "-s", "176x144"],
    "rv20": ["-c:v", "rv20", "-s", "176x144"],
    "roq": ["-c:v", "roqvideo", "-s", "128x64", "-r", "30"],
    "avs2": ["-c:v", "libxavs2"],
    "apv": ["-c:v", "liboapv"],
    "dv": ["-c:v", "dvvideo", "-s", "720x576", "-pix_fmt", "yuv420p"],
    "tiff": ["-c:v", "tiff"],
    "bmp": ["-c:v", "bmp"],
    "targa": ["-c:v", "targa"],
}  # fmt: skip
"""Codec → options of its encoder."""

AUDIO: dict[str, list[str]] = {
    "aac": ["-c:a", "aac"],
    "mp2": ["-c:a", "mp2"],
    "mp3": ["-c:a", "libmp3lame"],
    "ac3": ["-c:a", "ac3"],
    "eac3": ["-c:a", "eac3"],
    "dts": ["-c:a", "dca", "-strict", "-2", "-ar", "48000"],
    "truehd": ["-c:a", "truehd", "-strict", "-2"],
    "alac": ["-c:a", "alac"],
    "flac": ["-c:a", "flac", "-strict", "-2"],
    "vorbis": ["-c:a", "libvorbis"],
    "opus": ["-c:a", "libopus", "-strict", "-2"],
    "speex": ["-c:a", "libspeex", "-ar", "16000"],
    "amr": ["-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1", "-b:a", "12.2k"],
    "wmav1": ["-c:a", "wmav1"],
    "wmav2": ["-c:a", "wmav2"],
    "wavpack": ["-c:a", "wavpack"],
    "tta": ["-c:a", "tta"],
    "nellymoser": ["-c:a", "nellymoser", "-ar", "22050"],
    "s302m": ["-c:a", "s302m", "-strict", "-2", "-ar", "48000", "-ac", "2"],
    "pcm_s16le": ["-c:a", "pcm_s16le", "-ar", "48000"],
    "pcm_s16be": ["-c:a", "pcm_s16be"],
    "pcm_s24le": ["-c:a", "pcm_s24le"],
    "pcm_s24be": ["-c:a", "pcm_s24be"],
    "pcm_f32le": ["-c:a", "pcm_f32le"],
    "pcm_u8": ["-c:a", "pcm_u8"],
    "pcm_alaw": ["-c:a", "pcm_alaw", "-ar", "8000"],
    "pcm_mulaw": ["-c:a", "pcm_mulaw", "-ar", "8000"],
    "pcm_dvd": ["-c:a", "pcm_dvd", "-ar", "48000"],
    "pcm_bluray": ["-c:a", "pcm_bluray", "-ar", "48000"],
    "adpcm_ms": ["-c:a", "adpcm_ms"],
    "adpcm_ima_wav": ["-c:a", "adpcm_ima_wav"],
    "adpcm_ima_qt": ["-c:a", "adpcm_ima_qt"],
    "adpcm_swf": ["-c:a", "adpcm_swf"],
    "adpcm_yamaha": ["-c:a", "adpcm_yamaha"],
    "g722": ["-c:a", "g722", "-ar", "16000"],
    "g726": ["-c:a", "g726", "-ar", "8000", "-b:a", "32k"],
    "g723_1": ["-c:a", "g723_1", "-ar", "8000", "-b:a", "6300"],
    "ra_144": ["-c:a", "real_144", "-ar", "8000"],
}
USUAL = {
    "mp4": "h264", "mov": "h264", "3gp": "h263", "3g2": "mpeg4", "f4v": "h264", "mkv": "h264", "webm": "vp8",
    "avi": "mpeg4", "flv": "flv1", "asf": "msmpeg4v3", "wmv": "wmv2", "ogv": "theora", "ts": "mpeg2", "m2ts": "h264",
    "mpg": "mpeg1", "vob": "mpeg2", "mxf": "mpeg2", "nut": "mpeg4", "dv": "dv", "rm": "rv10", "wtv": "mpeg2",
    "ismv": "h264", "m4v": "mpeg4",
}  # fmt: skip
"""Container → the codec beside which each codec of sound is tried."""

FEATURES: dict[str, tuple[list[str], list[str]]] = {
    "ten bit": (picture(), ["-pix_fmt", "yuv420p10le"]),
    "4:2:2": (picture(), ["-pix_fmt", "yuv422p"]),
    "4:4:4": (picture(), ["-pix_fmt", "yuv444p"]),
    "gray": (picture(), ["-pix_fmt", "gray"]),
    "rgb": (picture(), ["-pix_fmt", "rgb24"]),
    "alpha": (picture(), ["-pix_fmt", "yuva420p"]),
    "full range": (picture(), ["-pix_fmt", "yuvj420p", "-color_range", "pc"]),
    "odd sides": (picture("161x121", source="testsrc"), []),
    "one frame": (picture(), ["-frames:v", "1"]),
    "two frames": (picture(), ["-frames:v", "2"]),
    "wide pixels": (picture(), ["-vf", "setsar=16/11"]),
    "ntsc": (picture(rate="30000/1001"), []),
    "one frame a second": (picture(rate="1", seconds=3), []),
    "120 frames a second": (picture(rate="120", seconds=0.5), []),
    "strange rate": (picture(rate="12.345"), []),
    "variable rate": (picture(), ["-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr"]),
    "a gap": (picture(seconds=2), ["-vf", "select='lt(n,3)+gt(n,40)'", "-fps_mode", "vfr"]),
    "B frames": (picture(), ["-bf", "3"]),
    "interlaced": (picture(rate="50"), ["-vf", "tinterlace=interleave_top", "-flags", "+ilme+ildct"]),
    "only key frames": (picture(), ["-g", "1"]),
    "late picture": (["-itsoffset", "0.3", *picture()], []),
    "starts at 10 s": (picture(), ["-output_ts_offset", "10"]),
    "starts before 0": (picture(), ["-output_ts_offset", "-0.4", "-avoid_negative_ts", "disabled"]),
    "bt2020": (picture(), ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"]),
    "title and chapters": (picture(), ["-metadata", "title=Ä film", "-metadata", "creation_time=2020-01-02T03:04:05Z"]),
    "black": (["-f", "lavfi", "-i", "color=black:size=160x120:duration=1"], []),
    "noise": (["-f", "lavfi", "-i", "color=gray:size=160x120:duration=1,noise=alls=100:allf=t"], []),
}
"""Feature → the picture and what is added to the encoder's options. Those that a codec or container lacks it just
ignores, or the film cannot be written."""

FEATURED = (
    ("mp4", "h264"), ("mov", "prores"), ("mov", "qtrle"), ("mov", "png"), ("mkv", "ffv1"), ("mkv", "hevc"),
    ("mkv", "vp8"), ("mkv", "utvideo"), ("webm", "vp9"), ("avi", "mpeg4"), ("avi", "rawvideo"), ("flv", "h264"),
    ("wmv", "wmv2"), ("ogv", "theora"), ("ts", "h264"), ("ts", "mpeg2"), ("ts", "hevc"), ("mpg", "mpeg2"),
    ("mxf", "mpeg2"), ("nut", "mpeg4"), ("mp4", "hevc"), ("mp4", "av1"), ("gif", "gif"), ("webp", "webp"),
    ("h264", "h264"), ("3gp", "h263"),
)  # fmt: skip


@dataclass(frozen=True)
class Film:
    """``name`` says container, codecs and feature; ``options`` are ffmpeg's, without the output."""

    name: str
    container: str
    options: tuple[str, ...]

    def make(self, folder: Path) -> Path | None:
        """Write it; None if ffmpeg cannot."""
        path = folder / f"film.{self.container}"
        path.unlink(missing_ok=True)
        shape = ["-f", FORMATS[self.container]] if self.container in FORMATS else []
        argv = [FFMPEG, *QUIET, *self.options, *MORE.get(self.container, []), *shape, str(path)]
        try:
            done = subprocess.run(argv, capture_output=True, timeout=MAKE_S, check=False)
        except subprocess.TimeoutExpired:
            return None
        return path if done.returncode == 0 and path.exists() and path.stat().st_size else None


def films() -> Iterator[Film]:
    """All of them: each codec in each container, each codec of sound in each container, each feature in many."""
    for container in CONTAINERS:
        for codec, options in VIDEO.items():
            yield Film(f"{container}, {codec}", container, (*picture(), *options))
    for container, codec in USUAL.items():
        for audio, options in AUDIO.items():
            with_sound = (*picture(), *tone(), *VIDEO[codec], *options)
            yield Film(f"{container}, {codec}, {audio}", container, with_sound)
    for container, codec in FEATURED:
        for feature, (shown, options) in FEATURES.items():
            yield Film(f"{container}, {codec}, {feature}", container, (*shown, *VIDEO[codec], *options))
