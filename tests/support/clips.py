"""Sources for tests: one second of ffmpeg's own test picture in every container and shape that people upload."""

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def picture(size: str = "160x120", rate: str = "25", seconds: float = 1, source: str = "testsrc2") -> list[str]:
    """Options for a moving picture. ``testsrc`` takes odd sides, ``testsrc2`` is harder to encode."""
    return ["-f", "lavfi", "-i", f"{source}=size={size}:rate={rate}:duration={seconds}"]


def tone(seconds: float = 1, rate: int = 44_100, hertz: int = 440) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine=frequency={hertz}:sample_rate={rate}:duration={seconds}"]


H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
VARIABLE = ["-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr"]
GAP = ["-vf", "select='lt(n,3)+gt(n,40)'", "-fps_mode", "vfr"]
ALL = ["-map", "0", "-map", "1"]
AS_PNG = ["-metadata:s:t", "mimetype=image/png"]
WITH_COVER = ["-i", "{h264_aac.mp4}", "-i", "{cover.png}", *ALL, "-c", "copy", "-disposition:v:1", "attached_pic"]
COVER_ONLY = ["-i", "{audio.m4a}", "-i", "{cover.png}", *ALL, "-c", "copy", "-disposition:v", "attached_pic"]
BEFORE_ZERO = ["-i", "{h264_aac.mp4}", "-c", "copy", "-output_ts_offset", "-0.4", "-avoid_negative_ts", "disabled"]

