"""Never worse: what is delivered is smaller than the source, or the source's own picture. The encoder is made up."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from functions.converter import rendering
from functions.converter.encode import Encoded, GrewTooLarge, Job
from functions.converter.media import MediaInfo
from functions.converter.plan import ConversionPlan
from functions.converter.rendering import (
    CONVERTED,
    CRF_PER_HALVING,
    ENOUGH_BITS,
    FRAME_OVERHEAD_BYTES,
    KEPT,
    REMUXED,
    ROOM,
    Rendition,
    bounded_crf,
    may_stay_as_it_is,
    render,
)
from functions.converter.samples import Window
from functions.shared.options import MAX_CRF
from tests.support.attempts import a_job
from tests.support.plans import asked, planned
from tests.support.probes import a_media, another, some_audio

SIZE = 1_000_000
MEDIA = a_media(some_audio("flac", duration_s=10.0), facts={"size": SIZE}, frames=250, duration_s=10.0)
SILENT = a_media(facts={"size": SIZE}, frames=250, duration_s=10.0)
SLIGHTLY, FAR = 1.2, 3.0
"""How many times the source's size a result would have had."""


class Encoder:
    """What each try does, in order: None makes a result, a number is how many times too large it grew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: list[float | None] = []
        self.plans: list[ConversionPlan] = []
        self.bounds: list[int | None] = []

    def __call__(
        self, plan: ConversionPlan, job: Job, bound_bytes: int | None = None, _chosen: tuple[Window, ...] = ()
    ) -> Encoded:
        self.plans.append(plan)
        self.bounds.append(bound_bytes)
        factor = self.answers.pop(0)
        if factor is not None:
            raise GrewTooLarge(factor)
        return Encoded(self.folder / f"output.{plan.container}", None, None, ("ffmpeg",), 1.0)


@pytest.fixture
def encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Encoder:
    made = Encoder(tmp_path)
    monkeypatch.setattr(rendering, "encode", made)
    return made


@pytest.fixture
def rendered(encoder: Encoder, tmp_path: Path) -> Callable[..., Rendition]:
    def render_film(*answers: float | None, media: MediaInfo = MEDIA, container: str = "mp4") -> Rendition:
        encoder.answers = list(answers)
        options = asked(container=container)
        done = render(planned(media, container=container), options, a_job(tmp_path, media))
        assert encoder.answers == [], "not as often encoded as expected"
        return done

    return render_film


def test_a_result_that_is_smaller_is_delivered(rendered: Callable[..., Rendition], encoder: Encoder) -> None:
    done = rendered(None)
    assert (done.outcome, done.codec, done.extension, done.reason) == (CONVERTED, "h265", "mp4", None)
    assert done.output == encoder.folder / "output.mp4"
    assert encoder.bounds == [SIZE]
    assert done.plan is encoder.plans[0]


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_h265_is_only_copied_however_large_it_comes_out(
    rendered: Callable[..., Rendition], encoder: Encoder, container: str
) -> None:
    done = rendered(None, media=a_media(codec="hevc"), container=container)
    assert (done.outcome, done.codec, done.extension) == (REMUXED, "h265", container)
    assert encoder.bounds == [None]
    assert encoder.plans[0].is_remux


def test_a_result_that_grows_a_little_is_tried_once_more_within_the_sources_size(
    rendered: Callable[..., Rendition], encoder: Encoder
) -> None:
    done = rendered(SLIGHTLY, None)
    assert (done.outcome, done.codec, done.reason) == (CONVERTED, "h265", None)
    first, second = encoder.plans
    assert first.picture.crf < second.picture.crf < first.picture.crf + 4
    assert first.at_crf(second.picture.crf) == second == done.plan
    assert encoder.bounds == [SIZE, SIZE]


def test_a_result_that_grows_twice_leaves_the_sources_picture_in_the_wanted_container(
    rendered: Callable[..., Rendition], encoder: Encoder
) -> None:
    done = rendered(SLIGHTLY, 1.5, None)
    assert (done.outcome, done.codec, done.extension) == (KEPT, "h264", "mp4")
    assert done.plan is encoder.plans[-1]
    assert done.plan.is_remux
    assert done.reason is not None
    assert "150%" in done.reason


def test_a_result_that_would_look_clearly_worse_is_not_tried_again(
    rendered: Callable[..., Rendition], encoder: Encoder
) -> None:
    done = rendered(FAR, None)
    assert (done.outcome, done.codec) == (KEPT, "h264")
    assert done.reason is not None
    assert "300%" in done.reason
    assert [plan.is_remux for plan in encoder.plans] == [False, True]


def test_where_even_a_copy_grows_the_source_is_delivered_as_it_is(
    rendered: Callable[..., Rendition], encoder: Encoder
) -> None:
    done = rendered(FAR, 1.01)
    assert (done.outcome, done.codec, done.extension) == (KEPT, "h264", "mp4")
    assert (done.plan, done.encoded) == (None, None)
    assert done.output == encoder.folder / "source"
    assert done.reason is not None
    assert encoder.bounds == [SIZE, SIZE]


@pytest.mark.parametrize(("codec", "container", "copies"), [("wmv2", "mp4", 0), ("vp8", "mp4", 0), ("vp8", "mkv", 1)])
def test_a_picture_that_the_container_cannot_hold_is_delivered_as_it_is(
    rendered: Callable[..., Rendition], encoder: Encoder, codec: str, container: str, copies: int
) -> None:
    media = replace(a_media(codec=codec, frames=250, duration_s=10.0), extension="wmv")
    done = rendered(FAR, *[None] * copies, media=media, container=container)
    assert (done.outcome, done.codec) == (KEPT, codec)
    assert done.extension == (container if copies else "wmv")
    assert len(encoder.plans) == 1 + copies


def test_a_film_that_was_only_copied_in_h265_is_not_named_by_another_name(
    rendered: Callable[..., Rendition],
) -> None:
    interlaced = a_media(codec="hevc", fields="interlaced", flagged_interlaced=True, frames=250, duration_s=10.0)
    done = rendered(FAR, None, media=interlaced)
    assert (done.outcome, done.codec) == (KEPT, "h265")


def steps(media: MediaInfo, factor: float) -> float | None:
    """By how much the second encode is coarser."""
    plan = planned(media)
    crf = bounded_crf(media, plan, factor)
    return None if crf is None else crf - plan.picture.crf


def test_the_second_encode_leaves_room_for_sound_and_index() -> None:
    beside = 192_000 * 10 // 8 + FRAME_OVERHEAD_BYTES * 250
    halvings = math.log2((SLIGHTLY * SIZE - beside) / (ROOM * SIZE - beside))
    assert steps(MEDIA, SLIGHTLY) == pytest.approx(CRF_PER_HALVING * halvings, abs=0.01)


def test_copied_sound_takes_its_own_bytes() -> None:
    media = a_media(
        some_audio("aac", duration_s=10.0, payload_bytes=100_000), facts={"size": SIZE}, frames=250, duration_s=10.0
    )
    silent, sounding = steps(SILENT, 1.1), steps(media, 1.1)
    assert silent is not None
    assert sounding is not None
    assert sounding > silent


def test_there_is_no_second_encode_where_the_film_would_look_clearly_worse() -> None:
    overhead = FRAME_OVERHEAD_BYTES * 250
    most = ((ROOM * SIZE - overhead) / ENOUGH_BITS + overhead) / SIZE
    assert steps(SILENT, most - 0.001) is not None
    assert steps(SILENT, most + 0.001) is None


def test_there_is_no_second_encode_where_sound_alone_is_as_large_as_the_source() -> None:
    media = a_media(some_audio("flac", duration_s=60.0), facts={"size": SIZE}, frames=1500, duration_s=60.0)
    assert steps(media, 1.1) is None


def test_a_second_encode_is_no_coarser_than_x265_can() -> None:
    plan = planned(SILENT).at_crf(50.9)
    assert bounded_crf(SILENT, plan, 1.3) == MAX_CRF


@pytest.mark.parametrize(("tag", "may"), [("", False), ("gpmd", False), ("tmcd", True), ("text", True)])
def test_a_source_with_timed_data_that_may_tell_its_places_is_not_delivered_as_it_is(tag: str, may: bool) -> None:
    media = a_media(facts={"other": (another("data", "unknown", tag=tag),)})
    assert may_stay_as_it_is(media, asked()) == may
    assert may_stay_as_it_is(media, asked(keep={"location"}))
