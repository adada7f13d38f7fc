"""The terminal client's promises, against a service played by one function."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from local.client import ApiClient
from local.localfile import LocalFile, measure
from local.problems import ClientError
from local.transfer import DownloadLink, Part

USER = UUID("11111111-1111-4111-8111-111111111111")
API = "http://api.test"
STORAGE = "http://storage.test"
CONTENT = bytes(range(256)) * 4096
RECEIPT = b'{ "source":{} }\n'
STORYBOARD = "WEBVTT\n\n00:00.000 --> 00:05.000\nhttp://storage.test/sprite?X-Amz-Expires=3600#xywh=0,0,160,90\n"


class BreakingStream(httpx.SyncByteStream):
    """A body that ends with a broken connection."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content
        raise httpx.ReadError("reset by peer")


class Service:
    """API and storage. ``storage`` answers each request to the storage, in turn; the last one goes on answering."""

    def __init__(self, *storage: Callable[[httpx.Request], httpx.Response]) -> None:
        self.requests: list[httpx.Request] = []
        self.received: list[bytes] = []
        self.states: list[dict[str, Any]] = [{"status": "Completed"}]
        self.result = CONTENT
        self.declared_upload = True
        self._storage = list(storage)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host == "storage.test":
            answer = self._storage.pop(0) if len(self._storage) > 1 else self._storage[0]
            return answer(request)
        return self._api(request)

    def _api(self, request: httpx.Request) -> httpx.Response:
        assert request.url.params["user_id"] == str(USER)
        if request.url.path == "/upload":
            return httpx.Response(200, json=self._declaration(json.loads(request.read())))
        if request.url.path == "/status":
            return httpx.Response(200, json=self.states.pop(0) if len(self.states) > 1 else self.states[0])
        if request.url.path == "/receipt":
            return httpx.Response(200, content=RECEIPT, headers={"Content-Type": "application/json"})
        if request.url.params.get("kind") == "storyboard":
            return httpx.Response(200, text=STORYBOARD, headers={"Content-Type": "text/vtt"})
        assert request.headers["Accept"] == "application/json"
        about = {"filename": "a.mp4", "size": len(self.result), "sha256": hashlib.sha256(self.result).hexdigest()}
        return httpx.Response(200, json=about | {"url": f"{STORAGE}/out", "expires_at": "2030-01-01T00:00:00Z"})

    def _declaration(self, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": body["content_type"], "Content-Length": str(body["size"]), "If-None-Match": "*"}
        upload = {"method": "PUT", "url": f"{STORAGE}/in", "headers": headers, "expires_at": "2030-01-01T00:00:00Z"}
        return {"message": "ok", "transaction_id": "t-1", "upload": upload if self.declared_upload else None}

    def take(self, request: httpx.Request) -> httpx.Response:
        self.received.append(request.read())
        return httpx.Response(200)

    def sent_to(self, path: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path == path]

    def client(self) -> ApiClient:
        return ApiClient(API, USER, transport=httpx.MockTransport(self), pause=lambda _: None)


def cut(request: httpx.Request) -> httpx.Response:
    """The bytes arrive, the answer is lost."""
    request.read()
    raise httpx.ReadError("reset by peer", request=request)


def already_there(request: httpx.Request) -> httpx.Response:
    return httpx.Response(412, text="<Error><Code>PreconditionFailed</Code></Error>")


def serve(content: bytes, cut_after: int | None = None) -> Callable[[httpx.Request], httpx.Response]:
    """Storage that knows Range, and breaks off ``cut_after`` bytes into its answer."""

    def answer(request: httpx.Request) -> httpx.Response:
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        body = content[start:]
        stream = httpx.ByteStream(body) if cut_after is None else BreakingStream(body[:cut_after])
        return httpx.Response(206 if start else 200, stream=stream)

    return answer


@pytest.fixture
def film(tmp_path: Path) -> LocalFile:
    path = tmp_path / "holiday.mov"
    path.write_bytes(CONTENT)
    return measure(path)


def source_of(file: LocalFile, **other: Any) -> dict[str, Any]:
    return {"size": file.size, "etag": file.md5} | other


def test_declares_name_type_size_and_sum_under_one_idempotency_key(film: LocalFile) -> None:
    service = Service()
    declared = service.client().declare(film)
    request = service.requests[0]
    assert json.loads(request.content) == {
        "filename": "holiday.mov",
        "content_type": "video/quicktime",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    assert request.headers["Idempotency-Key"] == declared.key
    assert service.client().declare(film).key != declared.key


def test_options_are_declared_and_declared_again_when_the_upload_was_cut(film: LocalFile) -> None:
    service = Service(cut)
    service._storage.append(service.take)
    client = service.client()
    options = {"quality": "high", "previews": "off"}
    declared = client.declare(film, options=options)
    assert client.put(declared, film)
    asked = [json.loads(request.content) for request in service.sent_to("/upload")]
    assert [body["options"] for body in asked] == [options, options]


def test_put_sends_the_bytes_with_exactly_the_signed_headers(film: LocalFile) -> None:
    service = Service()
    service._storage = [service.take]
    client = service.client()
    seen: list[int] = []
    assert client.put(client.declare(film), film, seen.append)
    headers = service.sent_to("/in")[0].headers
    assert service.received == [CONTENT]
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["Content-Type"] == "video/quicktime"
    assert headers["If-None-Match"] == "*"
    assert "Transfer-Encoding" not in headers
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)


def test_an_upload_whose_answer_was_lost_is_recognised_as_ours(film: LocalFile) -> None:
    for quoted in (False, True):
        service = Service(cut, already_there)
        etag = f'"{film.md5}"' if quoted else film.md5
        service.states = [{"status": "Pending"}, {"status": "Completed", "source": source_of(film, etag=etag)}]
        client = service.client()
        declared = client.declare(film)
        assert not client.put(declared, film)
        assert client.wait("t-1", expect=film)["status"] == "Completed"
        keys = {request.headers["Idempotency-Key"] for request in service.sent_to("/upload")}
        assert keys == {declared.key}


@pytest.mark.parametrize("other", [{"etag": "0" * 32}, {"size": 1}])
def test_another_file_found_in_storage_is_not_taken_for_ours(film: LocalFile, other: dict[str, Any]) -> None:
    service = Service(already_there)
    service.states = [{"status": "Converting", "source": source_of(film, **other)}]
    client = service.client()
    assert not client.put(client.declare(film), film)
    with pytest.raises(ClientError, match="another file") as caught:
        client.wait("t-1", expect=film)
    assert caught.value.code == "foreign_upload"


def test_a_lost_answer_after_which_the_api_knows_the_object_is_not_sent_again(film: LocalFile) -> None:
    service = Service(cut)
    client = service.client()
    declared = client.declare(film)
    service.declared_upload = False
    assert not client.put(declared, film)
    assert len(service.sent_to("/in")) == 1


def test_an_upload_is_sent_again_until_it_arrives_and_gives_up_in_the_end(film: LocalFile) -> None:
    service = Service(cut, lambda _: httpx.Response(503), cut)
    service._storage.append(service.take)
    client = service.client()
    assert client.put(client.declare(film), film)
    assert service.received == [CONTENT]
    hopeless = Service(cut)
    client = hopeless.client()
    with pytest.raises(ClientError, match=r"The upload of holiday\.mov failed: the connection broke"):
        client.put(client.declare(film), film)
    assert len(hopeless.sent_to("/in")) == 4


def test_a_refused_upload_tells_the_storages_reason_and_is_not_repeated(film: LocalFile) -> None:
    body = "<Error><Code>SignatureDoesNotMatch</Code><Message>The signature differs.</Message></Error>"
    service = Service(lambda _: httpx.Response(403, text=body))
    client = service.client()
    with pytest.raises(ClientError, match="SignatureDoesNotMatch, The signature differs"):
        client.put(client.declare(film), film)
    assert len(service.sent_to("/in")) == 1


def test_a_file_that_shrinks_while_it_is_uploaded_is_named(film: LocalFile) -> None:
    service = Service()
    service._storage = [service.take]
    client = service.client()
    declared = client.declare(film)
    film.path.write_bytes(CONTENT[:1000])
    with pytest.raises(ClientError, match="became shorter"):
        client.put(declared, film)


def test_wait_shows_each_state_and_returns_the_completed_one() -> None:
    service = Service()
    service.states = [{"status": s} for s in ("Pending", "Converting", "Retrying", "Completed")]
    seen: list[str] = []
    assert service.client().wait("t-1", lambda state: seen.append(state["status"]))["status"] == "Completed"
    assert seen == ["Pending", "Converting", "Retrying", "Completed"]


def test_wait_ends_with_the_reason_of_a_failed_conversion() -> None:
    service = Service()
    service.states = [{"status": "Failed", "error_code": "not_a_video", "error_reason": "No video in it."}]
    with pytest.raises(ClientError, match=r"No video in it\.") as caught:
        service.client().wait("t-1")
    assert caught.value.code == "not_a_video"


def test_wait_bears_an_api_that_restarts() -> None:
    answers: list[httpx.Response | type[httpx.TransportError]] = [
        httpx.ConnectError, httpx.Response(500), httpx.ReadError, httpx.Response(200, json={"status": "Completed"}),
    ]  # fmt: skip

    def handle(request: httpx.Request) -> httpx.Response:
        answer = answers.pop(0)
        if isinstance(answer, httpx.Response):
            return answer
        raise answer("down", request=request)

    client = ApiClient(API, USER, transport=httpx.MockTransport(handle), pause=lambda _: None)
    assert client.wait("t-1")["status"] == "Completed"


def test_fetch_resumes_where_it_was_cut(tmp_path: Path) -> None:
    service = Service(serve(CONTENT, cut_after=300_000), serve(CONTENT, cut_after=300_000), serve(CONTENT))
    out = tmp_path / "a.mp4"
    seen: list[int] = []
    service.client().fetch("t-1", out, seen.append)
    assert out.read_bytes() == CONTENT
    assert [r.headers.get("Range") for r in service.sent_to("/out")] == [None, "bytes=300000-", "bytes=600000-"]
    assert seen == sorted(seen)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_fetch_goes_on_with_what_an_earlier_run_left(tmp_path: Path) -> None:
    service = Service(serve(CONTENT))
    (tmp_path / "a.mp4.part").write_bytes(CONTENT[:1000])
    service.client().fetch("t-1", tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == CONTENT
    assert service.sent_to("/out")[0].headers["Range"] == "bytes=1000-"


@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * (len(CONTENT) + 1), b"x" * len(CONTENT)])
def test_fetch_starts_again_when_the_rest_of_an_earlier_run_is_of_another_file(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "a.mp4.part").write_bytes(left)
    Service(serve(CONTENT)).client().fetch("t-1", tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == CONTENT


def test_a_storage_without_ranges_is_read_from_the_start(tmp_path: Path) -> None:
    service = Service(
        serve(CONTENT, cut_after=300_000), lambda _: httpx.Response(200, stream=httpx.ByteStream(CONTENT))
    )
    service.client().fetch("t-1", tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "code"),
    [(CONTENT[:-1] + b"?", "wrong_sum"), (CONTENT + b"?", "wrong_size"), (CONTENT[:-1], "download_cut")],
)
def test_a_wrong_download_never_gets_the_final_name(tmp_path: Path, content: bytes, code: str) -> None:
    service = Service(lambda _: httpx.Response(200, stream=httpx.ByteStream(content)))
    with pytest.raises(ClientError) as caught:
        service.client().fetch("t-1", tmp_path / "a.mp4")
    assert caught.value.code == code
    assert not (tmp_path / "a.mp4").exists()


