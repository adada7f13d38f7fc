"""The two films that are compared, each as the converter sees it, and whether their frames belong together."""

from dataclasses import dataclass, replace
from pathlib import Path

from functions.converter import ffmpeg
from functions.converter.bounds import bounds
from functions.converter.containers import MATROSKA, MOV, Container
from functions.converter.media import MediaInfo
from functions.converter.pictureplan import PicturePlan, encoded_picture
from functions.converter.probe import accept
from functions.converter.threads import processors_available
from functions.converter.unpack import probe_film
from functions.shared.errors import NotAVideo, PipelineError
from functions.shared.options import Options
from functions.shared.settings import Settings
from local.bars import printable
from local.ondesk import Converted, Workplace
from local.problems import ClientError

SAME_DURATION, SAME_DURATION_S = 0.02, 0.5
"""Share of the longer film, and seconds, by which the durations of one film may differ: containers round them."""

SAME_SHAPE = 0.04
"""Share by which the shapes of one picture may differ: sides become even, and small pictures have few pixels."""


@dataclass(frozen=True)
class Film:
    """``name``: what people call it, fit for a terminal. ``file`` is what is opened, ``size`` in bytes that of the film
    as it is kept. ``picture``: how frames are made of it that are upright, whole and over black, 4:2:0."""

    name: str
    file: Path
    size: int
    container: Container
    media: MediaInfo
    picture: PicturePlan

    @property
    def frame_rate(self) -> float:
        """Frames a second, in the mean, of what the filters give."""
        return self.picture.frames / self.picture.duration_s if self.picture.duration_s else 0.0

    @property
    def shape(self) -> float:
        """Width by height, as shown."""
        return self.picture.width * float(self.picture.sample_aspect_ratio) / self.picture.height

    def opening(self, fd: int, settings: Settings) -> list[str]:
        """ffmpeg's words that open it as an input."""
        return [*self.picture.decoding(), *ffmpeg.untrusted_input(self.container, fd, bounds(settings))]


def open_film(name: str, path: Path, place: Workplace) -> Film:
    """Probe a file that lies in the workplace; raises ``ClientError`` if it is no film that can be measured."""
    try:
        file, container, media = probe_film(path, place.inspector, place.lease, place.settings)
        accept(media, place.settings, processors_available())
        return _film(name, file, path.stat().st_size, container, media)
    except NotAVideo as exc:
        raise ClientError(f"{printable(name)} is not a video: name a video file.", exc.code) from exc
    except PipelineError as exc:
        raise ClientError(f"{printable(name)}: {exc.sentence()}", exc.code) from exc


def open_result(converted: Converted, place: Workplace) -> Film:
    """The result of a conversion on this machine."""
    output, job = converted.rendition.output, converted.planned.job
    if converted.rendition.plan is None:
        return _film("the result", job.film, output.stat().st_size, job.container, job.media)
    container = MOV if converted.rendition.extension == "mp4" else MATROSKA
    film = open_film("the result", output, place)
    return replace(film, container=container)


def _film(name: str, file: Path, size: int, container: Container, media: MediaInfo) -> Film:
    picture, _dropped = encoded_picture(media.video, Options(preset="ultrafast", crf=0.0))
    return Film(printable(name), file, size, container, media, picture)


def pairs_by_order(source: Film, result: Film) -> bool:
    """Whether the n-th frame of one is the n-th of the other; else they belong together by their times.

    Raises ``ClientError`` if they are not the same film.
    """
    one, other = source.picture, result.picture
    if one.colour.is_hdr != other.colour.is_hdr:
        names = (source, result) if one.colour.is_hdr else (result, source)
        raise ClientError(
            f"{names[0].name} is HDR and {names[1].name} is not, so their pixels mean different light:"
            " name a result that has the light of its source.",
            "not_comparable",
        )
    if abs(source.shape / result.shape - 1) > SAME_SHAPE and not _tiny(one, other):
        raise ClientError(
            f"{source.name} is shown as {_shown(one)} and {result.name} as {_shown(other)}, another shape: name a"
            " result that was neither cropped nor stretched.",
            "not_comparable",
        )
    if one.frames == other.frames:
        return True
    longer = max(one.duration_s, other.duration_s)
    if abs(one.duration_s - other.duration_s) > max(SAME_DURATION_S, SAME_DURATION * longer):
        raise ClientError(
            f"{source.name} has {_extent(one)} and {result.name} has {_extent(other)}: name the whole result of this"
            " source.",
            "not_comparable",
        )
    return False


def _tiny(one: PicturePlan, other: PicturePlan) -> bool:
    """Whether a side has so few samples that one more or less is another shape."""
    return min(one.width, one.height, other.width, other.height) < 2 / SAME_SHAPE


def _shown(picture: PicturePlan) -> str:
    return f"{round(picture.width * float(picture.sample_aspect_ratio))}x{picture.height}"


def _extent(picture: PicturePlan) -> str:
    return f"{picture.frames} frames in {picture.duration_s:.2f} s"
