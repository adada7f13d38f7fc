"""Options, receipts, previews and what is delivered, on any deployment: everything through the public HTTP API."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from tests.support.clips import Clips, run_ffmpeg
from tests.support.deployment import Answer, Deployment, Json, send
from tests.support.media import BIG_BUCK_BUNNY, measure
from tests.support.stack import ROOT

SCHEMA = json.loads((ROOT / "docs" / "receipt.schema.json").read_text())
SECONDS, FRAMES = 2, 50
ASKED: dict[str, Any] = {
    "crf": 40,
    "speed": "fastest",
    "max_height": 180,
    "container": "mkv",
    "audio": "aac",
    "previews": "on",
}
VERIFIED_WITHIN_S = 120


@dataclass(frozen=True)
class Trip:
    """A film that went all the way. ``answer`` is that of the link to the result."""

    path: Path
    state: Json
    link: Json
    answer: Answer

    @property
    def source(self) -> bytes:
        return self.path.read_bytes()

    @property
    def result(self) -> bytes:
        return self.answer.body

    @property
    def transaction_id(self) -> str:
        return str(self.state["transaction_id"])


def made(deployment: Deployment, path: Path, content_type: str, **options: Any) -> Trip:
    state = deployment.wait_completed(deployment.put(path.name, content_type, path.read_bytes(), options=options))
    link = deployment.link(state["transaction_id"])
    answer = send("GET", link["url"])
    assert answer.status == 200, answer.body
    return Trip(path, state, link, answer)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def clips(folder: Path) -> Clips:
    return Clips(folder)


@pytest.fixture(scope="module")
def trip(deployment: Deployment, folder: Path) -> Trip:
    """The beginning of the real clip, with sound that is to become AAC, and the place where it was shot."""
    path = folder / "holiday.mp4"
    sound = ["-c:v", "copy", "-c:a", "ac3", "-metadata", "location=+59.9133+010.7389/"]
    run_ffmpeg(["-i", str(BIG_BUCK_BUNNY), "-t", str(SECONDS), *sound, str(path)])
    return made(deployment, path, "video/mp4", **ASKED)


def receipt_of(deployment: Deployment, trip: Trip) -> Json:
    answer = deployment.send("GET", "/receipt", transaction_id=trip.transaction_id)
    assert answer.status == 200, answer.body
    return answer.json()


def thumbnail(deployment: Deployment, trip: Trip, kind: str) -> Answer:
    answer = deployment.send("GET", "/thumbnail", follow=True, transaction_id=trip.transaction_id, kind=kind)
    assert answer.status == 200, answer.body
    return answer


def tags(content: bytes) -> dict[str, str]:
    with av.open(io.BytesIO(content)) as container:
        return dict(container.metadata)


def picture(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_status_tells_what_was_asked_for_and_what_became_of_it(trip: Trip) -> None:
    state = trip.state
    assert {name: state["options"][name] for name in ASKED} == ASKED
    assert (state["result"], state["result_reason"], state["warnings"]) == ("converted", None, [])
    assert (state["target_format"], state["target_codec"]) == ("mkv", "h265")
    assert state["quality"]["crf"] == ASKED["crf"]
    assert state["previews"] == ["poster", "storyboard", "sprite", "preview"]
    assert state["receipt"] == "available"


def test_what_is_left_out_is_named_with_the_reason(deployment: Deployment, trip: Trip) -> None:
    [lost] = trip.state["dropped"]
    assert lost["what"] == "location"
    assert lost["reason"]
    place = tags(trip.source)["location"]
    assert "location" not in {name.lower() for name in tags(trip.result)}
    assert place not in json.dumps(receipt_of(deployment, trip))


def test_the_result_is_what_was_asked_for(trip: Trip) -> None:
    result = measure(trip.result)
    assert (result.codec, result.width, result.height, result.frames) == ("hevc", 320, 180, FRAMES)
    assert result.frame_times_s == pytest.approx(measure(trip.source).frame_times_s, abs=0.001)
    assert result.audio
    assert result.audio.codec == "aac"
    with av.open(io.BytesIO(trip.result)) as container:
        assert container.format.name == "matroska,webm"


def test_the_link_gives_what_status_says(trip: Trip) -> None:
    assert trip.link["filename"] == "holiday.mkv"
    assert trip.answer.headers["Content-Type"] == "video/x-matroska"
    converted = {"size": len(trip.result), "sha256": hashlib.sha256(trip.result).hexdigest()}
    assert trip.state["converted"] == converted
    assert {name: trip.link[name] for name in converted} == converted


def test_the_receipt_has_its_shape_and_its_sums_are_those_of_the_files(deployment: Deployment, trip: Trip) -> None:
    receipt = receipt_of(deployment, trip)
    Draft202012Validator(SCHEMA).validate(receipt)
    assert (receipt["transaction_id"], receipt["outcome"]) == (trip.transaction_id, "converted")
    for name, content in (("source", trip.source), ("output", trip.result)):
        assert receipt[name]["sha256"] == hashlib.sha256(content).hexdigest()
    assert receipt["saved_bytes"] == len(trip.source) - len(trip.result)
    assert (receipt["verification"]["method"], receipt["verification"]["frames"]["frames"]) == ("every_frame", FRAMES)
    assert receipt["plan"]["dropped"] == trip.state["dropped"]


def test_anybody_with_the_files_can_verify_the_receipt(deployment: Deployment, trip: Trip, tmp_path: Path) -> None:
    trusted = {"SSL_CERT_FILE": str(deployment.certificate)} if deployment.certificate else {}
    who = {"XDG_CONFIG_HOME": str(tmp_path), "BUCKET265_TOKEN": deployment.token_of(deployment.user_id)}
    verify = ("verify", trip.transaction_id, "--source", str(trip.path))
    where = ("--api", deployment.api_url, "--user", deployment.user_id)
    done = subprocess.run(
        [sys.executable, "-m", "local", *verify, *where],
        env=dict(os.environ) | who | trusted, cwd=ROOT, capture_output=True, text=True, timeout=VERIFIED_WITHIN_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"the receipt holds: {FRAMES} frames")


def test_poster_and_preview_show_the_film(deployment: Deployment, trip: Trip) -> None:
    poster = thumbnail(deployment, trip, "poster")
    assert poster.headers["Content-Type"] == "image/jpeg"
    assert picture(poster.body).size == (320, 180)
    preview = thumbnail(deployment, trip, "preview")
    assert preview.headers["Content-Type"] == "image/webp"
    moving: Any = picture(preview.body)
    assert moving.n_frames > 1


def test_the_storyboard_leads_to_parts_of_the_sprite(deployment: Deployment, trip: Trip) -> None:
    sprite = picture(thumbnail(deployment, trip, "sprite").body)
    cues = thumbnail(deployment, trip, "storyboard").body.decode()
    assert cues.startswith("WEBVTT\n")
    found = re.findall(r"^(http\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$", cues, re.MULTILINE)
    assert len(found) == SECONDS
    for url, *place in found:
        x, y, width, height = map(int, place)
        assert x + width <= sprite.width
        assert y + height <= sprite.height
        assert picture(send("GET", url).body).size == sprite.size


def test_h265_is_not_encoded_again(deployment: Deployment, clips: Clips) -> None:
    trip = made(deployment, clips("hevc.mp4"), "video/mp4")
    assert (trip.state["result"], trip.state["target_codec"], trip.state["target_format"]) == ("remuxed", "h265", "mp4")
    assert trip.state["result_reason"]
    assert trip.state["quality"] is None
    assert "poster" in trip.state["previews"]
    receipt = receipt_of(deployment, trip)
    Draft202012Validator(SCHEMA).validate(receipt)
    assert receipt["verification"]["method"] == "identical_packets"
    result, source = measure(trip.result), measure(trip.source)
    assert (result.codec, result.tag, result.frame_times_s) == ("hevc", "hvc1", source.frame_times_s)


def test_a_film_that_would_grow_is_delivered_as_it_is(deployment: Deployment, clips: Clips) -> None:
    trip = made(deployment, clips("hidden_frames.webm"), "video/webm", crf=0, speed="fastest")
    assert trip.result == trip.source
    state = trip.state
    assert (state["result"], state["target_codec"], state["target_format"]) == ("kept_original", "vp8", "webm")
    assert "of the source's size" in state["result_reason"]
    assert trip.link["filename"] == "hidden_frames.webm"
    assert trip.answer.headers["Content-Type"] == "video/webm"
    receipt = receipt_of(deployment, trip)
    Draft202012Validator(SCHEMA).validate(receipt)
    assert (receipt["outcome"], receipt["verification"]["method"]) == ("kept_original", "identical_bytes")


def test_what_is_required_and_cannot_be_kept_is_refused_before_encoding(deployment: Deployment, clips: Clips) -> None:
    path = clips("alpha.mov")
    options = {"require": ["alpha"]}
    state = deployment.wait_final(deployment.put(path.name, "video/quicktime", path.read_bytes(), options=options))
    assert (state["status"], state["error_code"], state["attempt"]) == ("Failed", "requirement_not_met", 1)
    assert "alpha" in state["error_reason"]
    assert state["progress"]["stage"] in ("fetch", "probe")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"crf": 99}, "options.crf must be from 0 to 51, not 99."),
        ({"container": "avi"}, 'options.container must be one of mp4, mkv, not "avi".'),
        ({"crf": 20, "quality": "high"}, "options.crf and options.quality exclude each other: give one of them."),
        ({"vmaf": 100}, "options.vmaf must be from 50 to 99, not 100."),
        ({"tune": "film"}, "Unknown option(s): 'tune'. Leave them out; there are "),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_do(deployment: Deployment, options: Json, sentence: str) -> None:
    answer = deployment.try_declare("holiday.mp4", "video/mp4", 1000, options=options)
    assert (answer.status, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["detail"].startswith(sentence)
