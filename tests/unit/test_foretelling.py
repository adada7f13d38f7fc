"""From samples to a film: sizes, bands, doubts, working time and cost, against figures worked out by hand."""

from dataclasses import replace

import pytest

from functions.converter import foretelling
from functions.converter.filmload import Load, parts, representative
from functions.converter.foretelling import KEYFRAME_EVERY, WARM_UP, Band, Sampled
from functions.converter.looking import sample_windows
from functions.converter.rendering import HOPELESS
from functions.converter.samples import Window
from functions.converter.worktime import START_S, Costs, Work, in_vain, threads_kept_busy, work
from functions.shared.cost import Rates, film_usd
from tests.support.plans import planned
from tests.support.probes import a_media

KEY, COLD, WARM = 5000, 900, 100
FRAMES = 60


def a_sample(part_frames: int = 1000, factor: float = 1.0, expected: float = 1.0, of_part: float = 1.0) -> Sampled:
    """A keyframe, dear frames behind it, and then what they cost in the middle of a film."""
    sizes = [KEY, *([COLD] * (WARM_UP - 1)), *([round(WARM * factor)] * (FRAMES - WARM_UP))]
    return Sampled(sizes, part_frames, expected, of_part)


def test_a_band_is_as_wide_as_its_share() -> None:
    band = Band.of_share(200.0, 0.15)
    assert (band.low, band.estimate, band.high) == pytest.approx((170, 200, 230))
    assert band.as_json(0) == {"estimate": 200, "low": 170, "high": 230}


def test_vmaf_does_not_leave_its_scale() -> None:
    assert foretelling.vmaf_band(99.2).high == 100
    assert foretelling.vmaf_band(92.0) == Band(92.0, 90.5, 93.5)


def test_frames_right_behind_a_samples_keyframe_do_not_count() -> None:
    assert a_sample().usual == WARM


def test_a_film_has_its_own_keyframes_and_not_those_of_the_samples() -> None:
    frames = 3000
    keyframes = frames // KEYFRAME_EVERY
    assert foretelling.picture_bytes([a_sample()] * 3) == keyframes * KEY + (frames - keyframes) * WARM


def test_a_sample_that_is_easier_than_its_part_of_the_film_counts_for_more() -> None:
    even = foretelling.picture_bytes([a_sample()] * 3)
    harder = foretelling.picture_bytes([a_sample(), a_sample(), a_sample(expected=2.0, of_part=4.0)])
    assert harder - even == pytest.approx((3000 - 12) / 3 * WARM)


def test_the_whole_film_as_its_sample_needs_no_reckoning() -> None:
    whole = a_sample(part_frames=FRAMES)
    assert foretelling.picture_bytes([whole]) == sum(whole.sizes)
    assert foretelling.size_doubt([whole]) == 0


def test_samples_that_agree_beside_what_was_expected_leave_no_doubt() -> None:
    agreeing = [a_sample(factor=one, expected=one) for one in (1.0, 2.0, 3.0)]
    assert foretelling.size_doubt(agreeing) == pytest.approx(0)
    assert foretelling.size_doubt([replace(one, expected=1.0) for one in agreeing]) > 0.2


def test_half_a_step_of_a_steep_film_is_told_as_doubt() -> None:
    assert foretelling.is_trusted(0.05, 0.5, 1 / 6)
    assert not foretelling.is_trusted(0.05, 0.5, 1 / 2)
    assert foretelling.is_trusted(0.05, 0.5, 0.0)
    assert not foretelling.is_trusted(0.2, 0.0, 0.0)
    assert not foretelling.is_trusted(0.0, 2.0, 0.0)


def test_a_second_look_tells_how_steep_a_film_is() -> None:
    assert foretelling.bytes_at(1000, None, 6.0) == pytest.approx(500)
    steep = foretelling.bytes_at(1000, (6.0, 250), 6.0)
    assert 250 < steep < 300
    assert foretelling.bytes_at(1000, (6.0, 250), -6.0) == pytest.approx(1000**2 / steep)


