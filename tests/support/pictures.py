"""Films that differ in their picture."""

from tests.support.clips import picture

X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params"]
HEVC = [*X265, "log-level=error"]
FFV1 = ["-c:v", "ffv1"]
DNXHR = ["-c:v", "dnxhd", "-profile:v"]
PQ = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
HLG = "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv"
DISPLAY = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
HDR10 = [*picture(), "-vf", f"{PQ},format=yuv420p10le", *X265, f"log-level=error:{DISPLAY}:aud=1:bframes=0"]
HLG_HEVC = [*picture(), "-vf", f"{HLG},format=yuv420p10le", *X265, "log-level=error:aud=1:bframes=0"]
HALF = "format=yuva444p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='if(lt(X,80),0,255)'"
"""The left half is transparent."""

_CODED: dict[str, tuple[list[str], str, str]] = {
    "h264": (
        ["-c:v", "libx264", "-preset", "ultrafast"],
        "mp4",
        "yuv420p yuv422p yuv444p gray yuv420p10le yuv444p10le",
    ),
    "hevc": (HEVC, "mp4", "yuv422p gray gray12le yuv420p12le yuv422p10le yuv444p12le gbrp"),
    "ffv1": (FFV1, "mkv", "yuv410p yuv411p yuv422p16le gray gray16le ya8 bgr0 gbrp14le rgba64le"),
    "prores": (["-c:v", "prores_ks"], "mov", "yuv422p10le yuv444p10le"),
    "png": (["-c:v", "png"], "mov", "rgb24 rgb48be pal8 gray"),
    "qtrle": (["-c:v", "qtrle"], "mov", "rgb24 gray"),
    "utvideo": (["-c:v", "utvideo"], "avi", "gbrp yuv422p"),
    "mjpeg": (["-c:v", "mjpeg"], "avi", "yuvj422p"),
    "rawvideo": (["-c:v", "rawvideo"], "nut", "bgr24 nv12"),
}

FORMATS: dict[str, list[str]] = {
    f"{codec}_{name}.{container}": [*picture(seconds=0.4), *options, "-pix_fmt", name]
    for codec, (options, container, names) in _CODED.items()
    for name in names.split()
} | {
    "h264rgb_gbrp.mp4": [*picture(seconds=0.4), "-c:v", "libx264rgb", "-preset", "ultrafast", "-pix_fmt", "rgb24"],
    "dnxhr_hq.mov": [*picture("640x360", seconds=0.2), *DNXHR, "dnxhr_hq", "-pix_fmt", "yuv422p"],
    "dnxhr_444.mov": [*picture("640x360", seconds=0.2), *DNXHR, "dnxhr_444", "-pix_fmt", "yuv444p10le"],
    "cfhd.mov": [*picture(seconds=0.4), "-c:v", "cfhd", "-pix_fmt", "yuv422p10le"],
    "v210.mov": [*picture(seconds=0.4), "-c:v", "v210"],
}  # fmt: skip
"""A film for each kind of samples: codec, pixel format, container."""

TAGS = {
    "bt601_525": ("smpte170m", "smpte170m", "smpte170m", (6, 6, 6)),
    "bt601_625": ("bt470bg", "smpte170m", "bt470bg", (5, 6, 5)),
    "bt709": ("bt709", "bt709", "bt709", (1, 1, 1)),
    "bt2020": ("bt2020", "bt2020-10", "bt2020nc", (9, 14, 9)),
}
"""Primaries, transfer and matrix as ffmpeg names them, and their numbers in H.273."""


def tagged(name: str, range_: str) -> list[str]:
    primaries, transfer, matrix, _ = TAGS[name]
    return ["-vf", f"setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}:range={range_}"]
