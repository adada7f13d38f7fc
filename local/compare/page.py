"""A comparison as one HTML file that needs nothing else: no network, no script."""

import base64
import io
from html import escape

from PIL import Image

from local.compare.report import Pair, Report, rate_chart, score_chart, table
from local.compare.svg import svg

PICTURE_QUALITY = 92
"""Of WebP: what the result's own coding did to a frame is much coarser."""

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --words: #1a1c20; --faint: #606670; --grid: #e0e3e8;
  --score: #1d5fbf; --source: #b35409; --result: #1d5fbf; --mean: #0f766e; --low: #862e9c; --mark: #b91c1c;
  --on-mark: #fff; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --words: #e8eaed; --faint: #a3abb8; --grid: #343942;
  --score: #7ab1ff; --source: #f0a45d; --result: #7ab1ff; --mean: #4fd1c5; --low: #dc9bf0; --mark: #ff8a80;
  --on-mark: #14161a; } }
body { margin: 0 auto; max-width: 1400px; padding: 24px; background: var(--paper); color: var(--words);
  font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
svg { display: block; width: 100%; min-width: 640px; height: auto; font-family: system-ui, sans-serif; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--grid); padding: .3rem 1.2rem .3rem 0; text-align: left; vertical-align: top; }
tbody th { font-weight: 400; color: var(--faint); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin: 0 0 1.5rem; }
.pair > h3 { grid-column: 1 / -1; font-size: 1rem; margin: .5rem 0 0; }
figure { margin: 0; }
figcaption { color: var(--faint); font-size: .875rem; }
img { display: block; width: 100%; height: auto; max-height: 85vh; object-fit: contain; object-position: left; }
img.small { image-rendering: pixelated; }
.notes { color: var(--faint); padding-left: 1.2rem; }
@media (max-width: 640px) { .pair { grid-template-columns: 1fr; } }
"""

SMALL_PX = 480
"""Below so many pixels across, a picture is shown enlarged with its pixels as they are."""


def page(report: Report) -> str:
    """The whole file."""
    title = escape(report.title)
    pairs = "\n".join(_pair(pair, report) for pair in report.pairs)
    notes = "\n".join(f"<li>{escape(note)}</li>" for note in report.notes)
    scores = svg(score_chart(report), "scores", describe_scores(report))
    rates = svg(rate_chart(report), "rates", describe_rates(report))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<div class="scroll">{_table(report)}</div>
<h2>Over time</h2>
<div class="scroll">
{scores}
{rates}
</div>
<h2>The worst frames</h2>
{pairs}
<h2>How it was measured</h2>
<ul class="notes">
{notes}
</ul>
</main>
</body>
</html>
"""


def describe_scores(report: Report) -> str:
    """The curve of scores in words."""
    metric, found = report.metric, report.figures
    counted = "1 frame" if found.frames == 1 else f"{found.frames} frames"
    return (
        f"{counted} measured: mean {metric.shown(found.mean)}, 5th percentile {metric.shown(found.low)},"
        f" worst {metric.shown(found.worst)} at {report.shown_time(found.worst_s)}."
    )


def describe_rates(report: Report) -> str:
    """The curves of bit rates in words."""
    said = []
    for name, rates in zip(("source", "result"), report.rates, strict=True):
        if rates:
            said.append(f"{name} from {min(rates) / 1e3:.0f} to {max(rates) / 1e3:.0f} kbit/s")
    return f"Bit rate of the picture in each second: {'; '.join(said) or 'not told by the files'}."


def _table(report: Report) -> str:
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("", "source", "result"))
    rows = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(one)}</td><td>{escape(other)}</td></tr>'
        for name, one, other in table(report)
    )
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def _pair(pair: Pair, report: Report) -> str:
    when = f"at {report.shown_time(pair.time_s)}"
    score = f"{report.metric.name} {report.metric.shown(pair.score)}"
    figures = "\n".join(
        f'<figure><img src="{_inline(image)}" alt="{name} {when}{told}" width="{image.width}" height="{image.height}"'
        f"{small}>\n<figcaption>{name}</figcaption></figure>"
        for name, image, told in (("Source", pair.source, ""), ("Result", pair.result, f", {score}"))
        for small in (' class="small"' if image.width < SMALL_PX else "",)
    )
    return f'<section class="pair">\n<h3>{escape(report.caption(pair))}</h3>\n{figures}\n</section>'


def _inline(image: Image.Image) -> str:
    kept = io.BytesIO()
    image.save(kept, "WEBP", quality=PICTURE_QUALITY, method=4)
    return f"data:image/webp;base64,{base64.b64encode(kept.getvalue()).decode()}"