RECIPES: dict[str, list[str]] = {
    "h264_aac.mp4": [*picture(), *tone(), *H264, "-c:a", "aac"],
    "h264.mp4": [*picture(), *H264],
    "faststart.mp4": ["-i", "{h264_aac.mp4}", "-c", "copy", "-movflags", "+faststart"],
    "fragmented.mp4": [*picture(), *tone(), *H264, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"],
    "open_gop.mp4": [*picture(), "-c:v", "libx264", "-x264-params", "open-gop=1:keyint=10:bframes=3"],
    "vp8_vorbis.webm": [*picture(), *tone(), "-c:v", "libvpx", "-c:a", "libvorbis"],
    "hidden_frames.webm": [*picture(seconds=2), "-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "16"],
    "vp9_opus.webm": [*picture(), *tone(), "-c:v", "libvpx-vp9", "-c:a", "libopus"],
    "live.webm": ["-i", "{vp9_opus.webm}", "-c", "copy", "-live", "1"],
    "variable.mkv": [*picture(), *tone(), *H264, *VARIABLE, "-c:a", "flac"],
    "variable.mp4": [*picture(), *H264, *VARIABLE],
    "gap.mkv": [*picture(seconds=2), *H264, *GAP],
    "gap.mp4": [*picture(seconds=2), *H264, *GAP],
    "ntsc.mp4": [*picture(rate="30000/1001"), *H264],
    "ntsc.mkv": [*picture(rate="30000/1001"), *H264],
    "h264_mp2.ts": [*picture(), *tone(), *H264, "-c:a", "mp2"],
    "mpeg2_mp2.ts": [*picture(), *tone(), "-c:v", "mpeg2video", "-c:a", "mp2"],
    "interlaced.ts": [*picture(), "-c:v", "libx264", "-x264-params", "interlaced=1", "-flags", "+ilme+ildct"],
    "h264.m2ts": [*picture(), *H264, "-mpegts_m2ts_mode", "1"],
    "mpeg2_mp2.mpg": [*picture(), *tone(), "-c:v", "mpeg2video", "-c:a", "mp2"],
    "mpeg4_mp3.avi": [*picture(), *tone(), "-c:v", "mpeg4", "-c:a", "libmp3lame"],
    "b_frames.avi": [*picture(), "-c:v", "libxvid", "-bf", "2"],
    "h264_b_frames.avi": ["-i", "{b_frames.mp4}", "-c", "copy"],
    "b_frames.mp4": [*picture(seconds=2), "-c:v", "libx264", "-bf", "3"],
    "gap_b_frames.avi": ["-i", "{gap_b_frames.mp4}", "-c", "copy"],
    "gap_b_frames.mp4": [*picture(seconds=2), "-c:v", "libx264", "-bf", "3", *GAP],
    "mjpeg_pcm.avi": [*picture(), *tone(), "-c:v", "mjpeg", "-c:a", "pcm_s16le"],
    "flv1_mp3.flv": [*picture(), *tone(), "-c:v", "flv", "-c:a", "libmp3lame"],
    "wmv2_wma.wmv": [*picture(), *tone(), "-c:v", "wmv2", "-c:a", "wmav2"],
    "theora_vorbis.ogv": [*picture(), *tone(), "-c:v", "libtheora", "-c:a", "libvorbis"],
    "prores_pcm.mov": [*picture(), *tone(), "-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s24le"],
    "av1.mp4": [*picture(), "-c:v", "libaom-av1", "-cpu-used", "8"],
    "hevc.mp4": [*picture(), "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"],
    "mp3.mp4": [*picture(), *tone(), *H264, "-c:a", "libmp3lame"],
    "ac3.mp4": [*picture(), *tone(), *H264, "-c:a", "ac3"],
    "alac.mov": [*picture(), *tone(), *H264, "-c:a", "alac"],
    "eight_channels.mkv": [*picture(), "-f", "lavfi", "-i", "anullsrc=cl=7.1:d=1", *H264, "-c:a", "flac"],
    "telephone.mov": [*picture(), *tone(rate=8000), *H264, "-c:a", "pcm_mulaw"],
    "two_tracks.mp4": [*picture(), *tone(), *tone(hertz=880), *ALL, "-map", "2", *H264, "-c:a", "aac"],
    "short_audio.mp4": [*picture(), *tone(0.5), *H264, "-c:a", "aac"],
    "long_audio.mp4": [*picture(), *tone(2), *H264, "-c:a", "aac"],
    "odd_sides.mkv": [*picture("161x121", source="testsrc"), "-c:v", "ffv1", "-pix_fmt", "yuv420p"],
    "odd_width.webm": [*picture("161x120", source="testsrc"), "-c:v", "libvpx", "-pix_fmt", "yuv420p"],
    "odd_height.mov": [*picture("160x121", source="testsrc"), "-c:v", "qtrle", "-pix_fmt", "rgb24"],
    "smallest.mp4": [*picture("16x16", source="testsrc"), *H264],
    "ten_bit.mp4": [*picture(), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le"],
    "twelve_bit.mkv": [*picture(), "-c:v", "ffv1", "-pix_fmt", "yuv420p12le"],
    "full_range.mp4": [*picture(), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuvj420p"],
    "alpha.mov": [*picture(), "-c:v", "qtrle", "-pix_fmt", "argb"],
    "gray.mkv": [*picture(), "-c:v", "ffv1", "-pix_fmt", "gray"],
    "wide_pixels.mp4": [*picture(), *H264, "-vf", "setsar=16/11"],
    "rotated.mp4": ["-display_rotation", "90", "-i", "{h264_aac.mp4}", "-c", "copy"],
    "cover.png": [*picture("64x64"), "-frames:v", "1"],
    "photo.jpg": [*picture("640x480"), "-frames:v", "1"],
    "cover.mp4": WITH_COVER,
    "cover.mkv": [
        "-i",
        "{h264_aac.mp4}",
        "-attach",
        "{cover.png}",
        "-metadata:s:t",
        "mimetype=image/png",
        "-c",
        "copy",
    ],
    "subtitles.mkv": ["-i", "{h264_aac.mp4}", "-i", "{words.srt}", *ALL, "-c", "copy", "-c:s", "srt"],
    "one_frame.mp4": [*picture(), *H264, "-frames:v", "1"],
    "one_frame.webm": [*picture(), "-c:v", "libvpx", "-frames:v", "1"],
    "one_frame.ts": [*picture(), *H264, "-frames:v", "1"],
    "long_gop.mp4": [*picture(seconds=2), *tone(2), *H264, "-g", "50", "-c:a", "aac"],
    "four_seconds.mp4": [*picture(seconds=4), *tone(4), *H264, "-c:a", "aac"],
    "edit_list.mp4": ["-ss", "0.5", "-i", "{long_gop.mp4}", "-c", "copy"],
    "negative_start.mp4": BEFORE_ZERO,
    "negative_start.mkv": BEFORE_ZERO,
    "late_picture.mp4": ["-itsoffset", "0.3", *picture(), *tone(), *H264, "-c:a", "aac"],
    "late_picture.ts": ["-itsoffset", "0.3", *picture(), *tone(), *H264, "-c:a", "mp2"],
    "late_sound.mkv": [*picture(), "-itsoffset", "0.3", *tone(), *H264, "-c:a", "libvorbis"],
    "held_last_frame.mp4": [*picture(), *H264, "-bsf:v", "setts=duration=if(eq(N\\,24)\\,3/TB\\,DURATION)"],
    "audio.m4a": [*tone(), "-c:a", "aac"],
    "audio_and_cover.m4a": COVER_ONLY,
    "tiff.mov": [*picture(), "-c:v", "tiff"],
    "many_tracks.mkv": [*picture(), *tone(), "-map", "0", *["-map", "1"] * 32, *H264, "-c:a", "mp2"],
    "quick.mkv": [*picture(rate="400"), *H264],
    "smallest.avi": [*picture("16x16", source="testsrc"), "-c:v", "rawvideo", "-pix_fmt", "yuv420p"],
    "too_small.avi": [*picture("14x14", source="testsrc"), "-c:v", "rawvideo", "-pix_fmt", "yuv420p"],
    "too_large.mkv": [*picture("8194x16", rate="2"), "-c:v", "ffv1"],
    "twenty_seconds.mp4": [*picture(seconds=20), *H264],
}
"""Name → ffmpeg's options; a name in braces is that other file."""

WORDS = "1\n00:00:00,000 --> 00:00:01,000\nhello\n"


class Clips:
    """Makes each source of ``recipes`` when it is first asked for, in ``folder``."""

    def __init__(self, folder: Path, recipes: dict[str, list[str]] = RECIPES) -> None:
        self._folder = folder
        self._recipes = recipes

    def __call__(self, name: str) -> Path:
        path = self._folder / name
        if not path.exists():
            self._make(name, path)
        return path

    def _make(self, name: str, path: Path) -> None:
        if name == "words.srt":
            path.write_text(WORDS)
            return
        options = [re.sub(r"\{(.+)\}", lambda match: str(self(match[1])), word) for word in self._recipes[name]]
        run_ffmpeg([*options, str(path)])


def run_ffmpeg(options: list[str]) -> None:
    """Run ffmpeg for a test, on input that is trusted."""
    done = subprocess.run([FFMPEG, "-v", "error", "-nostdin", "-y", *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
