"""The plan of audio: every codec in every container, by every choice that a client has."""

from typing import Any

import pytest

from functions.converter.media import AudioStream, MediaInfo
from functions.converter.trackplan import MKV_AUDIO, MP4_AUDIO, MP4_HOLDS, TrackPlan, aac_bitrate
from functions.shared.errors import RequirementNotMet
from tests.support.plans import planned, value_of, values_of
from tests.support.probes import a_media, some_audio

OTHERS = {
    "vorbis", "pcm_s16be", "pcm_s24be", "pcm_mulaw", "pcm_f32le", "wmav2", "wmapro", "amr_nb", "adpcm_ms", "cook",
    "mp1", "truehd", "wavpack", "aac_latm", "?",
}  # fmt: skip
CODECS = sorted(MKV_AUDIO | OTHERS)


def audio_of(media: MediaInfo, **options: Any) -> list[TrackPlan]:
    return planned(media, **options).of("audio")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(("container", "copied"), [("mp4", MP4_AUDIO), ("mkv", MKV_AUDIO)])
def test_audio_that_the_container_and_its_players_take_is_copied_and_other_becomes_aac(
    codec: str, container: str, copied: frozenset[str]
) -> None:
    plan = planned(a_media(some_audio(codec)), container=container)
    arguments = plan.arguments()
    assert plan.dropped == ()
    assert value_of(arguments, "-c:a:0") == ("copy" if codec in copied else "aac")
    assert value_of(arguments, "-b:a:0") == (None if codec in copied else "192000")


def test_what_common_players_take_in_mp4() -> None:
    assert {"aac", "ac3", "eac3", "mp3", "alac"} == MP4_AUDIO
    assert MP4_AUDIO < MP4_HOLDS < MKV_AUDIO


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(("container", "holds"), [("mp4", MP4_HOLDS), ("mkv", MKV_AUDIO)])
def test_a_copy_that_is_asked_for_is_one_or_refused_by_name(codec: str, container: str, holds: frozenset[str]) -> None:
    media = a_media(some_audio(codec))
    if codec in holds:
        assert [track.codec for track in audio_of(media, container=container, audio="copy")] == ["copy"]
    else:
        with pytest.raises(RequirementNotMet, match=rf"{container} cannot hold the {codec.replace('?', '.')} audio"):
            planned(media, container=container, audio="copy")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_aac_that_is_asked_for_is_made_of_all_that_is_none(codec: str, container: str) -> None:
    (track,) = audio_of(a_media(some_audio(codec)), container=container, audio="aac")
    assert track.codec == ("copy" if codec == "aac" else "aac")


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_no_audio_that_is_asked_for_names_each_track_that_is_left_out(container: str) -> None:
    media = a_media(some_audio("aac", index=1, language="deu"), some_audio("?", index=2))
    plan = planned(media, container=container, audio="none")
    assert plan.of("audio") == []
    assert [(one.what, one.index, one.codec, one.language) for one in plan.dropped] == [
        ("audio", 1, "aac", "deu"),
        ("audio", 2, "?", None),
    ]
    assert not any("a:" in word for word in plan.arguments() if word.startswith("-c"))


@pytest.mark.parametrize(
    ("channels", "bitrate"),
    [(1, 96_000), (2, 192_000), (3, 256_000), (4, 320_000), (5, 352_000), (6, 384_000), (7, 448_000), (8, 512_000)],
)
def test_aac_gets_its_bits_by_channel(channels: int, bitrate: int) -> None:
    (track,) = audio_of(a_media(some_audio("flac", channels=channels)))
    assert track.bitrate == bitrate


