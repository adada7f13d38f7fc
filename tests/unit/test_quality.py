"""What is told of a result's quality, and what a missed target leads to."""

import math
from pathlib import Path

import pytest

from functions.converter.gate import EDGES_GAIN, LEAST_STEP, corrected_crf, film_vmaf
from functions.converter.probing import percentile_5
from functions.converter.quality import (
    BY_SIZE,
    BY_TABLE,
    BY_VMAF,
    FAILED,
    FIXED,
    HDR,
    MET,
    MISSED,
    NO_TIME,
    NOT_MEASURED,
    TOLERANCE,
    Gate,
    Quality,
    quality_warnings,
)
from functions.converter.ratesearch import FOUND, LEAST_CRF, UNREACHABLE, Curve, Growth, Point
from functions.converter.samples import Window
from functions.converter.target import Found
from functions.converter.vmaf import read_scores
from functions.shared.qualities import QUALITIES

BALANCED = QUALITIES["balanced"]
AIMED = Quality(BY_VMAF, 26.0, BALANCED, outcome=FOUND)
WINDOWS = tuple(Window(at, 6) for at in range(0, 100, 20))


def gate(outcome: str, vmaf: float, p5: float = 85.0) -> Gate:
    return Gate(outcome, 30, vmaf, vmaf, p5, TOLERANCE)


def codes(**changes: object) -> list[str]:
    return [warned.code for warned in quality_warnings(Quality(**vars(AIMED) | changes))]


def test_a_target_that_was_met_needs_no_word() -> None:
    assert codes(gate=gate(MET, 92.2)) == []


def test_nor_does_a_rate_factor_that_was_asked_for() -> None:
    assert quality_warnings(Quality(FIXED, 40.0)) == []


def test_a_missed_target_is_told_with_its_figures() -> None:
    (warned,) = quality_warnings(Quality(**vars(AIMED) | {"gate": gate(MISSED, 89.94, 78.0)}))
    assert (warned.code, warned.count) == ("quality_missed", None)
    assert warned.message == "VMAF 92 was missed: VMAF 89.9, 5th percentile 78.0."


def test_a_floor_that_was_missed_alone_is_named() -> None:
    (warned,) = quality_warnings(Quality(**vars(AIMED) | {"gate": gate(MISSED, 92.3, 70.0)}))
    assert warned.message == "VMAF 92's floor of 82 was missed: VMAF 92.3, 5th percentile 70.0."


def test_an_unreachable_target_is_told_whatever_was_measured() -> None:
    assert codes(outcome=UNREACHABLE, gate=gate(MET, 91.0)) == ["quality_missed"]
    assert codes(outcome=UNREACHABLE) == ["quality_missed"]


def test_a_result_that_had_to_stay_below_its_source_says_so() -> None:
    (warned,) = quality_warnings(Quality(**vars(AIMED) | {"gate": gate(MISSED, 88.0), "bound_by": BY_SIZE}))
    assert "larger than its source" in warned.message


@pytest.mark.parametrize("why", [HDR, NO_TIME, FAILED])
def test_a_rate_factor_of_the_table_is_told_with_the_reason(why: str) -> None:
    assert codes(method=BY_TABLE, outcome=why) == ["quality_unmeasured"]


def test_a_rate_factor_that_the_size_of_the_source_asked_for_is_not_called_usual() -> None:
    (warned,) = quality_warnings(Quality(BY_TABLE, 30.0, BALANCED, outcome=HDR, bound_by=BY_SIZE))
    assert warned.message.endswith("it smaller than its source.")


@pytest.mark.parametrize("unmeasured", [None, Gate(NOT_MEASURED)])
def test_what_could_not_be_measured_is_told(unmeasured: Gate | None) -> None:
    assert codes(gate=unmeasured) == ["quality_unmeasured"]


def test_status_tells_what_was_measured_and_not_what_was_hoped_for() -> None:
    hoped = Quality(BY_VMAF, 26.0, BALANCED, estimate={"vmaf": 92.0, "p5": 86.0, "size": 1})
    assert hoped.shown() == {"crf": 26.0, "vmaf": None, "p5": None}
    assert Quality(**vars(hoped) | {"gate": gate(MET, 92.345)}).shown() == {"crf": 26.0, "vmaf": 92.34, "p5": 85.0}


def found(vmaf: float, crf: float = 26.0) -> Found:
    """A search that expects so much at this rate factor, from five windows."""
    return Found(AIMED, None, Curve((Point(crf, vmaf, vmaf - 6, 5),), Growth(0.12, 0.025)), WINDOWS)


@pytest.mark.parametrize(
    ("windows", "gained"),
    [
        ((Window(0, 4), Window(10, 4), Window(20, 4)), 2 / 3),
        ((Window(0, 4), Window(4, 4), Window(20, 4)), 1 / 3),
        ((Window(0, 4), Window(4, 4)), 0),
        ((Window(0, 12),), 0),
    ],
)
def test_only_where_windows_meet_that_are_apart_is_the_mean_too_good(
    windows: tuple[Window, ...], gained: float
) -> None:
    assert film_vmaf([90.0] * len(windows), windows, None) == pytest.approx(90.0 - gained * EDGES_GAIN)
    assert film_vmaf([100.0] * len(windows), windows, None) == 100.0


def test_a_correction_goes_by_what_the_gate_saw_whatever_the_search_expected() -> None:
    for vmaf in (88.0, 92.0, 96.0):
        crf = corrected_crf(BALANCED, found(vmaf), gate(MISSED, 88.0), 26.0)
        assert crf == pytest.approx(26.0 - math.log(12 / 8) / 0.12, abs=0.06)


def test_a_correction_is_a_smaller_step_where_the_search_saw_vmaf_fall_faster() -> None:
    flat, steep = (
        Found(
            AIMED, None, Curve((Point(22.0, 96.0, 90.0, 5), Point(26.0, vmaf, 80.0, 5)), Growth(0.12, 0.025)), WINDOWS
        )
        for vmaf in (94.5, 90.0)
    )
    missed = gate(MISSED, 90.0)
    longer, shorter = (corrected_crf(BALANCED, one, missed, 26.0) for one in (flat, steep))
    assert longer
    assert shorter
    assert longer < shorter < 26.0


def test_a_correction_is_never_a_smaller_step_than_is_worth_an_encode() -> None:
    assert corrected_crf(BALANCED, found(96.0), gate(MISSED, 91.95), 26.0) == 26.0 - LEAST_STEP


def test_nothing_is_corrected_below_the_lowest_rate_factor_nor_without_a_search() -> None:
    assert corrected_crf(BALANCED, found(80.0, LEAST_CRF), gate(MISSED, 80.0), LEAST_CRF) is None
    assert corrected_crf(BALANCED, Found(AIMED), gate(MISSED, 80.0), 26.0) is None


@pytest.mark.parametrize("score", ["NaN", "Infinity", '"high"'])
def test_a_score_that_is_no_number_is_no_measurement(tmp_path: Path, score: str) -> None:
    log = tmp_path / "vmaf.json"
    log.write_text(f'{{"frames": [{{"metrics": {{"vmaf": 90.0}}}}, {{"metrics": {{"vmaf": {score}}}}}]}}')
    with pytest.raises(ValueError, match=r"no number|could not convert"):
        read_scores(log)


def test_the_5th_percentile_lies_between_its_two_neighbours() -> None:
    assert percentile_5([50.0]) == 50.0
    assert percentile_5([float(score) for score in range(101)]) == pytest.approx(5.0)
    assert percentile_5([90.0, 80.0]) == pytest.approx(80.5)
