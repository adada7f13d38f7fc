"""The main path on any deployment: presigned PUT, conversion, presigned GET. ``urllib`` and a second S3 client."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.deployment import Deployment, Json, send
from tests.support.forms import field_part, file_part, form
from tests.support.media import BIG_BUCK_BUNNY, Video, boxes, make_clip, measure

REAL_CLIP_FRAMES = 132


@dataclass(frozen=True)
class Trip:
    """A clip that went all the way."""

    source: bytes
    state: Json
    link: Json
    result: bytes

    @property
    def transaction_id(self) -> str:
        return str(self.state["transaction_id"])


def fetched(link: Json) -> bytes:
    answer = send("GET", link["url"])
    assert answer.status == 200, answer.body
    return answer.body


@pytest.fixture(scope="module")
def trip(deployment: Deployment) -> Trip:
    """The real clip, with its checksum declared."""
    source = BIG_BUCK_BUNNY.read_bytes()
    sha256 = hashlib.sha256(source).hexdigest()
    state = deployment.wait_completed(
        deployment.put("holiday in Ålesund.mov", "video/quicktime", source, sha256=sha256)
    )
    link = deployment.link(state["transaction_id"])
    return Trip(source, state, link, fetched(link))


def assert_same_video(result: Video, source: Video) -> None:
    """HEVC that players take, every frame at its time, the sound untouched."""
    assert (result.codec, result.tag) == ("hevc", "hvc1")
    assert (result.width, result.height) == (source.width, source.height)
    assert result.frames == source.frames
    assert result.frame_times_s == pytest.approx(source.frame_times_s, abs=0.001)
    assert result.audio == source.audio


def test_a_real_clip_comes_back_as_hevc_with_every_frame_and_its_sound(trip: Trip) -> None:
    source = measure(trip.source)
    assert source.frames == REAL_CLIP_FRAMES
    assert_same_video(measure(trip.result), source)


def test_the_result_can_be_played_before_all_of_it_has_come(trip: Trip) -> None:
    names = boxes(trip.result)
    assert names.index("moov") < names.index("mdat")


def test_the_link_tells_name_size_and_sum_of_what_it_gives(trip: Trip) -> None:
    assert trip.link["filename"] == "holiday in Ålesund.mp4"
    assert trip.link["size"] == len(trip.result)
    assert trip.link["sha256"] == hashlib.sha256(trip.result).hexdigest()


def test_status_tells_source_and_result(trip: Trip) -> None:
    state = trip.state
    assert state["source"] == {"size": len(trip.source), "etag": hashlib.md5(trip.source).hexdigest()}  # noqa: S324
    assert state["converted"] == {"size": len(trip.result), "sha256": trip.link["sha256"]}
    assert (state["original_codec"], state["target_codec"], state["target_format"]) == ("h264", "h265", "mp4")
    assert (state["progress"]["percent"], state["attempt"], state["error_code"]) == (100, 1, None)
    assert state["converting_since"] < state["converting_until"]
    assert state["worker"]


def test_download_redirects_to_the_file_and_tells_the_link_in_the_body(deployment: Deployment, trip: Trip) -> None:
    answer = deployment.send("GET", "/download", transaction_id=trip.transaction_id)
    assert answer.status == 307
    assert answer.headers["Location"] == answer.json()["url"]
    assert fetched(answer.json()) == trip.result


@pytest.mark.parametrize(("path", "kind"), [("/download", "attachment"), ("/stream", "inline")])
def test_the_file_arrives_under_the_users_name(deployment: Deployment, trip: Trip, path: str, kind: str) -> None:
    answer = deployment.send("GET", path, follow=True, transaction_id=trip.transaction_id)
    assert answer.body == trip.result
    assert answer.headers["Content-Type"] == "video/mp4"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith(f"{kind};")
    assert "filename*=UTF-8''holiday%20in%20%C3%85lesund.mp4" in disposition


@pytest.mark.parametrize(
    ("asked", "part"), [("0-99", slice(0, 100)), ("1000-1999", slice(1000, 2000)), ("-50", slice(-50, None))]
)
def test_the_link_takes_range_requests(deployment: Deployment, trip: Trip, asked: str, part: slice) -> None:
    url = deployment.send("GET", "/stream", transaction_id=trip.transaction_id).headers["Location"]
    answer = send("GET", url, headers={"Range": f"bytes={asked}"})
    assert answer.status == 206
    assert answer.body == trip.result[part]
    assert answer.headers["Content-Range"].endswith(f"/{len(trip.result)}")


def test_a_link_works_once_and_for_the_declared_size_and_type_only(deployment: Deployment) -> None:
    upload = deployment.declare("once.mp4", "video/mp4", 1000)["upload"]

    def put(size: int, content_type: str = "video/mp4") -> int:
        headers = upload["headers"] | {"Content-Length": str(size), "Content-Type": content_type}
        return send("PUT", upload["url"], bytes(size), headers).status

    assert put(999) == 403
    assert put(1000, "text/html") == 403
    assert put(1000) == 200
    assert put(1000) == 412


def test_a_form_upload_converts(deployment: Deployment, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mkv")
    body, headers = form(field_part("user_id", deployment.user_id), file_part(source, "clip.mkv", "video/x-matroska"))
    answer = deployment.send("POST", "/upload", body, headers)
    assert answer.status == 200, answer.body
    assert answer.json()["message"] == "File uploaded successfully"
    state = deployment.wait_completed(answer.json()["transaction_id"])
    assert_same_video(measure(fetched(deployment.link(state["transaction_id"]))), measure(source))


def test_the_classic_client_works_unchanged(deployment: Deployment, tmp_path: Path) -> None:
    """It posts a form, polls, and follows the redirect of the download; it knows nothing else of us."""
    source = make_clip(tmp_path / "classic.mp4")
    body, headers = form(file_part(source, "classic.mp4", "video/mp4"))
    answer = deployment.send("POST", "/upload", body, headers)
    assert answer.json()["filename"] == "classic.mp4"
    transaction_id = answer.json()["transaction_id"]
    deployment.wait_completed(transaction_id)
    download = deployment.send("GET", "/download", follow=True, transaction_id=transaction_id)
    assert_same_video(measure(download.body), measure(source))


def test_a_second_client_reads_the_result(deployment: Deployment, trip: Trip) -> None:
    bucket, key = location(trip.link["url"])
    client = deployment.second_client()
    found = client.stat_object(bucket, key)
    assert (found.size, found.content_type) == (len(trip.result), "video/mp4")
    response = client.get_object(bucket, key)
    try:
        assert response.read() == trip.result
    finally:
        response.close()
        response.release_conn()


def test_a_second_client_uploads_in_parts(deployment: Deployment, tmp_path: Path) -> None:
    """Who has the keys needs no link: any object under the declared key starts the conversion."""
    uncompressed = ("-c:v", "rawvideo", "-pix_fmt", "uyvy422", "-c:a", "aac")
    source = make_clip(tmp_path / "big.mov", options=uncompressed)
    part_size = 5 * 2**20
    assert len(source) > part_size
    declared = deployment.declare("big.mov", "video/quicktime", len(source))
    bucket, key = location(declared["upload"]["url"])
    stored = deployment.second_client().put_object(bucket, key, io.BytesIO(source), -1, part_size=part_size)
    state = deployment.wait_completed(declared["transaction_id"])
    assert state["source"] == {"size": len(source), "etag": stored.etag}
    assert_same_video(measure(fetched(deployment.link(state["transaction_id"]))), measure(source))


def location(url: str) -> tuple[str, str]:
    """Bucket and key of a path-style link."""
    bucket, _, key = unquote(urlsplit(url).path).lstrip("/").partition("/")
    return bucket, key


def test_what_is_no_video_fails_at_once_with_its_code(deployment: Deployment) -> None:
    state = deployment.wait_final(deployment.put("notes.mp4", "video/mp4", b"These are notes, not a video.\n" * 100))
    assert (state["status"], state["error_code"], state["attempt"]) == ("Failed", "not_a_video", 1)
    assert state["error_reason"]
    answer = deployment.send("GET", "/download", transaction_id=state["transaction_id"])
    assert (answer.status, answer.json()["message"]) == (409, "File not ready for download")


def test_another_users_transaction_is_forbidden(deployment: Deployment, trip: Trip) -> None:
    stranger = deployment.for_another_user()
    for path in ("/status", "/download", "/stream", "/receipt", "/thumbnail"):
        answer = stranger.send("GET", path, transaction_id=trip.transaction_id)
        assert (answer.status, answer.json()["message"]) == (403, "Forbidden")


def test_the_api_documents_itself(deployment: Deployment) -> None:
    paths = send("GET", f"{deployment.api_url}/openapi.json").json()["paths"]
    assert {"/upload", "/status", "/download", "/stream", "/receipt", "/thumbnail"} <= set(paths)
    assert send("GET", f"{deployment.api_url}/docs").status == 200
