"""What holds for every source and every choice: the plan is whole and honest, and no words of a source steer it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeVar

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from functions.converter.inspector.limits import TEXT_SUBTITLES
from functions.converter.media import (
    SIDE_PIXELS,
    UNSPECIFIED,
    AudioStream,
    Chapter,
    Colour,
    Hdr,
    MediaInfo,
    SubtitleStream,
    VideoStream,
)
from functions.converter.picturerules import RGB
from functions.converter.plan import ConversionPlan, plan_conversion, plan_keeping
from functions.converter.trackplan import MKV_AUDIO, MKV_SUBTITLES
from functions.shared.errors import DolbyVisionUnsupported, PermanentError, RequirementNotMet
from functions.shared.options import AUDIO, CONTAINERS, KEEPABLE, LEAST_HEIGHT, MOST_HEIGHT, REQUIRABLE, Options
from functions.shared.speeds import SPEEDS

PATIENT = settings(deadline=None, max_examples=100, derandomize=True)
"""A busy machine is no fault of the plan, and a failure must come again in the next run."""

WORDS = st.none() | st.text(max_size=20)
SIDES = st.integers(SIDE_PIXELS[0], SIDE_PIXELS[-1])
FLAGS = st.lists(st.sampled_from(["default", "forced", "dub", "comment"]), unique=True).map(tuple)
SECONDS = st.floats(0, 1e5)
CHAPTER_TITLES = "text"
Plan = TypeVar("Plan")

colours = st.builds(
    Colour,
    st.sampled_from(["tv", "pc", "unspecified"]),
    st.integers(0, 22),
    st.integers(0, 18),
    st.integers(0, 14),
)
hdrs = st.builds(
    Hdr,
    mastering=st.none() | st.just(("1/2",) * 10),
    light=st.none() | st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)),
    hdr10plus=st.booleans(),
    dolby_vision=st.none() | st.sampled_from(["5.0", "7.6", "8.1", "8.4", "10.0", "10.1", "unknown"]),
)
videos = st.builds(
    VideoStream,
    index=st.just(0),
    codec=st.sampled_from(["h264", "hevc", "vp9", "av1", "mpeg2video", "prores", "ffv1", "wmv2", "?"]),
    width=SIDES,
    height=SIDES,
    pixel_format=st.sampled_from(["yuv420p", "yuv422p10le", "yuv444p12le", "rgb24", "gray", "pal8", "yuva420p"]),
    bit_depth=st.sampled_from([8, 10, 12, 16]),
    time_base=st.builds(Fraction, st.integers(1, 1001), st.integers(1, 2**31)),
    frame_rate=st.floats(0, 1000),
    frames=st.integers(1, 10**7),
    duration_s=SECONDS,
    last_frame_s=SECONDS,
    chroma=st.sampled_from(["420", "422", "444", "gray", "rgb", "other"]),
    alpha=st.booleans(),
    sample_aspect_ratio=st.builds(Fraction, st.integers(1, 5000), st.integers(1, 5000)),
    rotation=st.sampled_from([0, 90, 180, 270]),
    mirrored=st.booleans(),
    fields=st.sampled_from(["progressive", "interlaced", "telecine"]),
    flagged_interlaced=st.booleans(),
    colour=colours,
    hdr=hdrs,
)
audios = st.builds(
    AudioStream,
    index=st.just(0),
    codec=st.sampled_from([*sorted(MKV_AUDIO), "wmav2", "pcm_s24be", "?"]),
    language=WORDS,
    title=WORDS,
    flags=FLAGS,
    channels=st.integers(0, 64),
    sample_rate=st.integers(0, 192_000),
    duration_s=SECONDS,
    payload_bytes=st.integers(0, 10**9),
)
subtitles = st.builds(
    SubtitleStream,
    index=st.just(0),
    codec=st.sampled_from([*sorted(MKV_SUBTITLES | TEXT_SUBTITLES), "eia_608", "?"]),
    language=WORDS,
    title=WORDS,
    flags=FLAGS,
    packets=st.integers(0, 100),
)
others = st.fixed_dictionaries(
    {
        "index": st.just(0),
        "type": st.sampled_from(["cover", "attachment", "video", "data", "unknown"]),
        "codec": st.sampled_from(["png", "mjpeg", "ttf", "bin_data", "bmp", "?"]),
        "tag": st.sampled_from(["", CHAPTER_TITLES]),
        "opens": st.booleans(),
    }
)
chapters = st.builds(Chapter, SECONDS, SECONDS, st.text(max_size=10))
tags = st.dictionaries(
    st.sampled_from(["title", "comment", "location", "TITLE", "creation_time", "encoder"]) | st.text(max_size=8),
    st.text(max_size=30),
    max_size=5,
)


@st.composite
def medias(draw: st.DrawFn) -> MediaInfo:
    """A probed source; the number of each stream is its own."""
    streams: list[Any] = [
        *draw(st.lists(audios, max_size=2)),
        *draw(st.lists(subtitles, max_size=2)),
        *draw(st.lists(others, max_size=2)),
    ]
    video, *numbers = draw(st.permutations(range(len(streams) + 1)))
    numbered = [
        one | {"index": at} if isinstance(one, dict) else type(one)(**vars(one) | {"index": at})
        for one, at in zip(streams, numbers, strict=True)
    ]
    return MediaInfo(
        container="mov",
        extension="mp4",
        size=draw(st.integers(1, 10**12)),
        video=VideoStream(**vars(draw(videos)) | {"index": video}),
        audio=tuple(one for one in numbered if isinstance(one, AudioStream)),
        other=tuple(one for one in numbered if isinstance(one, dict)),
        subtitles=tuple(one for one in numbered if isinstance(one, SubtitleStream)),
        chapters=tuple(draw(st.lists(chapters, max_size=3))),
        tags=draw(tags),
    )


choices = st.builds(
    Options,
    preset=st.sampled_from(sorted(speed.preset for speed in SPEEDS.values())),
    crf=st.floats(0, 51),
    max_height=st.none() | st.integers(LEAST_HEIGHT, MOST_HEIGHT),
    container=st.sampled_from(CONTAINERS),
    audio=st.sampled_from(AUDIO),
    keep=st.frozensets(st.sampled_from(KEEPABLE)),
)
demands = st.frozensets(st.sampled_from(REQUIRABLE))


def unless_refused(plan: Callable[[MediaInfo, Options], Plan], media: MediaInfo, options: Options) -> Plan:
    """The plan of a source that is not refused."""
    try:
        return plan(media, options)
    except PermanentError:
        assume(False)
        raise


def planned(media: MediaInfo, options: Options) -> ConversionPlan:
    return unless_refused(plan_conversion, media, options)


def kept(media: MediaInfo, options: Options) -> ConversionPlan | None:
    return unless_refused(plan_keeping, media, options)


def streams_of(media: MediaInfo) -> set[int]:
    return {
        media.video.index,
        *(track.index for track in (*media.audio, *media.subtitles)),
        *(stream["index"] for stream in media.other),
    }


@PATIENT
@given(medias(), choices, demands)
def test_a_source_is_planned_or_refused_for_good(media: MediaInfo, options: Options, require: frozenset[str]) -> None:
    with suppress(DolbyVisionUnsupported, RequirementNotMet):
        plan_conversion(media, Options(**vars(options) | {"require": require}))


@PATIENT
@given(medias(), choices)
def test_every_stream_has_one_place_in_the_result_or_is_named_as_left_out(media: MediaInfo, options: Options) -> None:
    plan = planned(media, options)
    placed = [plan.picture.index, *(track.index for track in plan.tracks)]
    assert len(placed) == len(set(placed))
    left_out = {one.index for one in plan.dropped}
    titles = {one["index"] for one in media.other if media.chapters and one["tag"] == CHAPTER_TITLES}
    assert streams_of(media) - set(placed) - left_out <= titles
    assert left_out - {None} <= streams_of(media)
    assert all(one.reason and one.what for one in plan.dropped)


@PATIENT
@given(medias(), choices)
def test_an_encoded_picture_is_even_never_larger_and_of_the_same_shape(media: MediaInfo, options: Options) -> None:
    picture = planned(media, options).picture
    shown = media.video.shown_size
    if picture.copied:
        assert (picture.width, picture.height) == (media.video.width, media.video.height)
        return
    size = (picture.width, picture.height)
    assert all(side % 2 == 0 and side >= 2 for side in size)
    assert all(side <= whole for side, whole in zip(size, shown, strict=True))
    if options.max_height is None or shown[1] <= options.max_height:
        assert all(whole - side <= 1 for side, whole in zip(size, shown, strict=True))
    else:
        assert options.max_height - 1 <= size[1] <= options.max_height
        assert abs(shown[0] * size[1] / shown[1] - size[0]) <= 2


@PATIENT
@given(medias(), choices)
def test_arguments_are_words_without_line_ends(media: MediaInfo, options: Options) -> None:
    for plan in (planned(media, options), kept(media, options)):
        for word in plan.arguments() if plan else ():
            assert type(word) is str
            assert len(word.splitlines()) <= 1
            assert "\0" not in word
            word.encode()


@PATIENT
@given(medias(), choices, st.text(max_size=30), st.text(max_size=30))
def test_no_words_of_a_source_make_another_argument(
    media: MediaInfo, options: Options, title: str, language: str
) -> None:
    def named(title: str, language: str) -> list[str]:
        audio, captions = (
            tuple(type(one)(**vars(one) | {"title": title, "language": language}) for one in tracks)
            for tracks in (media.audio, media.subtitles)
        )
        changes = {"audio": audio, "subtitles": captions, "tags": {"title": f"x{title}", "comment": f"x{language}"}}
        return planned(MediaInfo(**vars(media) | changes), options).arguments()

    hostile, harmless = named(title, language), named("a", "eng")
    assert len(hostile) == len(harmless)
    for ours, theirs in zip(hostile, harmless, strict=True):
        assert ours == theirs or ours.partition("=")[:2] == theirs.partition("=")[:2]


@PATIENT
@given(medias(), choices, st.floats(0, 51))
def test_a_coarser_plan_differs_in_its_rate_alone(media: MediaInfo, options: Options, crf: float) -> None:
    plan = planned(media, options)
    coarser = plan.at_crf(crf)
    assert (coarser.tracks, coarser.dropped, coarser.tags) == (plan.tracks, plan.dropped, plan.tags)
    assert vars(coarser.picture) == vars(plan.picture) | {"crf": crf}
    if not plan.is_remux and plan.arguments() != coarser.arguments():
        assert _difference(coarser, plan) == [f"{crf:g}"]


def _difference(plan: ConversionPlan, other: ConversionPlan) -> list[str]:
    """Words of one plan, from the first to the last that the other has not at the same place."""
    ours, theirs = plan.arguments(), other.arguments()
    apart = [at for at, (one, another) in enumerate(zip(ours, theirs, strict=True)) if one != another]
    return ours[apart[0] : apart[-1] + 1]


@PATIENT
@given(medias(), choices)
def test_colour_that_is_not_described_stays_so(media: MediaInfo, options: Options) -> None:
    picture, given_colour = planned(media, options).picture, media.video.colour
    planned_colour = picture.colour
    if media.video.chroma != "rgb":
        means_nothing = given_colour.matrix == RGB and not picture.copied
        assert planned_colour == (replace(given_colour, matrix=UNSPECIFIED) if means_nothing else given_colour)
    assert (planned_colour.primaries, planned_colour.transfer) == (given_colour.primaries, given_colour.transfer)


@PATIENT
@given(medias(), choices)
def test_time_is_never_changed_but_by_fields_that_become_frames(media: MediaInfo, options: Options) -> None:
    picture = planned(media, options).picture
    assert picture.duration_s == media.video.duration_s
    assert picture.retimed == (not picture.copied and media.video.fields != "progressive")
    if not picture.retimed:
        assert picture.frames == media.video.frames


@PATIENT
@given(medias(), choices, demands)
def test_what_is_required_is_in_every_plan_that_is_made(
    media: MediaInfo, options: Options, require: frozenset[str]
) -> None:
    # As ``Options.resolve`` does: what is required is kept where that is a choice.
    keep = options.keep | require & frozenset(KEEPABLE)
    plan = planned(media, Options(**vars(options) | {"require": require, "keep": keep}))
    lost = {one.what for one in plan.dropped}
    names = {"all_audio": "audio", "subtitles": "subtitle", "attachments": "attachment"}
    assert not {names.get(name, name) for name in require} & lost
    if "hdr" in require and media.video.colour.is_hdr:
        assert plan.picture.colour.is_hdr


@PATIENT
@given(medias(), choices)
def test_a_picture_that_is_kept_is_the_sources_own(media: MediaInfo, options: Options) -> None:
    plan = kept(media, options)
    if plan is not None:
        assert plan.is_remux
        assert plan.picture.codec == media.video.codec
        assert (plan.picture.hdr, plan.picture.colour) == (media.video.hdr, media.video.colour)