def test_the_sample_of_a_third_is_taken_where_it_is_as_hard_as_all_of_it() -> None:
    easy, usual, hard = [1.0] * 100, [10.0] * 100, [19.0] * 100
    load = Load((*easy, *hard, *usual), 300, 1.0)
    assert load.mean(Window(0, 300)) == pytest.approx(10)
    assert load.mean(representative(load, Window(0, 300), 40)) == pytest.approx(10)
    assert representative(load, Window(0, 200), 40).first == 80  # half of it easy, half of it hard
    assert [one.first for one in parts(10, 3)] == [0, 3, 6]
    assert sum(one.frames for one in parts(10, 3)) == 10


def test_a_film_without_loads_is_sampled_in_the_middle() -> None:
    assert representative(Load((1.0,), 300, 1.0), Window(100, 100), 20).first == 140


COSTS = Costs(encode=0.010, measure=0.005, read=0.001, threads=2.0)


def test_a_search_and_a_proof_take_time_only_where_there_is_a_target() -> None:
    plan = planned(a_media(frames=3000, duration_s=120.0))
    fixed, searched = (work(plan, COSTS, 1, searched=found) for found in (False, True))
    assert fixed.search == 0
    assert 0 < searched.search < 0.3 * searched.encode
    assert searched.encode == fixed.encode == pytest.approx(3000 * (0.0095 + 0.0008), rel=0.02)
    assert searched.verify > fixed.verify > 0
    assert searched.wall_s > fixed.wall_s


def test_what_measuring_a_frame_takes_holds_where_only_every_second_one_is_measured() -> None:
    plan = planned(a_media(frames=600, duration_s=5.0))
    one, two = (work(plan, COSTS, every, searched=True) for every in (1, 2))
    assert two.search == pytest.approx(one.search, rel=0.1)


def test_time_is_work_over_the_processors_that_it_kept_busy() -> None:
    assert Work(2.0, 10.0, 3.0, 4.0, processes=5).wall_s == pytest.approx(12 / 4 + 3 / 1.5 + 5 * START_S)
    assert threads_kept_busy(1.0, 4.0 + 2 * START_S, 2) == pytest.approx(0.25)
    assert threads_kept_busy(1.0, 0.0, 2) >= 1


def test_how_much_is_encoded_in_vain() -> None:
    assert in_vain(1.05, 1.0, searched=False) == 1
    assert 0.25 < in_vain(1.5, 0.25, searched=True) == in_vain(9.0, 0.25, searched=False) < 0.3
    assert in_vain(HOPELESS + 0.1, 0.25, searched=True) == 0


def test_a_film_that_is_hard_at_its_begin_is_given_up_though_it_would_fit() -> None:
    hard_first = Load((*[30.0] * 50, *[10.0] * 50), 1000, 1.0)
    assert hard_first.foreseen(0.9) == pytest.approx((0.9 * 1.5, 0.25))
    assert hard_first.foreseen(0.6) == (0.6, 1.0)
    assert Load((10.0,) * 100, 1000, 1.0).foreseen(1.05) == (1.05, 1.0)
    assert replace(hard_first, frames=200).foreseen(0.9) == (0.9, 1.0), "the first keyframe of a short film is no sign"


@pytest.mark.parametrize(("frame_rate", "every"), [(120.0, 2), (180.0, 3), (300.0, 5)])
def test_samples_of_large_pictures_hold_whole_steps_of_what_is_measured(frame_rate: float, every: int) -> None:
    frames = int(60 * frame_rate)
    media = a_media(
        width=3840, height=2160, pixel_format="yuv420p10le", bit_depth=10, frames=frames, duration_s=60.0,
        frame_rate=frame_rate,
    )  # fmt: skip
    _, windows = sample_windows(Load((10.0,) * 100, frames, 1.0), planned(media), every)
    assert all(window.frames and not window.frames % every for window in windows)


def test_cost_grows_with_work_and_with_size() -> None:
    usual = film_usd(60, 1800, 60e6, 20e6, 100)
    assert film_usd(60, 1800, 60e6, 20e6, 200) > usual
    assert film_usd(60, 1800, 60e6, 40e6, 100) > usual
    # 100 s of a core are 27.8 s of 6 vCPUs at 0.6 each; 10 GB of memory
    conversion = 100 / 3.6 * 10 * Rates().prices.lambda_arm64_gb_s
    assert conversion < usual < 2 * conversion + 0.01
    assert film_usd(0.0, 1, 1000, 1000, 0.0) > 0
