"""Frames of the film → the pictures that the previews are composed of, as large as they are used."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from functions.converter import animation
from functions.converter.encode import Job
from functions.converter.inspection import Inspector
from functions.converter.media import MediaInfo
from functions.converter.pictureplan import copied_picture
from functions.converter.pictures import Size, View, open_tiny, read_picture, read_pictures, shrunk, tiny
from functions.converter.rendering import Rendition
from functions.converter.representative import best_frame, best_stretch
from functions.converter.stills import STILLS, take_stills, wanted_times
from functions.converter.storyboard import LEAST_STEP_S, Shot, tile_frames
from functions.converter.verify import PICKS, Pick, Verified

POSTER, TILE, MOTION = (1280, 2560), (160, 320), (320, 640)
"""Pixels that each kind of picture has at most, across and down."""

FADE_S = 0.4
"""A frame for the poster is compared with those so long before and after."""


@dataclass(frozen=True)
class Frames:
    """Which frames of the film are needed.

    Of a film that was encoded, ``picks``: frames of the result in their order, among them the ``poster``'s, the
    ``tiles``' and those of the ``motion``. Of any other, ``stills``: seconds from its first frame on.
    """

    view: View
    picks: tuple[Pick, ...] = ()
    poster: int = 0
    tiles: tuple[int, ...] = ()
    motion: tuple[int, ...] = ()
    stills: tuple[float, ...] = ()


@dataclass(frozen=True)
class Shots:
    """``milliseconds`` are those of ``motion``; ``cpu_s``: what the pictures cost in the inspector."""

    poster: Image.Image
    tiles: list[Shot]
    motion: list[Shot]
    milliseconds: list[int]
    cpu_s: float


def choose(rendition: Rendition, media: MediaInfo) -> Frames:
    """By the tiny pictures of what the encoder was given, where there are any."""
    picture = rendition.plan.picture if rendition.plan else copied_picture(media.video)
    turn = (picture.rotation, picture.mirrored)
    view = View(picture.width, picture.height, picture.sample_aspect_ratio, *turn, picture.colour.transfer)
    if rendition.encoded is None or rendition.encoded.thumbs is None:
        return Frames(view, stills=tuple(wanted_times(media.video)))
    thumbs, duration_s = open_tiny(rendition.encoded.thumbs), media.video.duration_s
    count = len(thumbs)
    rate = count / duration_s if duration_s else 1.0
    poster = best_frame(thumbs, max(1, round(FADE_S * rate)))
    tiles = tile_frames(count, duration_s)
    motion = best_stretch(thumbs, animation.stretch_offsets(count, duration_s)).tolist()
    sizes: dict[int, Size] = {}
    for box, numbers in ((TILE, tiles), (MOTION, motion), (POSTER, [poster])):  # from small to large
        sizes |= dict.fromkeys(numbers, view.before_turn(view.within(box)))
    picks = tuple(Pick(number, *sizes[number]) for number in sorted(sizes))
    return Frames(view, picks, poster, tuple(tiles), tuple(motion))


def picked(frames: Frames, verified: Verified, job: Job) -> Shots:
    """From the frames that were picked while the result was decoded. Raises ``ValueError`` if they were not."""
    view, times = frames.view, verified.facts["pick_times"] or ()
    sizes = [view.before_turn((pick.width, pick.height)) for pick in frames.picks]
    pictures = read_pictures(job.folder / PICKS, sizes, view)
    known = zip(frames.picks, pictures, times, strict=True)
    shots = {pick.frame: Shot(time_s, image) for pick, image, time_s in known}
    tiles = [_sized(shots[number], view.within(TILE)) for number in frames.tiles]
    motion = [_sized(shots[number], view.within(MOTION)) for number in frames.motion]
    milliseconds = animation.times_of_stretch(motion, job.media.video.duration_s)
    return Shots(shots[frames.poster].image, tiles, motion, milliseconds, verified.facts["picks_cpu_s"])


def taken(frames: Frames, job: Job, inspector: Inspector) -> Shots:
    """From pictures near keyframes, from all over the film."""
    view = frames.view
    size = view.within(POSTER)
    stills = take_stills(frames.stills, view.before_turn(size), job, inspector)
    path, sizes = job.folder / STILLS, [size] * len(stills.times)
    looks, motion = [], []
    for time_s, image in zip(stills.times, read_pictures(path, sizes, view), strict=True):
        looks.append(tiny(image))
        motion.append(_sized(Shot(time_s, image), view.within(MOTION)))
    poster = read_picture(path, best_frame(np.stack(looks)), size, view)
    tiles = [_sized(shot, view.within(TILE)) for shot in _apart(motion)]
    return Shots(poster, tiles, motion, animation.times_of_scenes(motion), stills.cpu_s)


def _sized(shot: Shot, size: Size) -> Shot:
    return Shot(shot.time_s, shrunk(shot.image, size))


def _apart(shots: list[Shot]) -> list[Shot]:
    """Those that are a tile's time from each other."""
    kept = shots[:1]
    for shot in shots:
        if shot.time_s >= kept[-1].time_s + LEAST_STEP_S:
            kept.append(shot)
    return kept
