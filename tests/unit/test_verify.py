"""What verification makes of a damaged source, of the encoder's own times, and of a result that nobody can read."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.converter.encode import Encoded, Job
from functions.converter.inspection import Inspector
from functions.converter.media import MediaInfo
from functions.converter.plan import plan_conversion
from functions.converter.rendering import KEPT, Rendition
from functions.converter.verify import OUTPUTS, Pick, _times, verify, verify_rendition
from functions.shared.errors import DamagedMedia, UnreadableMedia, VerificationFailed
from functions.shared.options import Options
from tests.support.attempts import a_job
from tests.support.measured import changed, perfect
from tests.support.probes import a_media

MEDIA = a_media(frames=1000, duration_s=40.0)
PLAN = plan_conversion(MEDIA, Options("veryfast", 26))
FRAME = bytes([90]) * (32 * 32 * 3 // 2)


class Answering(Inspector):
    """Answers with facts as an inspector would, or fails."""

    def __init__(self, facts: dict[str, Any] | Exception) -> None:
        self.facts = facts
        self.requests: list[dict[str, Any]] = []

    def ask(self, request: dict[str, Any], *_: Any) -> dict[str, Any]:
        self.requests.append(request)
        if isinstance(self.facts, Exception):
            raise self.facts
        return self.facts


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "source").write_bytes(b"the source")
    (tmp_path / "output.mp4").write_bytes(b"the result")
    return a_job(tmp_path, MEDIA)


def encoded(job: Job) -> Encoded:
    return Encoded(job.source.with_name("output.mp4"), None, None, ("ffmpeg",), 0.1)


def test_a_result_that_cannot_be_read_is_a_failed_verification(job: Job) -> None:
    with pytest.raises(VerificationFailed, match="cannot be read back"):
        verify(PLAN, encoded(job), job, Answering(UnreadableMedia()), ())


@pytest.mark.parametrize(("failed", "accepted"), [(0, True), (1, True), (10, True), (11, False), (1000, False)])
def test_a_hundredth_of_a_damaged_films_frames_may_be_lost_and_no_more(job: Job, failed: int, accepted: bool) -> None:
    whole = 1000 - failed
    facts = {"decodable": {"frames": whole, "failed": failed, "corrupt": 0}, "packets": whole, "frames": whole}
    inspector = Answering(changed(perfect(MEDIA, PLAN), facts))
    if accepted:
        with pytest.raises(VerificationFailed, match=r"^the frames were not compared$"):
            verify(PLAN, encoded(job), job, inspector, ())
    else:
        with pytest.raises(DamagedMedia, match=f"{failed} of 1000 frames"):
            verify(PLAN, encoded(job), job, inspector, ())


def test_the_source_as_it_is_needs_no_proof(job: Job) -> None:
    inspector = Answering(UnreadableMedia())
    verified = verify_rendition(Rendition(KEPT, job.source, "mp4", "h264"), job, inspector, ())
    assert (verified.lost, verified.frames, inspector.requests) == (0, None, [])


@pytest.mark.parametrize("picks", [(), (Pick(7, 320, 180), Pick(9, 160, 90))])
def test_every_frame_is_decoded_and_wanted_ones_are_asked_for(job: Job, picks: tuple[Pick, ...]) -> None:
    inspector = Answering(perfect(MEDIA, PLAN))
    with pytest.raises(VerificationFailed):
        verify(PLAN, encoded(job), job, inspector, picks)
    (request,) = inspector.requests
    assert (request["command"], request["decode"], request["retimed"]) == ("verify", True, False)
    assert [pick["frame"] for pick in request["picks"]] == [pick.frame for pick in picks]
    assert all((job.folder / name).exists() for name in OUTPUTS)


def with_thumbs(job: Job, frames: int) -> Encoded:
    """A result, and tiny pictures of so many frames of its source."""
    thumbs = job.source.with_name("source.thumbs")
    thumbs.write_bytes(FRAME * frames)
    return replace(encoded(job), thumbs=thumbs)


class Writing(Answering):
    """Leaves tiny pictures of so many frames, as an inspector does."""

    def __init__(self, facts: dict[str, Any], frames: int) -> None:
        super().__init__(facts)
        self._frames = frames

    def ask(self, request: dict[str, Any], fds: list[int], *_: Any) -> dict[str, Any]:
        with open(fds[2], "wb", closefd=False) as thumbs:
            thumbs.write(FRAME * self._frames)
        return super().ask(request)


def test_tiny_pictures_of_both_sides_are_compared(job: Job) -> None:
    facts = perfect(MEDIA, PLAN)
    verified = verify(PLAN, with_thumbs(job, 1000), job, Writing(facts, 1000), ())
    assert verified.frames is not None
    assert (verified.frames.frames, verified.frames.worst_rms, verified.lost) == (1000, 0.0, 0)
    with pytest.raises(VerificationFailed, match="999 frames instead of 1000"):
        verify(PLAN, with_thumbs(job, 1000), job, Writing(facts, 999), ())


def test_the_times_that_the_encoder_was_given_count_from_the_first_frame_on(tmp_path: Path) -> None:
    path = tmp_path / "source.times"
    path.write_text("100 1/50\n101 1/50\n104 1/50\n")
    assert _times(path) == pytest.approx([0.0, 0.02, 0.08])


def test_an_encoder_that_was_given_nothing_has_no_times(tmp_path: Path) -> None:
    path = tmp_path / "source.times"
    path.write_text("")
    assert _times(path) == []


def test_facts_of_another_film_are_told_together(job: Job) -> None:
    media: MediaInfo = a_media(frames=500, duration_s=20.0)
    inspector = Answering(perfect(media, plan_conversion(media, Options("veryfast", 26))))
    with pytest.raises(VerificationFailed, match=r"duration: 20\.000 s instead of 40\.000 s"):
        verify(PLAN, encoded(job), job, inspector, ())
