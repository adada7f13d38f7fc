"""The deployed template, beyond the main path: tokens, forms, events that come twice, two at once, the web's rules."""

import json
from datetime import datetime
from typing import Any

import pytest

from tests.support.cloud.cloud import Cloud
from tests.support.cloud.stack import Stack
from tests.support.deployment import Deployment, Json, send
from tests.support.forms import file_part, form
from tests.support.media import BIG_BUCK_BUNNY, make_clip
from tests.support.waiting import wait_until

MIB = 1024**2
ORIGIN = "https://shop.example"


@pytest.fixture(scope="module")
def finished(cloud_deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """An upload that was converted."""
    clip = make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")
    return cloud_deployment.wait_completed(cloud_deployment.put("clip.mp4", "video/mp4", clip))


def event_of(stack: Stack, state: Json) -> str:
    """The event with which storage told of an upload, as it would send it again."""
    source, key = state["source"], f"{state['transaction_id']}/source"
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": stack.outputs["UploadsBucketName"]},
            "object": {"key": key, "size": source["size"], "eTag": source["etag"]},
        },
    }
    return json.dumps({"Records": [record]})


def wait_for_line(stack: Stack, function: str, *parts: str) -> dict[str, Any]:
    """Wait until a function has logged a line that holds all parts; the line."""

    def found() -> dict[str, Any] | None:
        lines = [line for line in stack.log_lines(function) if line.startswith("{") and all(p in line for p in parts)]
        return json.loads(lines[-1]) if lines else None

    return wait_until(found, f"a line of {function} with {parts}") or {}


@pytest.mark.parametrize(
    "claims", [{"aud": "somebody-else"}, {"exp": 1_000_000_000}, {"iss": "https://elsewhere.example"}]
)
def test_a_token_that_does_not_hold_is_refused(
    cloud: Cloud, cloud_deployment: Deployment, finished: Json, claims: dict[str, Any]
) -> None:
    url = cloud_deployment.url("/status", transaction_id=finished["transaction_id"])
    token = cloud.issuer.token(cloud_deployment.user_id, **claims)
    assert send("GET", url, headers={"Authorization": f"Bearer {token}"}).status == 401


@pytest.mark.parametrize("path", ["/upload", "/status", "/download", "/stream", "/receipt", "/thumbnail"])
def test_nobody_gets_in_without_a_token(cloud_deployment: Deployment, finished: Json, path: str) -> None:
    method = "POST" if path == "/upload" else "GET"
    url = cloud_deployment.url(path, transaction_id=finished["transaction_id"])
    answer = send(method, url, b"{}" if method == "POST" else None, {"Content-Type": "application/json"})
    assert (answer.status, set(answer.json())) == (401, {"message"})


