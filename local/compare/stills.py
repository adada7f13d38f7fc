"""The chosen frames of both films as pictures, as a player shows them."""

from fractions import Fraction

from PIL import Image

from functions.converter.inspector.picking import HD_ROWS
from functions.converter.media import UNSPECIFIED
from functions.converter.pictures import Size, View, read_pictures
from local.compare.films import Film
from local.compare.measuring import measured_folder, run_on_both
from local.ondesk import Workplace

BOX = (1280, 1280)
"""Pixels that a picture has at most, across and down."""

HD_MATRIX = "bt709"


def take_stills(
    source: Film, result: Film, wanted: list[tuple[int, int]], place: Workplace
) -> list[tuple[Image.Image, Image.Image]]:
    """For each pair of frame numbers, source's and result's, both pictures in one size: the source's, within ``BOX``.

    Raises ``ClientError``.
    """
    size = _view(source).within(BOX)
    outputs, taken = ["-filter_complex", ""], []
    chains = []
    for number, (film, name) in enumerate(((source, "source"), (result, "result"))):
        frames = sorted({pair[number] for pair in wanted})
        chains.append(f"[{number}:{film.picture.index}]{','.join(_filters(film, frames, size))}[{name}]")
        outputs += ["-map", f"[{name}]", "-fps_mode", "passthrough", "-frames:v", str(len(frames))]
        outputs += ["-c:v", "rawvideo", "-f", "rawvideo", f"file:{name}.rgb"]
        taken.append((name, film, frames))
    outputs[1] = ";".join(chains)
    run_on_both(source, result, outputs, place, "pictures")
    shown = []
    for name, film, frames in taken:
        pictures = read_pictures(measured_folder(place) / f"{name}.rgb", [size] * len(frames), _view(film))
        shown.append(dict(zip(frames, pictures, strict=True)))
    return [(shown[0][one], shown[1][other]) for one, other in wanted]


def _view(film: Film) -> View:
    """How the frames are shown that the filters give: they are upright already."""
    picture = film.picture
    ratio = Fraction(picture.sample_aspect_ratio)
    return View(picture.width, picture.height, ratio, transfer=picture.colour.transfer)


def _filters(film: Film, frames: list[int], size: Size) -> list[str]:
    """Filters to the frames with these numbers in plain RGB."""
    chosen = "+".join(f"eq(n\\,{number})" for number in frames)
    picture = film.picture
    hd = picture.colour.matrix == UNSPECIFIED and film.media.video.height >= HD_ROWS
    matrix = f":in_color_matrix={HD_MATRIX}" if hd else ""
    full = ":in_range=pc" if picture.colour.range == "pc" else ""
    scale = f"scale={size[0]}:{size[1]}:flags=bicubic+accurate_rnd+full_chroma_int{matrix}{full}"
    return [*picture.filters, f"select={chosen}", scale, "format=rgb24"]
