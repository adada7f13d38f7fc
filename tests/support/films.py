"""Films with everything beside the picture: several tracks, subtitles, chapters, tags, covers, fonts."""

from pathlib import Path

from tests.support.clips import Clips, picture, tone

FRAMES, SECONDS = 60, 2.4
VOICE = ["-f", "lavfi", "-i", "aevalsrc='0.4*sin(2*PI*440*t)*pow(sin(5.3*t)\\,2)':s=48000:d=2.4"]
"""Sound that is now loud and now silent, so that it has its place in time."""

LINES = "1\n00:00:00,100 --> 00:00:00,600\nhello\n\n2\n00:00:01,200 --> 00:00:01,800\n<i>world</i>\n"
CHAPTERS = """;FFMETADATA1
title=A film
artist=Somebody
comment=It is short
creation_time=2024-05-01T10:00:00Z
location=+52.5200+013.4050/
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1000
title=Beginning
[CHAPTER]
TIMEBASE=1/1000
START=1000
END=2400
title=End
"""
TITLED = ["-metadata:s:a:0", "language=deu", "-metadata:s:a:0", "title=Ton", "-metadata:s:a:1", "language=eng",
          "-metadata:s:a:1", "title=Director", "-disposition:a:0", "default", "-disposition:a:1",
          "comment+hearing_impaired"]  # fmt: skip
SUBTITLED = ["-metadata:s:s:0", "language=fra", "-metadata:s:s:0", "title=Signs", "-disposition:s:0", "forced"]
INPUTS = [*picture(seconds=SECONDS), *VOICE, *tone(SECONDS), "-i", "{lines.srt}", "-i", "{chapters.txt}"]
MAPPED = ["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_metadata", "4", "-map_chapters", "4"]
PICTURE = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "yuv420p"]
"""Large enough that no encode is larger."""

DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
HDR10 = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-color_primaries", "bt2020",
         "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-x265-params",
         f"log-level=error:master-display={DISPLAY}:max-cll=1000,400:lossless=1:repeat-headers=1:hdr10=1"]  # fmt: skip

RECIPES: dict[str, list[str]] = {
    "film.mkv": [*INPUTS, *MAPPED, *PICTURE, "-c:a:0", "flac", "-c:a:1", "aac", "-c:s", "srt", *TITLED, *SUBTITLED],
    "film.mp4": [*INPUTS, *MAPPED, *PICTURE, "-c:a", "aac", "-c:s", "mov_text", *TITLED, *SUBTITLED],
    "silent.mp4": [*picture(seconds=SECONDS), *PICTURE],
    "upside_down.mp4": ["-display_rotation", "180", "-i", "{silent.mp4}", "-c", "copy"],
    "hevc_turned.mp4": ["-display_rotation", "90", "-i", "{hevc.mp4}", "-c", "copy", "-tag:v", "hvc1"],
    "hevc.mp4": [*picture(seconds=SECONDS), "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
                 "log-level=error:keyint=20:scenecut=0:open-gop=0", "-tag:v", "hvc1"],
    "hdr10.mkv": [*picture(seconds=SECONDS), *HDR10],
    "font.mkv": ["-i", "{silent.mp4}", "-c", "copy", "-attach", "{lines.srt}", "-metadata:s:t", "filename=font.ttf",
                 "-metadata:s:t", "mimetype=font/ttf"],
    "photo.png": [*picture("64x64"), "-frames:v", "1"],
    "cover.mp4": ["-i", "{silent.mp4}", "-i", "{photo.png}", "-map", "0", "-map", "1", "-c", "copy",
                  "-disposition:v:1", "attached_pic"],
    "timecode.mov": [*picture(seconds=SECONDS), *PICTURE, "-timecode", "01:00:00:00"],
    "somewhere.mov": ["-i", "{silent.mp4}", "-c", "copy", "-metadata", "location=+52.5200+013.4050/"],
    "hevc.ts": [*picture(seconds=SECONDS), *VOICE, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
                "log-level=error", "-c:a", "aac"],
    "hevc_edited.mp4": ["-ss", "0.5", "-i", "{hevc_long.mp4}", "-c", "copy"],
    "hevc_long.mp4": [*picture(seconds=SECONDS), *VOICE, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
                      "log-level=error:keyint=60", "-c:a", "aac", "-tag:v", "hvc1"],
    "late.mkv": [*picture(seconds=SECONDS), "-itsoffset", "0.7", *tone(1), *PICTURE, "-c:a", "pcm_s16le"],
    "early.mkv": ["-itsoffset", "0.5", *picture(seconds=1.5), *VOICE, *PICTURE, "-c:a", "flac"],
    "long_sound.mkv": [*picture(), *VOICE, *PICTURE, "-c:a", "flac"],
    "short_sound.mkv": [*picture(seconds=SECONDS), *tone(0.5), *PICTURE, "-c:a", "flac"],
    "gap.mkv": [*picture(seconds=SECONDS), *VOICE, *PICTURE, "-c:a", "pcm_s16le", "-bsf:a",
                "noise=drop='between(n,20,40)'"],
}  # fmt: skip


class Films(Clips):
    """Makes each film of this module when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, RECIPES)
        (folder / "lines.srt").write_text(LINES)
        (folder / "chapters.txt").write_text(CHAPTERS)
