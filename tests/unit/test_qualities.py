"""Targets and speeds: what stands in the tables holds together, whatever their figures are."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.qualities import (
    FALLBACK_CRF,
    LEAST_VMAF,
    MOST_VMAF,
    QUALITIES,
    Target,
    fallback_crf,
    floor_for,
)
from functions.shared.settings import X265_PRESETS
from functions.shared.speeds import SPEEDS

vmafs = st.floats(LEAST_VMAF, MOST_VMAF)


@pytest.mark.parametrize(("name", "target"), QUALITIES.items())
def test_a_number_that_has_a_name_is_the_same_target(name: str, target: Target) -> None:
    assert floor_for(target.vmaf) == target.floor
    assert fallback_crf(target) == FALLBACK_CRF[name]


@given(vmafs, vmafs)
def test_a_higher_target_has_no_lower_floor_and_no_coarser_rate(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert floor_for(low) <= floor_for(high)
    assert fallback_crf(Target(low, 0)) >= fallback_crf(Target(high, 0))


@given(vmafs)
def test_the_worst_scene_may_look_worse_than_the_mean(vmaf: float) -> None:
    assert 0 < floor_for(vmaf) < vmaf


def test_a_target_between_two_qualities_lies_between_them() -> None:
    assert floor_for(93.5) == 85
    assert fallback_crf(Target(93.5, 85)) == 24


@pytest.mark.parametrize("vmaf", [99.5, math.nan])
def test_what_is_no_target_has_no_rate(vmaf: float) -> None:
    with pytest.raises(ValueError, match="no target"):
        fallback_crf(Target(vmaf, 0))


@pytest.mark.parametrize("name", SPEEDS)
def test_a_speed_starts_from_a_preset_and_names_each_parameter_once(name: str) -> None:
    speed = SPEEDS[name]
    assert speed.name == name
    assert {speed.preset, speed.replaces} <= set(X265_PRESETS)
    words = [word.split("=") for word in speed.parameters.split(":") if word]
    assert all(len(word) == 2 and all(word) for word in words)
    assert all(not key.startswith("no-") for key, _ in words)
    assert len({key for key, _ in words}) == len(words)


def test_each_speed_replaces_a_slower_preset_than_the_one_before() -> None:
    order = [X265_PRESETS.index(speed.replaces) for speed in SPEEDS.values()]
    assert all(faster < slower for faster, slower in pairwise(order))
