"""Videos of tests: made with ffmpeg's own sources, measured with PyAV."""

import io
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import imageio_ffmpeg

BIG_BUCK_BUNNY = Path(__file__).parents[2] / "local" / "clips" / "bigbuckbunny.mp4"
"""The real clip that comes with us."""


@dataclass(frozen=True)
class Audio:
    """The first audio stream."""

    codec: str
    channels: int
    rate: int
    packets: bytes
    """All of its coded bytes, one after another."""


@dataclass(frozen=True)
class Video:
    """What a file holds, counted from the streams and not from the header."""

    codec: str
    tag: str
    width: int
    height: int
    frame_times_s: tuple[float, ...]
    audio: Audio | None

    @property
    def frames(self) -> int:
        return len(self.frame_times_s)


def measure(content: bytes) -> Video:
    """Decode every frame of a file."""
    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.video[0]
        times = tuple(float(frame.time or 0) for frame in container.decode(stream))
        context = stream.codec_context
        video = (context.name, context.codec_tag, context.width, context.height)
    return Video(*video, frame_times_s=times, audio=_measure_audio(content))


def _measure_audio(content: bytes) -> Audio | None:
    with av.open(io.BytesIO(content), "r") as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        packets = b"".join(bytes(packet) for packet in container.demux(stream))
        context = stream.codec_context
        return Audio(context.name, context.channels, context.sample_rate, packets)


def make_clip(path: Path, seconds: float = 2, options: Sequence[str] = ("-c:v", "libx264", "-c:a", "aac")) -> bytes:
    """A moving test picture with a tone, in the container that the file's name says."""
    sources = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-f", "lavfi", "-i", "sine=sample_rate=48000"]
    shape = ["-t", str(seconds), "-pix_fmt", "yuv420p", *options]
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *sources, *shape, str(path)]
    subprocess.run(argv, check=True)
    return path.read_bytes()


def small_bunny(path: Path, width: int = 320) -> Path:
    """All frames and the sound of the real clip, in fewer pixels; of such a quality that any result is smaller."""
    shape = ["-vf", f"scale={width}:-2", "-c:v", "libx264", "-preset", "veryfast", "-crf", "12", "-c:a", "copy"]
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-i", str(BIG_BUCK_BUNNY), *shape]
    subprocess.run([*argv, str(path)], check=True)
    return path


def boxes(content: bytes) -> list[str]:
    """The names of an MP4 file's outermost boxes, in order."""
    names, at = [], 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        names.append(content[at + 4 : at + 8].decode("ascii"))
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16], "big")
        at += size or len(content)
    return names