def test_a_user_needs_no_user_id_for_the_token_names_it(
    cloud: Cloud, cloud_deployment: Deployment, finished: Json
) -> None:
    token = cloud.token_of(cloud_deployment.user_id)
    url = f"{cloud_deployment.api_url}/status?transaction_id={finished['transaction_id']}"
    answer = send("GET", url, headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["transaction_id"] == finished["transaction_id"]


def test_a_form_that_lambda_cannot_take_is_told_the_presigned_way(cloud_deployment: Deployment) -> None:
    body, headers = form(file_part(bytes(4 * MIB + 1), "big.mp4", "video/mp4"))
    answer = cloud_deployment.send("POST", "/upload", body, headers)
    problem = answer.json()
    assert (answer.status, problem["status"]) == (413, 413)
    assert problem["detail"] == problem["message"]
    assert "POST /upload with JSON" in problem["detail"]
    assert "PUT it to the link" in problem["detail"]
    assert problem["request_id"]


def test_an_event_that_comes_again_changes_nothing(
    cloud_stack: Stack, cloud_deployment: Deployment, finished: Json
) -> None:
    sqs = cloud_stack.emulator.client("sqs")
    sent = sqs.send_message(
        QueueUrl=cloud_stack.outputs["UploadsQueueUrl"], MessageBody=event_of(cloud_stack, finished)
    )
    line = wait_for_line(cloud_stack, "converter", sent["MessageId"], '"outcome"')
    assert line["outcome"] != "completed"
    assert cloud_deployment.status(finished["transaction_id"]) == finished


def test_an_event_of_a_result_never_starts_a_conversion(
    cloud_stack: Stack, cloud_deployment: Deployment, finished: Json
) -> None:
    s3 = cloud_stack.emulator.client("s3")
    bucket = cloud_stack.outputs["ConvertedBucketName"]
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    key = f"{finished['transaction_id']}/1.mp4"
    event = event_of(cloud_stack, finished).replace(cloud_stack.outputs["UploadsBucketName"], bucket)
    event = event.replace(f"{finished['transaction_id']}/source", key)
    sqs = cloud_stack.emulator.client("sqs")
    sent = sqs.send_message(QueueUrl=cloud_stack.outputs["UploadsQueueUrl"], MessageBody=event)
    assert wait_for_line(cloud_stack, "converter", sent["MessageId"], '"outcome"')["outcome"] == "not_ours"
    assert cloud_deployment.status(finished["transaction_id"]) == finished


def test_what_is_no_event_is_dropped(cloud_stack: Stack) -> None:
    sqs = cloud_stack.emulator.client("sqs")
    sent = sqs.send_message(QueueUrl=cloud_stack.outputs["UploadsQueueUrl"], MessageBody="hello")
    assert wait_for_line(cloud_stack, "converter", sent["MessageId"])["message"] == "event.malformed"


def test_two_uploads_are_converted_at_once_by_two_workers(cloud_deployment: Deployment) -> None:
    clip = BIG_BUCK_BUNNY.read_bytes()
    ids = [cloud_deployment.put(f"{number}.mp4", "video/mp4", clip) for number in (1, 2)]
    states = [cloud_deployment.wait_completed(transaction_id) for transaction_id in ids]
    assert len({state["worker"] for state in states}) == 2
    begins = [datetime.fromisoformat(state["converting_since"]) for state in states]
    ends = [datetime.fromisoformat(state["converting_until"]) for state in states]
    assert max(begins) < min(ends)


def test_a_page_of_another_origin_may_upload_and_read_the_etag(cloud_deployment: Deployment) -> None:
    upload = cloud_deployment.declare("page.mp4", "video/mp4", 1000)["upload"]
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    preflight = send("OPTIONS", upload["url"], headers=asked)
    assert preflight.status == 200
    assert preflight.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)
    stored = send("PUT", upload["url"], bytes(1000), upload["headers"] | {"Origin": ORIGIN})
    assert stored.status == 200
    assert "etag" in stored.headers["Access-Control-Expose-Headers"].lower()


def test_a_page_of_another_origin_may_ask_the_api(cloud_deployment: Deployment) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    preflight = send("OPTIONS", f"{cloud_deployment.api_url}/upload", headers=asked)
    assert preflight.status in (200, 204)
    assert preflight.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)
    allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
    assert {"authorization", "content-type", "idempotency-key"} <= {name.strip() for name in allowed.split(",")}


def test_the_documentation_brings_its_own_scripts(cloud_deployment: Deployment) -> None:
    page = send("GET", f"{cloud_deployment.api_url}/docs").body.decode()
    for name in ("docs/swagger-ui-bundle.js", "docs/swagger-ui.css", "openapi.json"):
        assert name in page
        assert send("GET", f"{cloud_deployment.api_url}/{name}").status == 200


def test_one_upload_can_be_followed_through_the_logs(cloud_stack: Stack, finished: Json) -> None:
    transaction_id = finished["transaction_id"]
    asked = wait_for_line(cloud_stack, "upload", transaction_id, '"request"')
    done = wait_for_line(cloud_stack, "converter", transaction_id, '"completed"')
    assert asked["correlation_id"] == done["correlation_id"] == transaction_id
    assert (asked["service"], done["service"]) == ("upload", "converter")


def test_no_log_line_holds_a_link_a_token_or_a_password(
    cloud: Cloud, cloud_stack: Stack, cloud_deployment: Deployment, finished: Json
) -> None:
    link = cloud_deployment.link(finished["transaction_id"])
    wait_for_line(cloud_stack, "download", finished["transaction_id"])
    password = cloud.desk.secrets.postgres_password
    signature = link["url"].partition("X-Amz-Signature=")[2][:20]
    for function in ("upload", "status", "download", "converter", "migrate"):
        lines = "\n".join(cloud_stack.log_lines(function))
        assert lines
        for secret in ("X-Amz-Signature", "Bearer ", password, signature):
            assert secret not in lines


def test_the_metrics_of_a_conversion_reach_cloudwatch(cloud_stack: Stack, finished: Json) -> None:
    assert finished["status"] == "Completed"
    line = wait_for_line(cloud_stack, "converter", '"CloudWatchMetrics"', "conversions_completed")
    assert line["conversions_completed"]
    assert line["service"] == "converter"
