"""Processors that are ours, by affinity and cgroup; threads that a picture can use."""

import os
from pathlib import Path

import pytest

from functions.converter.threads import (
    Threads,
    frame_threads,
    is_small,
    most_threads,
    processors_available,
    threads_for,
)

MANY = 16


class Cgroups:
    """A tree of cgroups in a folder, and the file that says where this process is in it."""

    def __init__(self, folder: Path) -> None:
        self.groups, self.own = folder / "cgroup", folder / "self"
        self.own.write_text("0::/\n")

    def limit(self, group: str, **files: str) -> None:
        """Write limits; ``cpu_max`` for ``cpu.max``."""
        folder = self.groups / group
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name.replace("_", ".", 1)).write_text(content + "\n")

    def processors(self) -> int:
        return processors_available(self.groups, self.own)


@pytest.fixture
def cgroups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cgroups:
    """On a machine of sixteen processors."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(MANY)))
    return Cgroups(tmp_path)


@pytest.mark.parametrize(
    ("quota", "processors"),
    [
        ("max 100000", MANY),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("1000 1000000", 1),
        ("6400000 100000", MANY),
        ("", MANY),
        ("nonsense", MANY),
        ("100000 0", MANY),
    ],
)
def test_a_quota_counts_in_whole_processors(cgroups: Cgroups, quota: str, processors: int) -> None:
    cgroups.limit("", cpu_max=quota)
    assert cgroups.processors() == processors


def test_of_nested_groups_the_least_counts(cgroups: Cgroups) -> None:
    cgroups.own.write_text("0::/system/worker/inner\n")
    cgroups.limit("system", cpu_max="300000 100000")
    cgroups.limit("system/worker", cpu_max="700000 100000")
    cgroups.limit("system/worker/inner", cpu_max="max 100000")
    cgroups.limit("another", cpu_max="100000 100000")
    assert cgroups.processors() == 3


def test_a_container_that_sees_only_its_own_part_of_the_tree_knows_its_quota(cgroups: Cgroups) -> None:
    cgroups.own.write_text("0::/docker/0123\n")
    cgroups.limit("", cpu_max="400000 100000")
    assert cgroups.processors() == 4


def test_a_path_that_leads_out_of_the_tree_is_not_followed(cgroups: Cgroups) -> None:
    cgroups.limit("", cpu_max="max 100000")
    (cgroups.groups.parent / "cpu.max").write_text("100000 100000\n")
    cgroups.own.write_text("0::/../outside\n")
    assert cgroups.processors() == MANY


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
@pytest.mark.parametrize(("quota", "processors"), [("-1", MANY), ("250000", 3), ("10000", 1)])
def test_version_1_of_cgroups_is_understood(cgroups: Cgroups, mount: str, quota: str, processors: int) -> None:
    cgroups.own.write_text("7:memory:/elsewhere\n4:cpu,cpuacct:/docker/0123\n0::/\n")
    cgroups.limit(f"{mount}/docker/0123", cpu_cfs_quota_us=quota, cpu_cfs_period_us="100000")
    cgroups.limit("memory/elsewhere", cpu_cfs_quota_us="100000", cpu_cfs_period_us="100000")
    assert cgroups.processors() == processors


def test_without_cgroups_the_affinity_decides(cgroups: Cgroups, monkeypatch: pytest.MonkeyPatch) -> None:
    cgroups.own.unlink()
    assert cgroups.processors() == MANY
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5})
    assert cgroups.processors() == 2


def test_an_affinity_below_the_quota_counts(cgroups: Cgroups, monkeypatch: pytest.MonkeyPatch) -> None:
    cgroups.limit("", cpu_max="400000 100000")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert cgroups.processors() == 1


def test_this_very_process_has_a_processor() -> None:
    assert 1 <= processors_available() <= len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("width", "height", "share", "expected"),
    [
        (16, 16, MANY, 1),
        (16, 4096, MANY, 1),
        (4096, 16, MANY, 1),
        (640, 480, MANY, 1),
        (1280, 720, MANY, 2),
        (1920, 1080, MANY, 4),
        (1080, 1920, MANY, 3),
        (3840, 2160, MANY, 8),
        (3840, 2160, 2, 2),
        (3840, 2160, 1, 1),
    ],
)
def test_the_larger_a_picture_the_more_processors_it_keeps_busy(
    width: int, height: int, share: int, expected: int
) -> None:
    assert threads_for(width, height, share) == expected


@pytest.mark.parametrize(
    ("height", "share", "expected"), [(16, MANY, 3), (65, MANY, 6), (720, MANY, MANY), (720, 2, 2), (16, 1, 1)]
)
def test_no_more_threads_work_than_there_are_rows(height: int, share: int, expected: int) -> None:
    assert most_threads(height, 3, share) == expected


@pytest.mark.parametrize(
    ("processors", "small", "large"), [(1, 1, 1), (2, 3, 1), (4, 3, 2), (8, 3, 3), (16, 4, 4), (64, 5, 5)]
)
def test_frames_at_a_time_go_by_picture_and_machine(processors: int, small: int, large: int) -> None:
    assert frame_threads(1920, 1080, processors) == small
    assert frame_threads(3840, 2160, processors) == large


@pytest.mark.parametrize(("processors", "expected"), [(1, 1), (2, 3), (8, 9), (64, 16)])
def test_a_film_without_rows_side_by_side_can_keep_all_processors_busy(processors: int, expected: int) -> None:
    assert frame_threads(640, 480, processors, rows=False) == expected


def test_large_pictures_take_no_more_frames_at_a_time_where_many_encodes_share_a_machine() -> None:
    assert frame_threads(3840, 2160, 8, rows=False) == frame_threads(3840, 2160, 8)


@pytest.mark.parametrize(
    ("size", "small"), [((640, 480), True), ((768, 432), True), ((432, 768), True), ((960, 540), False)]
)
def test_pictures_that_one_processor_encodes_are_small(size: tuple[int, int], small: bool) -> None:
    assert is_small(*size) is small


@pytest.mark.parametrize(("pool", "decoding"), [(1, "2"), (8, "9"), (64, "16")])
def test_the_threads_of_each_part_are_named(pool: int, decoding: str) -> None:
    made = Threads(pool, 3)
    assert made.parameters() == {"pools": str(pool), "frame-threads": "3"}
    assert made.reading() == ["-filter_complex_threads", str(pool), "-threads", decoding]