def test_fetch_overwrites_only_by_force(tmp_path: Path) -> None:
    out = tmp_path / "a.mp4"
    out.write_text("precious")
    client = Service(serve(CONTENT)).client()
    with pytest.raises(ClientError, match="exists already; --force"):
        client.fetch("t-1", out)
    assert out.read_text() == "precious"
    client.fetch("t-1", out, force=True)
    assert out.read_bytes() == CONTENT


def test_a_receipt_is_handed_over_byte_for_byte_and_a_storyboard_as_text() -> None:
    client = Service().client()
    assert client.receipt("t-1") == RECEIPT
    assert client.storyboard("t-1") == STORYBOARD


def test_a_thumbnail_is_fetched_whole_with_or_without_a_known_sum(tmp_path: Path) -> None:
    service = Service(serve(CONTENT, cut_after=300_000), serve(CONTENT))
    client = service.client()
    client.fetch_thumbnail("t-1", "poster", tmp_path / "a.jpg")
    assert (tmp_path / "a.jpg").read_bytes() == CONTENT
    assert {request.url.params["kind"] for request in service.sent_to("/thumbnail")} == {"poster"}
    part = tmp_path / "b.part"
    with part.open("w+b") as sink:
        sink.write(b"12")
        sink.flush()
        assert Part(sink).is_whole(DownloadLink("u", "b", 2, None))
        assert not Part(sink).is_whole(DownloadLink("u", "b", 3, None))


