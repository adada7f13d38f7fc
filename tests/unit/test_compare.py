"""A comparison's choices and drawings: which frames are the worst, what the curves and tables hold."""

import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from functions.converter.tinypictures import FRAME_BYTES
from local.commands.compare import encoding_of
from local.compare.axes import columns, moment, number_axis, spread, time_axis
from local.compare.canvas import INKS, draw_chart
from local.compare.charts import Area, Chart, Curve, Dot, Line, Words, shapes
from local.compare.choosing import cuts, figures, scenes_of, worst_frames
from local.compare.measuring import nearest
from local.compare.metric import MOST_DB, read_xpsnr
from local.compare.page import STYLE
from local.compare.svg import svg
from local.compare.tables import Packet, bit_rates, read_packets, read_times

SVG = "{http://www.w3.org/2000/svg}"


def chart(xs: list[float], ys: list[float], *, stepped: bool = False, duration_s: float | None = None) -> Chart:
    axis = time_axis(xs[-1] if duration_s is None else duration_s)
    levels, marks = (("mean 80", "mean", 80.0),), ((xs[0], ys[0], "1"),)
    return Chart("VMAF", axis, number_axis("VMAF", 70, 100), (Curve("each", "score", xs, ys, stepped),), levels, marks)


def thumbs(path: Path, levels: list[int]) -> Path:
    """A file of tiny pictures, each of one level."""
    path.write_bytes(b"".join(bytes([level]) * FRAME_BYTES for level in levels))
    return path


def test_the_worst_frames_are_at_least_a_second_apart() -> None:
    scores, times = [50.0, 51, 52, 90, 60, 61], [0.0, 0.1, 0.2, 0.9, 1.0, 1.1]
    assert worst_frames(scores, times, [0] * 6, 4) == [0, 4]


def test_each_of_the_worst_frames_is_of_another_scene_while_there_is_one() -> None:
    scores, times = [10.0, 20, 30, 40, 50], [0.0, 2, 4, 6, 8]
    assert worst_frames(scores, times, [0, 0, 1, 1, 2], 3) == [0, 2, 4]
    assert worst_frames(scores, times, [0, 0, 1, 1, 2], 4) == [0, 2, 4, 1]


def test_a_film_of_one_frame_has_one_worst_frame() -> None:
    assert worst_frames([97.4], [0.0], [0], 4) == [0]
    found = figures([97.4], [0.0])
    assert (found.mean, found.low, found.worst, found.worst_s, found.frames) == (97.4, 97.4, 97.4, 0.0, 1)


def test_of_equal_frames_the_first_is_the_worst() -> None:
    assert worst_frames([95.0] * 100, [number / 25 for number in range(100)], [0] * 100, 2) == [0, 25]


def test_one_frame_of_twenty_is_below_the_low_figure() -> None:
    scores = [float(score) for score in range(100)]
    assert sum(score < figures(scores, scores).low for score in scores) == 5


def test_scenes_begin_where_the_picture_changes_at_once(tmp_path: Path) -> None:
    path = thumbs(tmp_path / "t", [20, 21, 22, 200, 201, 100, 101])
    assert cuts(path) == [3, 5]
    assert scenes_of([0, 2, 3, 4, 6], path) == [0, 0, 1, 1, 2]
    assert cuts(thumbs(tmp_path / "one", [50])) == []


def test_the_nearest_frame_in_time_is_found_for_each() -> None:
    assert nearest([0.0, 0.5, 1.0, 9.0], [0.0, 0.4, 0.8, 1.2]) == [0, 1, 2, 3]
    assert nearest([0.0], []) == [0]


@pytest.mark.parametrize("duration_s", [0.0, 0.04, 1.0, 5.28, 59.9, 70.5, 3599.0, 40_000.0, 86_400.0])
def test_an_axis_of_time_has_a_few_different_ticks_within_the_film(duration_s: float) -> None:
    axis = time_axis(duration_s)
    assert axis.low == 0 < axis.high
    assert 1 <= len(axis.ticks) <= 10
    assert len({word for _, word in axis.ticks}) == len(axis.ticks)
    assert all(0 <= axis.share(at) <= 1 for at, _ in axis.ticks)
    assert "time" in axis.title


@pytest.mark.parametrize(("low", "high"), [(92.0, 100.0), (0.0, 100.0), (0.0, 0.1), (24.8, 36.4), (0.0, 1790.7)])
def test_an_axis_of_numbers_holds_both_ends_between_round_ticks(low: float, high: float) -> None:
    axis = number_axis("VMAF", low, high)
    assert axis.low <= low < high <= axis.high + 1e-9
    assert 2 <= len(axis.ticks) <= 8
    assert len({word for _, word in axis.ticks}) == len(axis.ticks)


def test_an_axis_of_vmaf_ends_at_100() -> None:
    assert {number_axis("VMAF", low, 100).high for low in (0, 17.3, 45, 66.0, 91.9, 92)} == {100}


@pytest.mark.parametrize(
    ("at_s", "duration_s", "shown"),
    [(4.28, 5, "4.28 s"), (65.204, 70, "1:05.20"), (3723.0, 4000, "1:02:03.00"), (59.999, 61, "1:00.00")],
)
def test_a_moment_is_told_to_the_hundredth_of_a_second(at_s: float, duration_s: float, shown: str) -> None:
    assert moment(at_s, duration_s) == shown


