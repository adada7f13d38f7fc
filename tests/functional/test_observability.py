"""What is logged and counted while the functions work: one thread through all lines of an upload, and no secret."""

import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from botocore.exceptions import EndpointConnectionError

from functions.reconciler.reconcile import Reconciler
from functions.shared import metrics
from functions.shared.errors import StorageUnavailable
from functions.shared.settings import settings
from functions.shared.storage import Storage
from functions.shared.wiring import database, storage, upkeep
from local.metrics import PrometheusSink
from tests.support.clips import Clips
from tests.support.http import Api, environment, gateway_event
from tests.support.loglines import captured, log_lines
from tests.support.rows import completed
from tests.support.runtimeapi import REQUEST_ID, FunctionFailed, cold_start
from tests.support.servers import Servers
from tests.support.world import DONE, World, fails, message, message_failed, object_created

FILE = {"filename": "a.mp4", "content_type": "video/mp4", "size": 5}
JSON = {"content-type": "application/json"}
connect = psycopg2.connect
CONVERSION = ["claimed", *["stage.done"] * 2, *["encoded"] * 2, *["stage.done"] * 3, "completed", "record"]
"""Of the smallest film, whose first result is larger than its source."""


@pytest.fixture
def logged() -> Iterator[StringIO]:
    with captured() as stream:
        yield stream


@pytest.fixture
def figures() -> Iterator[PrometheusSink]:
    """What this test counts."""
    before, sink = metrics._sink, PrometheusSink()
    metrics.send_to(sink)
    yield sink
    metrics.send_to(before)


def counted(sink: PrometheusSink) -> dict[str, float]:
    """Figures above zero, without the buckets."""
    return {
        ".".join([one.name.removeprefix("bucket265_"), *one.labels.values()]): one.value
        for one in sink.samples()
        if one.value and "le" not in one.labels
    }


def lines_of(stream: StringIO, transaction_id: object) -> list[str]:
    return [line["message"] for line in log_lines(stream.getvalue(), correlation_id=str(transaction_id))]


def test_each_line_of_a_conversion_names_its_transaction(
    world: World, clips: Clips, logged: StringIO, figures: PrometheusSink
) -> None:
    upload = world.upload(clips("smallest.mp4"))
    assert world.handle(object_created(upload)) == DONE
    assert lines_of(logged, upload.transaction_id) == CONVERSION
    assert len(log_lines(logged.getvalue())) == len(CONVERSION)
    (line,) = log_lines(logged.getvalue(), "completed")
    row, now = world.row(upload), counted(figures)
    assert (line["bytes_in"], line["bytes_out"]) == (upload.size, row["converted_size"])
    assert (now["bytes_in_total"], now["bytes_out_total"]) == (upload.size, row["converted_size"])
    assert now["media_seconds_total"] == pytest.approx(line["media_s"], abs=0.001)
    for name in ("uploads_stored_total", "conversions_started_total", "conversions_completed_total"):
        assert now[name] == 1
    stages = ("fetch", "probe", "encode", "verify", "publish")
    assert sum(now[f"stage_seconds_sum.{stage}"] for stage in stages) <= now["conversion_seconds_sum"]


def test_a_failure_and_a_retry_are_counted_by_their_code(
    world: World, clips: Clips, logged: StringIO, figures: PrometheusSink
) -> None:
    bad = world.upload(b"no video at all")
    assert world.handle(object_created(bad)) == DONE
    assert lines_of(logged, bad.transaction_id)[-2:] == ["attempt.failed", "record"]
    world.patch.setattr(Storage, "put_once", fails(OSError("kaboom")))
    crashed = world.upload(clips("smallest.mp4"))
    assert world.handle(object_created(crashed)) == message_failed()
    assert lines_of(logged, crashed.transaction_id)[-3:] == ["attempt.crashed", "attempt.retry", "record"]
    now = counted(figures)
    assert (now["conversions_failed_total.not_a_video"], now["conversions_retried_total.internal_error"]) == (1, 1)
    assert (now["conversions_started_total"], now["uploads_stored_total"]) == (2, 2)


def test_the_dead_letter_names_the_transaction_too(world: World, logged: StringIO, figures: PrometheusSink) -> None:
    upload = world.upload(b"x")
    assert world.dead_letter(object_created(upload)) == DONE
    assert lines_of(logged, upload.transaction_id) == ["dead_letter"]
    assert counted(figures)["dead_letters_total"] == 1


def test_requests_log_no_link_and_no_password(api: Api, user_id: str, logged: StringIO) -> None:
    row, _ = completed(user_id)
    ids = {"user_id": user_id, "transaction_id": str(row.transaction_id)}
    links = [
        api.request("POST", "/upload", params=ids, headers=JSON, content=json.dumps(FILE).encode()).json()["upload"],
        api.request("GET", "/download", params=ids).json(),
        api.request("GET", "/stream", params=ids, headers={"authorization": "Bearer abc.def.ghi"}).json(),
    ]
    assert api.request("GET", "/status", params=ids).status_code == 200
    assert len(log_lines(logged.getvalue(), "request", status=307)) == 2
    for link in links:
        assert "X-Amz-Signature" in link["url"]
        assert link["url"].partition("?")[2][:60] not in logged.getvalue()
    expect_no_secrets(logged.getvalue())


def broken_storage(patch: pytest.MonkeyPatch) -> None:
    """Storage whose error quotes the link that was asked for."""
    link = storage().presign_get(settings().uploads_bucket, "k", "inline", "video/mp4")

    def refuse(*_: Any, **__: Any) -> Any:
        raise StorageUnavailable from EndpointConnectionError(endpoint_url=link)

    patch.setattr(Storage, "open_range", refuse)
    patch.setattr(Storage, "head", refuse)


