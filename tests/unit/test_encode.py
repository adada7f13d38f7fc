"""How ffmpeg's reports become the row's progress."""

from dataclasses import replace
from pathlib import Path

import pytest

from functions.converter.encode import CLEARLY, FORESEEN_FRAMES, FORESEEN_SHARE, OVERRUN, GrewTooLarge, Job, _Follower
from functions.converter.ffmpeg import Report
from functions.converter.lease import Lease
from functions.converter.plan import ConversionPlan, plan_conversion
from functions.shared.errors import EncodeFailed, ScratchLimitExceeded
from functions.shared.options import Options
from tests.support.attempts import OPTIONS, a_job, a_lease
from tests.support.probes import a_media

MEDIA = a_media(frames=250, duration_s=10.0)
PLAN = plan_conversion(MEDIA, Options.from_row(OPTIONS))
LONG = replace(PLAN, picture=replace(PLAN.picture, frames=2000))
BOUND = 1_000_000


@pytest.fixture
def lease() -> Lease:
    return a_lease()


@pytest.fixture
def job(lease: Lease, tmp_path: Path) -> Job:
    return a_job(tmp_path, MEDIA, lease, MAX_SCRATCH_BYTES="10000")


@pytest.fixture
def follow(job: Job) -> _Follower:
    return _Follower(PLAN, job, None)


def report(share: float, written: int, plan: ConversionPlan = PLAN) -> Report:
    """So much of the film is encoded, in so many bytes."""
    return Report(frames=round(share * plan.picture.frames), done_s=share * 10, fps=50.0, written=written)


def test_percent_counts_frames_and_speed_is_film_time_over_time(lease: Lease, follow: _Follower) -> None:
    follow(Report(frames=100, done_s=4.0, fps=50.0))
    assert (lease.progress.stage, lease.progress.percent) == ("encode", 40.0)
    assert (lease.progress.fps, lease.progress.speed, lease.progress.eta_s) == (50.0, 2.0, 3.0)


@pytest.mark.parametrize("frames", [248, 250, 251, 400])
def test_100_percent_is_left_to_the_commit(lease: Lease, follow: _Follower, frames: int) -> None:
    follow(Report(frames=frames, done_s=10.0, fps=50.0))
    assert lease.progress.percent == 99.0


def test_sound_that_runs_ahead_is_no_progress_of_the_picture(lease: Lease, follow: _Follower) -> None:
    follow(Report(frames=25, done_s=9.0, fps=25.0))
    assert (lease.progress.percent, lease.progress.eta_s) == (10.0, 9.0)


def test_before_the_first_frame_nobody_knows_when_it_ends(lease: Lease, follow: _Follower) -> None:
    follow(Report(frames=0, done_s=0.0, fps=0.0))
    assert (lease.progress.percent, lease.progress.eta_s) == (0.0, None)


def test_only_a_report_that_moved_is_progress(lease: Lease, follow: _Follower) -> None:
    report = Report(frames=100, done_s=4.0, fps=50.0)
    follow(report)
    lease.clock.last_beat = 0.0
    follow(report)
    assert lease.clock.last_beat == 0.0
    follow(Report(frames=101, done_s=4.0, fps=50.0))
    assert lease.clock.last_beat > 0.0


def test_a_file_that_loops_is_ended(follow: _Follower) -> None:
    frames = int(PLAN.picture.frames * OVERRUN + 100)
    follow(Report(frames=frames, done_s=10.0, fps=50.0))
    with pytest.raises(EncodeFailed):
        follow(Report(frames=frames + 1, done_s=10.0, fps=50.0))


def test_a_size_that_will_pass_the_bound_is_foretold(job: Job) -> None:
    follow = _Follower(LONG, job, BOUND)
    with pytest.raises(GrewTooLarge) as caught:
        follow(report(0.5, BOUND, LONG))
    assert caught.value.factor == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (FORESEEN_SHARE - 0.05, 10 * BOUND),  # too early to tell
        (0.5, BOUND // 2),
        (0.5, int(BOUND * CLEARLY / 2) - 1),  # scenes differ
        (1.0, BOUND),
        (1.1, 2 * BOUND),  # more frames than were counted: the end will tell
    ],
)
def test_a_size_that_may_still_hold_is_waited_for(job: Job, share: float, written: int) -> None:
    _Follower(LONG, job, BOUND)(report(share, written, LONG))


def test_of_a_film_that_is_soon_encoded_the_size_is_not_foretold(job: Job) -> None:
    short = replace(PLAN, picture=replace(PLAN.picture, frames=FORESEEN_FRAMES))
    _Follower(short, job, BOUND)(Report(FORESEEN_FRAMES - 1, 1.0, 50.0, 10 * BOUND))


def test_without_a_bound_a_result_may_be_of_any_size(follow: _Follower) -> None:
    follow(report(0.9, 1000 * BOUND))


def test_an_encode_that_fills_more_of_the_disk_than_it_may_is_ended(follow: _Follower, job: Job) -> None:
    (job.source.parent / "output.mp4").write_bytes(bytes(10_001))
    with pytest.raises(ScratchLimitExceeded):
        follow(report(0.5, 10_001))
