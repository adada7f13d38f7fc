"""A comparison as one picture: pairs of frames side by side, and below them the curves."""

from PIL import Image, ImageDraw

from local.compare.canvas import INKS, draw_chart, write
from local.compare.charts import Words
from local.compare.report import Pair, Report, rate_chart, score_chart

WIDTH = 1600
EDGE, SPACE = 32, 16
HEAD_PX, CAPTION_PX, CHART_PX = 92, 30, 380
MOST_ROWS = 620
"""Of a pair's pictures: portraits are high."""


def sheet(report: Report) -> Image.Image:
    """The whole picture, on white paper."""
    pairs = [_side_by_side(pair) for pair in report.pairs]
    high = HEAD_PX + sum(CAPTION_PX + pair.height + SPACE for pair in pairs) + 2 * (CHART_PX + SPACE) + EDGE
    image = Image.new("RGB", (WIDTH, high), INKS["paper"])
    canvas = ImageDraw.Draw(image)
    write(canvas, Words((EDGE, 40), _shortened(report.title), size=22, bold=True))
    write(canvas, Words((EDGE, 70), _summary(report), size=16, ink="faint"))
    top = HEAD_PX
    for pair, drawn in zip(report.pairs, pairs, strict=True):
        beside = (WIDTH + SPACE) / 2
        write(canvas, Words((EDGE, top + 21), f"{report.caption(pair)}  (source)", size=16))
        write(canvas, Words((beside, top + 21), "result", size=16))
        image.paste(drawn, (EDGE, top + CAPTION_PX))
        top += CAPTION_PX + drawn.height + SPACE
    for chart in (score_chart(report), rate_chart(report)):
        image.paste(draw_chart(chart, WIDTH - 2 * EDGE, CHART_PX), (EDGE, top))
        top += CHART_PX + SPACE
    return image


def _side_by_side(pair: Pair) -> Image.Image:
    """Both pictures, each in its half of the sheet."""
    half = (WIDTH - 2 * EDGE - SPACE) // 2
    images = [_fitted(image, half) for image in (pair.source, pair.result)]
    both = Image.new("RGB", (WIDTH - 2 * EDGE, images[0].height), INKS["paper"])
    for number, image in enumerate(images):
        both.paste(image, (number * (half + SPACE), 0))
    return both


def _fitted(image: Image.Image, width: int) -> Image.Image:
    """A large picture scaled down; a small one enlarged by a whole number, so that its pixels can be seen."""
    room = min(width / image.width, MOST_ROWS / image.height)
    if room >= 1:
        return image.resize((image.width * int(room), image.height * int(room)), Image.Resampling.NEAREST)
    size = max(1, round(image.width * room)), max(1, round(image.height * room))
    return image.resize(size, Image.Resampling.LANCZOS)


def _summary(report: Report) -> str:
    metric, found = report.metric, report.figures
    share = 1 - report.result.size / report.source.size if report.source.size else 0.0
    saved = f"{share:.1%} smaller" if share >= 0 else f"{-share:.1%} larger"
    return (
        f"{metric.name}: mean {metric.shown(found.mean)}, 5th percentile {metric.shown(found.low)}, worst frame"
        f" {metric.shown(found.worst)} at {report.shown_time(found.worst_s)}; {saved}"
    )


def _shortened(title: str, most: int = 110) -> str:
    return title if len(title) <= most else f"{title[: most - 3]}..."
