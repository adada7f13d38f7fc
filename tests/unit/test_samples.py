"""Which frames of a film are sampled."""

from itertools import pairwise

import pytest

from functions.converter.samples import (
    GATE_FRAMES,
    MOST_BYTES,
    WHOLE_FRAMES,
    WINDOW_FRAMES,
    Sampling,
    Window,
    gate_windows,
    measuring_cost,
    sampling,
    selection,
    whole_film,
)

HD_BYTES = 1280 * 720 * 3 // 2
PRESETS = ["ultrafast", "veryfast", "medium", "slow"]


def looked_at(asked: Sampling) -> int:
    return len(asked.windows) * asked.length


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("frames", [33, 60, 132, 250, 377, 1490])
def test_a_short_film_pays_less_than_one_more_encode(frames: int, preset: str) -> None:
    asked = sampling(frames, frames / 25, preset, HD_BYTES)
    cost = looked_at(asked) * (1.4 + measuring_cost(preset)) / frames
    assert cost <= 0.85


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("frames", [1600, 5000, 90_000])
def test_a_long_film_pays_an_eighth_of_its_encode(frames: int, preset: str) -> None:
    asked = sampling(frames, frames / 25, preset, HD_BYTES)
    assert looked_at(asked) * (1.4 + measuring_cost(preset)) / frames <= 0.13


@pytest.mark.parametrize("frames", [WHOLE_FRAMES + 1, 47, 100, 1000, 100_000])
def test_windows_lie_inside_the_film_and_apart(frames: int) -> None:
    windows = sampling(frames, frames / 25, "veryfast", HD_BYTES).windows
    assert windows[0].first >= 0
    assert windows[-1].end <= frames
    assert all(before.end <= after.first for before, after in pairwise(windows))


def test_first_and_other_windows_are_all_of_them() -> None:
    asked = sampling(1700, 70.0, "veryfast", HD_BYTES)
    assert sorted((*asked.first, *asked.others)) == list(range(len(asked.windows)))
    assert 0.3 < len(asked.first) / len(asked.windows) < 0.6


def test_a_single_window_is_looked_at_twice() -> None:
    asked = Sampling((Window(0, 6),), (0,))
    assert asked.others == (0,)


def test_the_same_film_has_the_same_windows() -> None:
    assert sampling(1700, 70.0, "fast", HD_BYTES) == sampling(1700, 70.0, "fast", HD_BYTES)


def test_films_of_many_frames_a_second_have_windows_as_long() -> None:
    asked = sampling(600, 5.0, "veryfast", HD_BYTES, every=2)
    assert asked.length == 2 * WINDOW_FRAMES
    assert asked.every == 2


@pytest.mark.parametrize("frame_bytes", [4096 * 2160 * 3, 35_000_000 * 3 * 2])
@pytest.mark.parametrize("every", [1, 5])
def test_large_pictures_leave_room_on_the_disk(frame_bytes: int, every: int) -> None:
    asked = sampling(100_000, 4000.0, "veryfast", frame_bytes, every)
    proof = gate_windows(100_000, 4000.0, frame_bytes, every, asked.windows)
    for frames in (looked_at(asked), sum(one.frames for one in proof), whole_film(WHOLE_FRAMES, frame_bytes).frames):
        assert 0 < frames * frame_bytes <= MOST_BYTES


@pytest.mark.parametrize(("frames", "duration_s"), [(250, 10.0), (1700, 70.0), (90_000, 3600.0)])
def test_the_gate_looks_at_other_frames_than_the_search(frames: int, duration_s: float) -> None:
    searched = sampling(frames, duration_s, "veryfast", HD_BYTES).windows
    proof = gate_windows(frames, duration_s, HD_BYTES, 1, searched)
    seen = {number for one in searched for number in range(one.first, one.end)}
    assert not seen & {number for one in proof for number in range(one.first, one.end)}
    assert sum(one.frames for one in proof) >= 36
    assert {one.frames for one in proof} == {GATE_FRAMES}
    assert all(before.end <= after.first for before, after in pairwise(proof))


def test_the_gate_of_the_shortest_films_stays_inside() -> None:
    searched = sampling(33, 1.3, "ultrafast", HD_BYTES).windows
    proof = gate_windows(33, 1.3, HD_BYTES, 1, searched)
    assert all(0 <= one.first < one.end <= 33 for one in proof)


def test_the_filter_names_the_frames() -> None:
    assert selection([Window(3, 6), Window(40, 6)]) == "select=between(n\\,3\\,8)+between(n\\,40\\,45)"
