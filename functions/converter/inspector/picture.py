"""What the first frames of a film say of its picture: format, colour, HDR metadata, rotation."""

import struct
from typing import Any

import av

from functions.converter.inspector.dolby import dolby_vision
from functions.converter.inspector.opening import codec_name, decoded

LOOKED_AT = 3
"""Frames: HDR10+ and Dolby Vision come with each frame, and a damaged first one shall not hide them."""

RANGES = {1: "tv", 2: "pc"}
UUID_BYTES = 16
SIGNATURE_CHARS = 4000
FIXED_ONE = 1 << 16


def first_frames(container: Any, video: Any, count: int = LOOKED_AT) -> list[Any]:
    """The first frames that can be decoded; none if there is no decoder or nothing to decode."""
    frames: list[Any] = []
    try:
        for packet in container.demux(video):
            frames += decoded(video, packet)
            if len(frames) >= count:
                break
    except av.error.FFmpegError:
        pass
    return frames[:count]


def picture_facts(video: Any, frames: list[Any], fd: int, demuxer: str) -> dict[str, Any]:
    """The first frame tells more than the header: libav fills gaps of the header from the decoder."""
    context = video.codec_context
    source = frames[0] if frames else context
    pixel_format = frames[0].format if frames else av.VideoFormat(context.pix_fmt)
    rotation, mirrored = _turn(frames)
    ratio = video.sample_aspect_ratio
    return {
        "pixel_format": _plain(pixel_format.name),
        "bit_depth": max(8, *(component.bits for component in pixel_format.components)),
        "chroma": _chroma(pixel_format),
        "alpha": _transparent(video, pixel_format),
        "colour": {
            "range": _range(source, pixel_format.name),
            "primaries": int(source.color_primaries),
            "transfer": int(source.color_trc),
            "matrix": int(source.colorspace),
        },
        "hdr": _hdr(frames)
        | {
            "dolby_vision": dolby_vision(
                fd, demuxer, codec_name(context), _side(frames, "DOVI_METADATA"), int(source.color_trc)
            )
        },
        "captions": _side(frames, "A53_CC") is not None,
        "rotation": rotation,
        "mirrored": mirrored,
        "sample_aspect_ratio": [ratio.numerator, ratio.denominator] if ratio and ratio > 0 else [1, 1],
    }


def encoder_signature(frames: list[Any]) -> str | None:
    """What x265 writes about itself into a film (user data of H.265, annex D, after a UUID of 16 bytes)."""
    for frame in frames:
        for side in _sides(frame):
            text = bytes(side)[UUID_BYTES:].decode("ascii", "replace").strip("\0")
            if side.type.name == "SEI_UNREGISTERED" and text.startswith("x265"):
                return text[:SIGNATURE_CHARS]
    return None


def _plain(name: str) -> str:
    """libav's old names for full-range video (``yuvj420p``) → the format of the samples; range is another fact."""
    return name.replace("yuvj", "yuv", 1)


def _range(source: Any, pixel_format: str) -> str:
    return "pc" if pixel_format.startswith("yuvj") else RANGES.get(int(source.color_range), "unspecified")


def _chroma(pixel_format: Any) -> str:
    if pixel_format.is_rgb or pixel_format.has_palette or pixel_format.name.startswith("xyz"):
        return "rgb"
    if sum(not component.is_alpha for component in pixel_format.components) == 1:
        return "gray"
    shape = pixel_format.chroma_width(64), pixel_format.chroma_height(64)
    if shape[0] <= 32 and shape[1] <= 32:
        return "420"  # or less colour than that, which 4:2:0 holds
    return {(32, 64): "422", (64, 64): "444"}.get(shape, "other")


def _transparent(video: Any, pixel_format: Any) -> bool:
    """WebM keeps the transparency of VP8 and VP9 beside the picture, where libav's own decoders do not look."""
    beside = codec_name(video.codec_context) in ("vp8", "vp9") and video.metadata.get("alpha_mode") == "1"
    return beside or pixel_format.has_palette or any(component.is_alpha for component in pixel_format.components)


def _side(frames: list[Any], kind: str) -> bytes | None:
    for frame in frames:
        for side in _sides(frame):
            if side.type.name == kind:
                return bytes(side)
    return None


def _sides(frame: Any) -> list[Any]:
    """What accompanies a frame. Nothing where PyAV does not know one kind (EXIF of a JPEG): it then gives none."""
    try:
        every = frame.side_data
    except ValueError:
        return []
    return [every[number] for number in range(len(every))]


def _hdr(frames: list[Any]) -> dict[str, Any]:
    light = _side(frames, "CONTENT_LIGHT_LEVEL")
    return {
        "mastering": _mastering(_side(frames, "MASTERING_DISPLAY_METADATA")),
        "light": list(struct.unpack_from("=2I", light)) if light and len(light) >= 8 else None,
        "hdr10plus": _side(frames, "DYNAMIC_HDR_PLUS") is not None,
    }


def _mastering(data: bytes | None) -> list[str] | None:
    """libavutil's ``AVMasteringDisplayMetadata``: ten fractions of two ints, then whether primaries and luminance are
    set. A value of 0/0 was never set."""
    if data is None or len(data) < 88:
        return None
    numbers = struct.unpack_from("=22i", data)
    if not (numbers[20] and numbers[21]) or not all(numbers[1:20:2]):
        return None
    return [f"{numbers[i]}/{numbers[i + 1]}" for i in range(0, 20, 2)]


def _turn(frames: list[Any]) -> tuple[int, bool]:
    """Degrees clockwise, and whether the picture is mirrored, of a display matrix (ISO/IEC 14496-12, 8.3.2)."""
    data = _side(frames, "DISPLAYMATRIX")
    if data is None or len(data) < 36:
        return 0, False
    a, b, _, c, d = struct.unpack_from("=5i", data)
    mirrored = a * d - b * c < 0
    a, b = (-a, -b) if mirrored else (a, b)
    for degrees, way in ((0, (1, 0)), (90, (0, 1)), (180, (-1, 0)), (270, (0, -1))):
        if (round(a / FIXED_ONE), round(b / FIXED_ONE)) == way:
            return degrees, mirrored
    return 0, mirrored
