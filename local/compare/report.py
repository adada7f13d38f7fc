"""What a comparison found: figures, the worst frames as pictures, curves over time."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from functions.converter.rendering import shown_codec
from local.compare.axes import moment, number_axis, time_axis
from local.compare.charts import Chart, Curve
from local.compare.choosing import Figures, figures, scenes_of, worst_frames
from local.compare.films import Film, pairs_by_order
from local.compare.measuring import Measured, measure, unmeasured
from local.compare.metric import Metric
from local.compare.stills import take_stills
from local.compare.tables import bit_rates
from local.ondesk import Workplace

LEAST_SPAN = 8.0
"""Of the axis of scores: what is all the same shall not look torn."""

KILO, MEGA = 1e3, 1e6


@dataclass(frozen=True)
class Pair:
    """One frame of both films. ``number`` counts the worst ones from 1 on."""

    number: int
    time_s: float
    score: float
    source: Image.Image
    result: Image.Image


@dataclass(frozen=True)
class Report:
    """``rates``: bits in each second of source and result. ``encoding``: what is known of how the result was made, by
    name; ``notes``: sentences about how it was measured."""

    source: Film
    result: Film
    metric: Metric
    figures: Figures
    scores: Sequence[float]
    times: Sequence[float]
    pairs: tuple[Pair, ...]
    rates: tuple[Sequence[float], Sequence[float]]
    encoding: dict[str, str]
    notes: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        return self.result.media.video.duration_s

    @property
    def title(self) -> str:
        return f"{self.source.name} and its result"

    def shown_time(self, at_s: float) -> str:
        """A moment, to the hundredth of a second."""
        return moment(at_s, self.duration_s)

    def caption(self, pair: Pair) -> str:
        """What stands beside a pair of pictures."""
        return f"{pair.number}: at {self.shown_time(pair.time_s)}, {self.metric.name} {self.metric.shown(pair.score)}"


def compare(source: Film, result: Film, count: int, encoding: dict[str, str], place: Workplace) -> Report:
    """Measure both films and take the pictures; raises ``ClientError``."""
    by_order = pairs_by_order(source, result)
    measured = measure(source, result, place, by_order=by_order)
    if not measured.scores:
        raise unmeasured(source, result)
    chosen = worst_frames(measured.scores, measured.times, scenes_of(measured.sources, measured.thumbs), count)
    stills = take_stills(source, result, [(measured.sources[k], measured.frames[k]) for k in chosen], place)
    pairs = [
        Pair(number, measured.times[k], measured.scores[k], *pictures)
        for number, (k, pictures) in enumerate(zip(chosen, stills, strict=True), 1)
    ]
    return Report(
        source,
        result,
        measured.metric,
        figures(measured.scores, measured.times),
        measured.scores,
        measured.times,
        tuple(pairs),
        (
            bit_rates(measured.source_packets, source.media.video.duration_s),
            bit_rates(measured.result_packets, result.media.video.duration_s),
        ),
        encoding,
        _notes(source, result, measured, by_order=by_order),
    )


def _notes(source: Film, result: Film, measured: Measured, *, by_order: bool) -> tuple[str, ...]:
    one, other, metric = source.picture, result.picture, measured.metric
    notes = []
    if metric.best is None:
        notes.append("This film is HDR, for which VMAF is not valid: XPSNR of luma, at 8 bits, is shown instead.")
    else:
        notes.append(f"VMAF by libvmaf's model {measured.model}, of every measured frame at the source's size.")
    if (one.width, one.height) != (other.width, other.height):
        sizes = f"{other.width}x{other.height}", f"{one.width}x{one.height}"
        notes.append(f"The result was scaled from {sizes[0]} to the source's {sizes[1]} (bicubic) to be measured.")
    if one.retimed:
        notes.append("The source's fields were made into frames as a conversion makes them.")
    if not by_order:
        notes.append(
            f"The films have {one.frames} and {other.frames} frames: each frame of the result was measured beside the"
            " source's that is nearest in time."
        )
    if len(measured.frames) > 1 and measured.frames[1] > 1:
        notes.append(f"Of its many frames a second, one of {measured.frames[1]} was measured.")
    return tuple(notes)


def score_chart(report: Report) -> Chart:
    """The score of each frame, with the worst ones marked."""
    metric, found = report.metric, report.figures
    high = metric.best or max(report.scores) + 1
    low = max(0.0, min(found.worst - 1, high - LEAST_SPAN))
    unit = f"{metric.name} ({metric.unit})" if metric.unit else metric.name
    return Chart(
        f"{metric.name} over time",
        time_axis(report.duration_s),
        number_axis(unit, low, high),
        (Curve("each frame", "score", report.times, report.scores),),
        (
            (f"mean {metric.shown(found.mean)}", "mean", found.mean),
            (f"5th percentile {metric.shown(found.low)}", "low", found.low),
        ),
        tuple((pair.time_s, pair.score, str(pair.number)) for pair in report.pairs),
    )


def rate_chart(report: Report) -> Chart:
    """The bit rate of both pictures in each second."""
    most = max((rate for rates in report.rates for rate in rates), default=0.0)
    unit, name = (MEGA, "Mbit/s") if most >= MEGA else (KILO, "kbit/s")
    named = zip(("source", "result"), (report.source, report.result), report.rates, strict=True)
    return Chart(
        "Bit rate of the picture over time",
        time_axis(report.duration_s),
        number_axis(name, 0.0, max(most / unit, 0.1)),
        tuple(
            Curve(ink, ink, _seconds(len(rates), film), [rate / unit for rate in rates], stepped=True)
            for ink, film, rates in named
            if rates
        ),
    )


def _seconds(count: int, film: Film) -> list[float]:
    """Where each second of a film begins, and where the last one ends."""
    return [*(float(number) for number in range(count)), film.media.video.duration_s]


def table(report: Report) -> list[tuple[str, str, str]]:
    """Rows of a name and a value of source and result; an empty one where there is none."""
    one, other, found = report.source, report.result, report.figures
    metric = report.metric
    saved = 1 - other.size / one.size if one.size else 0.0
    rows = [
        ("size", shown_bytes(one.size), shown_bytes(other.size)),
        ("saved", "", f"{saved:.1%}" if saved >= 0 else f"none: {-saved:.1%} larger"),
        (f"{metric.name}, mean", "", metric.shown(found.mean)),
        (f"{metric.name}, 5th percentile", "", metric.shown(found.low)),
        (f"{metric.name}, worst frame", "", f"{metric.shown(found.worst)} at {report.shown_time(found.worst_s)}"),
        ("bit rate of the picture", _rate(one), _rate(other)),
        ("codec", _codec(one), _codec(other)),
        ("picture", _picture(one), _picture(other)),
        ("frames", str(one.media.video.frames), str(other.media.video.frames)),
        ("duration", _duration(one), _duration(other)),
    ]
    return rows + [(name, "", value) for name, value in report.encoding.items()]


def shown_bytes(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.2f} {unit}"
    return f"{size} bytes"


def _rate(film: Film) -> str:
    video = film.media.video
    mean = 8 * video.payload_bytes / video.duration_s if video.duration_s else 0.0
    return f"{mean / MEGA:.2f} Mbit/s" if mean >= MEGA else f"{mean / KILO:.0f} kbit/s"


def _codec(film: Film) -> str:
    video = film.media.video
    return f"{shown_codec(video.codec)}, {video.bit_depth} bits"


def _duration(film: Film) -> str:
    return f"{film.media.video.duration_s:.2f} s"


def _picture(film: Film) -> str:
    width, height = film.media.video.shown_size
    rate = film.media.video.frames / film.media.video.duration_s if film.media.video.duration_s else 0.0
    return f"{width}x{height}, {rate:.4g} frames a second"