@pytest.mark.parametrize("channels", [9, 16, 24])
def test_more_channels_than_aac_takes_are_left_out_and_not_mixed_down(channels: int) -> None:
    media = a_media(some_audio("pcm_s24be", channels=channels))
    plan = planned(media)
    assert plan.of("audio") == []
    (one,) = plan.dropped
    assert one.what == "audio"
    assert f"{channels} channels" in one.reason
    with pytest.raises(RequirementNotMet, match="all_audio"):
        planned(media, require={"all_audio"})
    (track,) = audio_of(a_media(some_audio("pcm_s24le", channels=channels)), container="mkv")
    assert track.copied


@pytest.mark.parametrize(
    ("codec", "channels", "own", "bitrate"),
    [
        ("vorbis", 2, 64_000, 96_000),  # below what AAC needs
        ("vorbis", 2, 128_000, 160_000),
        ("vorbis", 2, 500_000, 192_000),
        ("opus", 6, 256_000, 320_000),
        ("opus", 1, 12_000, 48_000),
        ("mp2", 2, 384_000, 192_000),
        ("vorbis", 2, 0, 192_000),  # nothing was measured
        ("flac", 2, 64_000, 192_000),  # its losses are none
        ("pcm_s16le", 1, 64_000, 96_000),
    ],
)
def test_a_lossy_track_is_not_given_bits_that_only_hold_its_losses(
    codec: str, channels: int, own: int, bitrate: int
) -> None:
    track = some_audio(codec, channels=channels, duration_s=10.0, payload_bytes=own * 10 // 8)
    assert aac_bitrate(track) == bitrate


def test_every_audio_track_is_kept_in_its_order() -> None:
    media = a_media(some_audio("aac", index=3), some_audio("vorbis", index=1), some_audio("mp3", index=2))
    plan = planned(media)
    assert [track.index for track in plan.of("audio")] == [3, 1, 2]
    arguments = plan.arguments()
    assert values_of(arguments, "-map")[1:] == ["0:3", "0:1", "0:2"]
    assert [value_of(arguments, f"-c:a:{number}") for number in range(3)] == ["copy", "aac", "copy"]


@pytest.mark.parametrize("empty", [some_audio(channels=0, index=1), some_audio(duration_s=0.0, index=1)])
def test_an_audio_track_without_sound_is_left_out_and_said_so(empty: AudioStream) -> None:
    plan = planned(a_media(empty, some_audio(index=2)), require={"all_audio"})
    assert [track.index for track in plan.of("audio")] == [2]
    assert [(one.what, one.index) for one in plan.dropped] == [("empty_track", 1)]


@pytest.mark.parametrize("flags", [(), ("default",), ("forced",), ("default", "forced"), ("hearing_impaired",)])
def test_flags_are_set_as_they_were_and_no_others(flags: tuple[str, ...]) -> None:
    arguments = planned(a_media(some_audio(flags=flags))).arguments()
    assert value_of(arguments, "-disposition:a:0") == ("+".join(flags) or "0")


@pytest.mark.parametrize(
    ("language", "container", "written", "told"),
    [
        (None, "mp4", "", False),
        ("deu", "mp4", "deu", False),
        ("de", "mp4", "", True),
        ("de-AT", "mp4", "", True),
        ("DEU", "mp4", "", True),
        ("de-AT", "mkv", "de-AT", False),
        ("deu", "mkv", "deu", False),
    ],
)
def test_a_language_that_mp4_cannot_write_is_said_and_never_mangled(
    language: str | None, container: str, written: str, told: bool
) -> None:
    plan = planned(a_media(some_audio(language=language)), container=container)
    assert f"language={written}" in values_of(plan.arguments(), "-metadata:s:a:0")
    assert [one.what for one in plan.dropped] == (["language"] if told else [])


def test_titles_are_those_of_their_own_tracks() -> None:
    media = a_media(some_audio(index=1, title="Film"), some_audio(index=2), some_audio(index=3, title="Director"))
    arguments = planned(media).arguments()
    titles = [values_of(arguments, f"-metadata:s:a:{number}")[-1] for number in range(3)]
    assert titles == ["title=Film", "title=", "title=Director"]