def test_a_long_curve_keeps_its_least_and_greatest_values() -> None:
    ys = [90.0] * 10_000
    ys[7777] = 12.5
    made = columns([float(x) for x in range(10_000)], ys, 900)
    assert len(made) <= 900
    assert min(one.low for one in made) == 12.5
    drawn = shapes(chart([float(x) for x in range(10_000)], ys), 1000, 320)
    assert sum(isinstance(shape, Area) for shape in drawn) == 1


def test_a_curve_of_one_frame_is_a_dot() -> None:
    drawn = shapes(chart([0.0], [85.0], duration_s=0.04), 1000, 320)
    assert any(isinstance(shape, Dot) and shape.ink == "score" for shape in drawn)
    assert not any(isinstance(shape, Line) and shape.ink == "score" and len(shape.points) < 2 for shape in drawn)


def test_a_rate_of_one_second_is_a_line_from_end_to_end() -> None:
    drawn = shapes(chart([0.0, 1.0], [85.0], stepped=True), 1000, 320)
    curve = next(shape for shape in drawn if isinstance(shape, Line) and shape.ink == "score")
    assert [x for x, _ in curve.points] == [64.0, 976.0]


def test_all_that_is_drawn_lies_within_the_drawing() -> None:
    drawn = shapes(chart([0.0, 0.5, 1.0], [0.0, 150.0, 85.0]), 1000, 320)
    places = [point for shape in drawn if isinstance(shape, Line | Area) for point in shape.points]
    places += [shape.place for shape in drawn if isinstance(shape, Words)]
    places += [shape.centre for shape in drawn if isinstance(shape, Dot)]
    assert all(0 <= x <= 1000 and 0 <= y <= 320 for x, y in places)


def test_marks_that_are_close_together_do_not_cover_each_other() -> None:
    moved = spread([0.0, 1.0, 2.0, 500.0, 999.0, 1000.0], 23, 0, 1000)
    assert all(after - before >= 23 for before, after in pairwise(moved))
    assert 0 <= moved[0] <= moved[-1] <= 1000


def test_each_ink_has_a_colour_on_paper_and_on_the_page() -> None:
    assert all(STYLE.count(f"--{ink}: ") == 2 for ink in INKS)


def test_words_in_a_drawing_are_words_whatever_they_hold() -> None:
    hostile = '</text></svg><script>alert("1")</script>&'
    text = svg(chart([0.0, 1.0], [80.0, 81.0]), "scores", hostile)
    root = ET.fromstring(text.replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))  # noqa: S314
    assert root.findtext(f"{SVG}desc") == hostile
    assert root.find(f".//{SVG}script") is None
    assert root.attrib["role"] == "img"


def test_a_chart_as_pixels_has_its_size_and_its_curve() -> None:
    image = draw_chart(chart([0.0, 1.0, 2.0], [80.0, 95.0, 75.0]), 600, 300)
    assert image.size == (600, 300)
    blue = np.abs(np.asarray(image, np.int16) - np.array(INKS["score"])).sum(axis=2) < 60
    assert blue.sum() > 200


def test_bit_rates_hold_every_byte_and_the_rest_of_the_last_second_counts_for_what_it_is() -> None:
    packets = [Packet(10 + number / 10, 1000) for number in range(28)]
    rates = bit_rates(packets, 2.8)
    assert rates == pytest.approx([80_000, 80_000, 80_000])
    assert bit_rates(packets, 2.3)[-1] == pytest.approx(8 * 18_000 / 1.3)
    assert bit_rates([Packet(0.0, 500)], 0.04) == pytest.approx([100_000])
    assert bit_rates([Packet(0.0, 500)], 0.0) == [4000]
    assert bit_rates([], 3.0) == []


def test_packets_without_a_time_are_left_out(tmp_path: Path) -> None:
    table = tmp_path / "packets"
    table.write_text(
        "#software: x\n#tb 0: 1/1000\n#dimensions 0: 16x16\n0, -40, 0, 40, 111, 0x1\n0, 0, NOPTS, 40, 222, 0x2, F=0x0\n"
        "0, NOPTS, NOPTS, 40, 333, 0x3\n"
    )
    assert read_packets(table) == [Packet(0.0, 111), Packet(0.0, 222)]


def test_times_that_do_not_ascend_are_those_of_an_even_pace(tmp_path: Path) -> None:
    path = tmp_path / "times"
    path.write_text("100 1/100\n104 1/100\n112 1/100\n")
    assert read_times(path, 25.0) == pytest.approx([0, 0.04, 0.12])
    path.write_text("100 1/100\n90 1/100\nN/A 1/100\n")
    assert read_times(path, 25.0) == pytest.approx([0, 0.04, 0.08])
    path.write_text("")
    assert read_times(path, 0.0) == []


def test_frames_without_a_difference_have_a_finite_xpsnr(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        "n:    1  XPSNR y: inf  XPSNR u: inf  XPSNR v: inf\nn:    2  XPSNR y: 41.5000  XPSNR u: 40.0  XPSNR v: 39.0\n\n"
        "XPSNR average, 2 frames  y: 44.5101  u: 43.0  v: 42.0 (minimum: 42.0)\n"
    )
    assert read_xpsnr(log) == [MOST_DB, 41.5]


def test_what_is_known_of_an_encode_is_told_and_nothing_else() -> None:
    options: dict[str, Any] = {"crf": 24.5, "quality": None, "speed": "smallest", "preset": "medium", "keep": []}
    assert encoding_of(options) == {"crf": "24.5", "speed": "smallest", "x265 preset": "medium"}
    assert encoding_of({}) == {}
