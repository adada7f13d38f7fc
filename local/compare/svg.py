"""A chart as SVG inside a page. Its colours are the page's, so that they follow light and dark."""

from html import escape

from local.compare.charts import Area, Chart, Dot, Line, Point, Shape, Words, shapes

WIDTH, HEIGHT = 1000, 320


def svg(chart: Chart, name: str, description: str) -> str:
    """One ``svg`` element; ``name`` makes its ids, ``description`` says in words what it shows."""
    drawn = "\n".join(_element(shape) for shape in shapes(chart, WIDTH, HEIGHT))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}-title {name}-text">\n'
        f'<title id="{name}-title">{escape(chart.title)}</title>\n'
        f'<desc id="{name}-text">{escape(description)}</desc>\n{drawn}\n</svg>'
    )


def _element(shape: Shape) -> str:
    if isinstance(shape, Line):
        return (
            f'<polyline points="{_points(shape.points)}" fill="none" stroke="var(--{shape.ink})"'
            f' stroke-width="{shape.width:g}" stroke-linejoin="round"/>'
        )
    if isinstance(shape, Area):
        return f'<polygon points="{_points(shape.points)}" fill="var(--{shape.ink})" fill-opacity="0.25"/>'
    if isinstance(shape, Dot):
        return _dot(shape)
    return _words(shape)


def _dot(dot: Dot) -> str:
    x, y = dot.centre
    disc = f'<circle cx="{x:g}" cy="{y:g}" r="{dot.radius:g}" fill="var(--{dot.ink})"/>'
    return disc + (_words(Words((x, y + 4.5), dot.word, "middle", ink="on-mark", bold=True)) if dot.word else "")


def _words(words: Words) -> str:
    x, y = words.place
    weight = ' font-weight="600"' if words.bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{words.anchor}" font-size="{words.size}"{weight}'
        f' fill="var(--{words.ink})">{escape(words.text)}</text>'
    )


def _points(points: tuple[Point, ...]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
