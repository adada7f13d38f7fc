"""Charts and words as pixels."""

from functools import cache

from PIL import Image, ImageDraw, ImageFont

from local.compare.charts import Area, Chart, Dot, Line, Point, Words, shapes

FINER = 2
"""Lines are drawn so many times larger and scaled down, for Pillow draws them with hard edges."""

INKS = {
    "paper": (255, 255, 255),
    "words": (26, 28, 32),
    "faint": (96, 102, 112),
    "grid": (224, 227, 232),
    "score": (29, 95, 191),
    "source": (179, 84, 9),
    "result": (29, 95, 191),
    "mean": (15, 118, 110),
    "low": (134, 46, 156),
    "mark": (185, 28, 28),
    "on-mark": (255, 255, 255),
}
"""Dark on white: each is told from the paper by more than 4.5 to 1, but for the grid."""

AREA_ALPHA = 64
BOLD_PX = 0.7
LATIN = 0x250
"""Code points below which Pillow's font has letters."""

ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The one that comes with Pillow: a desk may have no other."""
    return ImageFont.load_default(size)


def draw_chart(chart: Chart, width: int, height: int) -> Image.Image:
    """The chart on white paper."""
    image = Image.new("RGB", (width * FINER, height * FINER), INKS["paper"])
    canvas = ImageDraw.Draw(image, "RGBA")
    for shape in shapes(chart, width, height):
        if isinstance(shape, Line):
            canvas.line(_larger(shape.points), INKS[shape.ink], round(shape.width * FINER), "curve")
        elif isinstance(shape, Area):
            canvas.polygon(_larger(shape.points), (*INKS[shape.ink], AREA_ALPHA))
        elif isinstance(shape, Dot):
            _dot(canvas, shape)
        else:
            write(canvas, shape, FINER)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def write(canvas: ImageDraw.ImageDraw, words: Words, scale: int = 1) -> None:
    """Words; bold ones are drawn twice, a bit apart, as Pillow's font has one weight."""
    x, y = words.place[0] * scale, words.place[1] * scale
    text = "".join(c if ord(c) < LATIN else "?" for c in words.text)
    for shift in (0, BOLD_PX * scale) if words.bold else (0,):
        canvas.text((x + shift, y), text, INKS[words.ink], font(words.size * scale), ANCHORS[words.anchor])


def _dot(canvas: ImageDraw.ImageDraw, dot: Dot) -> None:
    x, y, radius = dot.centre[0] * FINER, dot.centre[1] * FINER, dot.radius * FINER
    canvas.ellipse((x - radius, y - radius, x + radius, y + radius), INKS[dot.ink])
    if dot.word:
        place = dot.centre[0], dot.centre[1] + 4.5
        write(canvas, Words(place, dot.word, "middle", ink="on-mark", bold=True), FINER)


def _larger(points: tuple[Point, ...]) -> list[Point]:
    return [(x * FINER, y * FINER) for x, y in points]
