"""How ffmpeg's reports become the row's progress."""

import pytest

from functions.converter.deadline import Deadline, Forecast
from functions.converter.encode import OVERRUN, _Follower
from functions.converter.ffmpeg import Report
from functions.converter.lease import Lease
from functions.converter.plan import plan_encode
from functions.converter.slots import EncodeSlots
from functions.shared.errors import EncodeFailed
from tests.support.attempts import OPTIONS, a_lease
from tests.support.probes import a_media

PLAN = plan_encode(a_media(frames=250, duration_s=10.0), OPTIONS)


@pytest.fixture
def lease() -> Lease:
    return a_lease()


@pytest.fixture
def follow(lease: Lease) -> _Follower:
    return _Follower(PLAN, lease, EncodeSlots(), Forecast(Deadline.after(600), 100))


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
    frames = int(PLAN.frames * OVERRUN + 100)
    follow(Report(frames=frames, done_s=10.0, fps=50.0))
    with pytest.raises(EncodeFailed):
        follow(Report(frames=frames + 1, done_s=10.0, fps=50.0))
