"""Pure: ``MediaInfo`` + ``Options`` → ``ConversionPlan``. What the result will be, before it is encoded."""

from dataclasses import dataclass, replace
from typing import Any

from functions.converter.chapters import planned_chapters
from functions.converter.containers import UNTIMED
from functions.converter.dropping import Dropped
from functions.converter.media import Chapter, MediaInfo
from functions.converter.pictureplan import PicturePlan, copied_picture, encoded_picture, is_wanted_hevc
from functions.converter.tags import kept_tags, location
from functions.converter.threads import Threads
from functions.converter.trackplan import TrackPlan, plan_tracks
from functions.shared.errors import RequirementNotMet
from functions.shared.options import Options

MP4_VIDEO = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
"""Codecs of pictures that MP4 holds and players take from it."""

MKV_VIDEO = MP4_VIDEO | {"vp8", "mpeg2video", "mpeg1video", "theora", "prores", "ffv1", "mjpeg"}


CHAPTERS_INPUT = 1
"""Which of ffmpeg's inputs tells the chapters; the film is 0."""


@dataclass(frozen=True)
class ConversionPlan:
    """The chosen work. ``dropped`` is what the result will lack."""

    picture: PicturePlan
    tracks: tuple[TrackPlan, ...]
    dropped: tuple[Dropped, ...]
    tags: dict[str, str]
    chapters: tuple[Chapter, ...]
    container: str

    @property
    def is_remux(self) -> bool:
        return self.picture.copied

    def of(self, kind: str) -> list[TrackPlan]:
        return [track for track in self.tracks if track.kind == kind]

    def at_crf(self, crf: float) -> "ConversionPlan":
        """The same result with a picture of another rate factor."""
        return replace(self, picture=self.picture.at_crf(crf))

    def using(self, threads: Threads) -> "ConversionPlan":
        """The same result, encoded with so many threads."""
        return replace(self, picture=replace(self.picture, threads=threads))

    def arguments(self) -> list[str]:
        """ffmpeg's output options, without input and output."""
        picture = self.picture.arguments(self.container)
        tracks = [word for kind in ("audio", "subtitle", "cover", "attachment") for word in self._words(kind)]
        kept = [word for name, value in self.tags.items() for word in ("-metadata", f"{name}={value}")]
        shape = ["-movflags", "+faststart", "-f", "mp4"] if self.container == "mp4" else ["-f", "matroska"]
        # Not of chapters: what ``-map_metadata -1`` takes away from all are their titles too.
        unnamed = ["-map_metadata:g", "-1", "-map_metadata:s", "-1"]
        chapters = ["-map_chapters", str(CHAPTERS_INPUT) if self.chapters else "-1"]
        return [*picture, *tracks, *unnamed, *kept, *chapters, *shape]

    def _words(self, kind: str) -> list[str]:
        words: list[str] = []
        for number, track in enumerate(self.of(kind)):
            at = _specifier(kind, number)
            words += ["-map", f"0:{track.index}", f"-c:{at}", track.codec]
            if track.bitrate:
                words += [f"-b:{at}", str(track.bitrate)]
            if track.layout:
                words += [f"-channel_layout:{at}", track.layout]
            if kind == "attachment":  # what it is called and what it is: Matroska demands both
                words += [f"-map_metadata:s:{at}", f"0:s:{track.index}"]
                continue
            words += [f"-disposition:{at}", "+".join(track.flags) or "0"]
            for name, value in (("language", track.language), ("title", track.title)):
                words += [f"-metadata:s:{at}", f"{name}={_one_line(value)}"]
        return words


def plan_conversion(media: MediaInfo, options: Options) -> ConversionPlan:
    """The main video as H.265 and everything that the container can hold beside it.

    Raises ``DolbyVisionUnsupported`` and, if something that is required cannot be kept, ``RequirementNotMet``.
    """
    if is_wanted_hevc(media.video, options) and _may_be_copied(media, options):
        return _checked(_plan(media, options, copied_picture(media.video), []), media, options)
    picture, dropped = encoded_picture(media.video, options)
    return _checked(_plan(media, options, picture, dropped), media, options)


def plan_keeping(media: MediaInfo, options: Options) -> ConversionPlan | None:
    """The source's own picture in the wanted container; None if that cannot hold it."""
    holds = MP4_VIDEO if options.container == "mp4" else MKV_VIDEO
    if media.video.codec not in holds or not _may_be_copied(media, options):
        return None
    return _checked(_plan(media, options, copied_picture(media.video), []), media, options)


def _may_be_copied(media: MediaInfo, options: Options) -> bool:
    """Whether a copy shows the same frames at the same times: Matroska has no edit list that hides some."""
    return media.container not in UNTIMED and not (options.container == "mkv" and media.video.hidden_frames)


def _plan(media: MediaInfo, options: Options, picture: PicturePlan, dropped: list[Dropped]) -> ConversionPlan:
    tracks, left_out = plan_tracks(media, options)
    place = location(media.tags)
    if place and "location" not in options.keep:
        left_out.append(Dropped("location", "Where it was shot is left out unless asked for: keep location."))
    chapters, chapters_dropped = planned_chapters(media, options.container)
    tags = kept_tags(media.tags, "location" in options.keep)
    every = (*dropped, *left_out, *chapters_dropped)
    return ConversionPlan(picture, tuple(tracks), every, tags, chapters, options.container)


def _checked(plan: ConversionPlan, media: MediaInfo, options: Options) -> ConversionPlan:
    """The plan, if it keeps what is required of what the source has."""
    lost = {one.what for one in plan.dropped}
    missing = [
        name
        for name, is_lost in (
            ("all_audio", "audio" in lost),
            ("subtitles", bool(lost & {"subtitle", "subtitle_lines"})),
            ("attachments", bool(lost & {"attachment", "cover"})),
            ("chapters", "chapters" in lost),
            ("alpha", "alpha" in lost),
            ("chroma", "chroma" in lost),
            ("location", "location" in lost),
            ("hdr", media.video.colour.is_hdr and not plan.picture.colour.is_hdr),
            ("hdr10plus", "hdr10plus" in lost),
            ("dolby_vision", "dolby_vision" in lost),
        )
        if is_lost and name in options.require
    ]
    if missing:
        raise RequirementNotMet(", ".join(missing))
    return plan


def _specifier(kind: str, number: int) -> str:
    """How ffmpeg names the stream: cover art is a video after the main one."""
    return {"audio": f"a:{number}", "subtitle": f"s:{number}", "cover": f"v:{number + 1}"}.get(kind, f"t:{number}")


def _one_line(value: str | None) -> str:
    return " ".join((value or "").replace("\0", "").split())


def summary(plan: ConversionPlan) -> dict[str, Any]:
    """What was decided, for the receipt."""
    return {
        "container": plan.container,
        "video": "copied" if plan.is_remux else "encoded",
        "tracks": [vars(track) for track in plan.tracks],
        "dropped": [one.as_json() for one in plan.dropped],
    }