def broken_database(patch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's driver quotes a DSN that it cannot read."""
    patch.setattr("functions.shared.database.psycopg2.connect", lambda url, **_: connect(url.replace(":", "", 1)))
    database().close()


@pytest.mark.parametrize("broken", [broken_storage, broken_database])
def test_errors_that_quote_secrets_are_masked_in_conversions(
    world: World, clips: Clips, logged: StringIO, broken: Callable[[pytest.MonkeyPatch], None]
) -> None:
    upload = world.upload(clips("smallest.mp4"))
    with pytest.MonkeyPatch.context() as patch:
        broken(patch)
        assert world.handle(object_created(upload)) == message_failed()
    assert "***" in logged.getvalue()
    expect_no_secrets(logged.getvalue())


@pytest.mark.parametrize(("broken", "path"), [(broken_storage, "/download"), (broken_database, "/status")])
def test_errors_that_quote_secrets_are_masked_in_requests(
    api: Api, user_id: str, logged: StringIO, broken: Callable[[pytest.MonkeyPatch], None], path: str
) -> None:
    row, _ = completed(user_id)
    ids = {"user_id": user_id, "transaction_id": str(row.transaction_id)}
    with pytest.MonkeyPatch.context() as patch:
        broken(patch)
        assert api.request("GET", path, params=ids).status_code in (500, 503)
    (failure,) = [line for line in log_lines(logged.getvalue()) if "exception" in line]
    assert "***" in failure["exception"]
    (request,) = log_lines(logged.getvalue(), "request")
    assert failure["request_id"] == request["request_id"]
    assert failure["correlation_id"] == str(row.transaction_id)
    expect_no_secrets(logged.getvalue())


def expect_no_secrets(text: str) -> None:
    given = settings()
    password = (given.database_url or "").split(":")[2].partition("@")[0]
    for secret in (password, given.s3_secret_access_key, "X-Amz-Signature", "X-Amz-Credential", "abc.def.ghi"):
        assert secret
        assert secret not in text


def lambda_env(servers: Servers, **more: str) -> dict[str, str]:
    return {**servers.env, "METRICS": "emf", "DATABASE_POOL_SIZE": "1", **more}


def emf_lines(output: str) -> dict[str, Any]:
    """Metrics of an invocation, by name."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith('{"_aws"')]
    assert all(line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "bucket265" for line in lines)
    return {metric["Name"]: line for line in lines for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_on_lambda_a_request_is_a_line_of_powertools_and_its_metrics(servers: Servers, user_id: str) -> None:
    event = gateway_event("POST", "/upload", {"user_id": user_id}, JSON, json.dumps(FILE).encode())
    done = cold_start("functions.upload.handler.handler", event, lambda_env(servers))
    body = json.loads(done.answer["body"])
    (line,) = log_lines(done.output)
    assert (line["message"], line["service"], line["status"]) == ("request", "upload", 200)
    assert line["correlation_id"] == body["transaction_id"]
    assert line["request_id"] == done.answer["headers"]["x-request-id"]
    assert (line["function_name"], line["function_request_id"], line["cold_start"]) == ("function", REQUEST_ID, True)
    figures = emf_lines(done.output)
    assert figures["uploads_declared"]["uploads_declared"] == [1]
    assert (figures["requests"]["route"], figures["requests"]["status"]) == ("/upload", "200")
    assert figures["request_seconds"]["service"] == "upload"
    assert "X-Amz" not in done.output


def test_on_lambda_metrics_can_be_off(servers: Servers, user_id: str) -> None:
    event = gateway_event("GET", "/status", {"user_id": user_id, "transaction_id": str(uuid4())}, {}, b"")
    done = cold_start("functions.status.handler.handler", event, lambda_env(servers, METRICS="off"))
    assert done.answer["statusCode"] == 404
    assert len(log_lines(done.output)) == len(done.output.splitlines()) == 1


def test_on_lambda_a_conversion_and_its_dead_letter_are_of_one_thread(
    servers: Servers, clips: Clips, world: World
) -> None:
    upload = world.upload(clips("smallest.mp4"))
    env = lambda_env(servers, SCRATCH_DIR=str(world.scratch), X265_PRESET="ultrafast")
    done = cold_start("functions.converter.handler.handler", object_created(upload), env)
    assert done.answer == DONE
    lines = log_lines(done.output, correlation_id=str(upload.transaction_id), service="converter")
    assert [line["message"] for line in lines] == CONVERSION
    assert {line["function_request_id"] for line in lines} == {REQUEST_ID}
    figures = emf_lines(done.output)
    assert figures["conversions_completed"]["bytes_in"] == [upload.size]
    assert figures["stage_seconds"]["stage"] == "publish"
    dead = cold_start("functions.deadletter.handler.handler", object_created(upload), env)
    (line,) = log_lines(dead.output, "dead_letter", correlation_id=str(upload.transaction_id))
    assert line["service"] == "deadletter"
    assert emf_lines(dead.output)["dead_letters"]["dead_letters"] == [1]


def test_on_lambda_what_a_handler_raises_holds_no_secret(servers: Servers) -> None:
    broken = {**message("{}"), "Records": "postgresql://u:5ecr3t@db/b"}
    with pytest.raises(FunctionFailed) as failure:
        cold_start("functions.deadletter.handler.handler", broken, lambda_env(servers))
    assert "5ecr3t" not in str(failure.value)


def test_a_reconcilers_pass_is_counted(servers: Servers, figures: PrometheusSink) -> None:
    with environment(servers.env):
        Reconciler(settings(), upkeep(), storage(), lambda source: None).run()
    assert counted(figures)["reconciler_passes_total"] == 1