def answering(response: httpx.Response | type[httpx.TransportError]) -> ApiClient:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(response, httpx.Response):
            return response
        raise response("no", request=request)

    return ApiClient(API, USER, transport=httpx.MockTransport(handle), pause=lambda _: None)


@pytest.mark.parametrize(
    ("response", "sentence", "code"),
    [
        (
            httpx.Response(404, json={"detail": "Transaction not found", "code": "transaction_not_found"}),
            "Transaction not found",
            "transaction_not_found",
        ),
        (
            httpx.Response(403, json={"detail": "Forbidden", "code": "forbidden"}),
            "Forbidden: this belongs to another user; name its owner with --user, or by their token in BUCKET265_TOKEN",
            "forbidden",
        ),
        (
            httpx.Response(401, json={"detail": "The token has expired; get a new one.", "code": "unauthorized"}),
            "The token has expired; get a new one. This client takes it from BUCKET265_TOKEN.",
            "unauthorized",
        ),
        (
            httpx.Response(400, json={"detail": "Missing required parameter(s): user_id", "code": "missing_parameter"}),
            "Missing required parameter(s): user_id: this API takes no tokens; unset BUCKET265_TOKEN, or name yourself"
            " with --user",
            "missing_parameter",
        ),
        (
            httpx.Response(401, json={"message": "Unauthorized"}),
            "The API was sent no token that it accepts: put one into BUCKET265_TOKEN that is meant for it and has not"
            " expired. (It said: Unauthorized)",
            "unauthorized",
        ),
        (
            httpx.Response(403, json={"message": "Forbidden"}),
            "The gateway before the API does not let this request through: ask whoever runs it. (It said: Forbidden)",
            "http_403",
        ),
        (
            httpx.Response(413, json={"message": "Request Entity Too Large"}),
            "The request has more bytes than the gateway before the API takes (10 MB on AWS): declare the file as JSON"
            " and PUT it to the link of the answer, as `python -m local convert` does."
            " (It said: Request Entity Too Large)",
            "http_413",
        ),
        (
            httpx.Response(500, json={"message": "Internal Server Error"}),
            "The API's function failed: try again; if that does not help, its operator finds the reason in its log."
            " (It said: Internal Server Error)",
            "http_500",
        ),
        (
            httpx.Response(500, json={"detail": "It broke.", "code": "internal_error", "request_id": "r1"}),
            "It broke. (request r1)",
            "internal_error",
        ),
        (
            httpx.Response(503, json={"message": "Service Unavailable"}),
            "The API's function was not done in time (30 s on AWS), or none was free: try again in a moment."
            " (It said: Service Unavailable)",
            "http_503",
        ),
        (httpx.Response(502, text="<html>"), "The server answered 502 Bad Gateway.", "http_502"),
        (httpx.Response(200, text="<html>"), "What answers at http://api.test/status is not this API.", "not_this_api"),
        (
            httpx.ConnectError,
            "Nothing answers at http://api.test: is the stack up? Start it with `make up`.",
            "unreachable",
        ),
        (httpx.ReadTimeout, "The server at http://api.test did not answer in time; try again.", "unreachable"),
    ],
)
def test_each_error_is_one_sentence_and_a_code(
    response: httpx.Response | type[httpx.TransportError], sentence: str, code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        answering(response).status("t-1")
    assert (str(caught.value), caught.value.code) == (sentence, code)


def test_the_token_goes_to_the_api_and_never_to_the_storage(film: LocalFile, tmp_path: Path) -> None:
    requests: list[httpx.Request] = []
    service = Service(serve(CONTENT))

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.url.path == "/in":
            return service.take(request)
        if request.url.host == "api.test":
            assert "user_id" not in request.url.params
            request.url = request.url.copy_add_param("user_id", str(USER))
        return service(request)

    client = ApiClient(API, None, token="abc.def.ghi", transport=httpx.MockTransport(handle), pause=lambda _: None)
    client.put(client.declare(film), film)
    client.wait("t-1")
    client.fetch("t-1", tmp_path / "out.mp4")
    assert {request.url.host for request in requests} == {"api.test", "storage.test"}
    for request in requests:
        to_api = request.url.host == "api.test"
        assert request.headers.get("Authorization") == ("Bearer abc.def.ghi" if to_api else None)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match=r"gone\.mov: there is no such file"):
        measure(tmp_path / "gone.mov")
    with pytest.raises(ClientError, match="is not a file"):
        measure(tmp_path)
