"""The images of compose are those of AWS Lambda: its runtime client starts in them, takes an event and answers."""

import json
from collections.abc import Mapping
from typing import Any

from tests.compose.project import Project, docker
from tests.support.deployment import Json, send
from tests.support.http import gateway_event
from tests.support.media import BIG_BUCK_BUNNY, measure
from tests.support.runtimeapi import RuntimeApi
from tests.support.world import message

ANSWER_WITHIN_S = 120
LAMBDAS_USER = "993:990"
"""Any user may be it: none that the image knows."""


def functions_env(project: Project) -> dict[str, str]:
    """The installation as its host reaches it."""
    ports = project.ports
    url = project.secret("worker", "DATABASE_URL")
    return {
        "DATABASE_URL": url.replace("@postgres:5432/", f"@127.0.0.1:{ports['DB_PORT']}/"),
        "S3_ENDPOINT_URL": f"http://localhost:{ports['S3_PORT']}",
        "S3_ACCESS_KEY_ID": project.secret("worker", "S3_ACCESS_KEY_ID"),
        "S3_SECRET_ACCESS_KEY": project.secret("worker", "S3_SECRET_ACCESS_KEY"),
        "AUTH_MODE": "open",
        "METRICS": "emf",
        "SCRATCH_DIR": "/tmp/bucket265",
        "X265_PRESET": "ultrafast",
        "X265_CRF": "26",
    }


def invoke(project: Project, service: str, handler: str, event: Mapping[str, Any]) -> Any:
    """What a function answers in a service's image, which is started as Lambda does: read-only, without rights."""
    api = RuntimeApi(event)
    env = functions_env(project) | {
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": service,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "10240",
    }
    image = project.containers(service)[0]["Image"]
    words = ["run", "--detach", "--network", "host", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"]
    words += ["--user", LAMBDAS_USER, "--entrypoint", "/opt/venv/bin/python"]
    words += [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
    container = docker(*words, image, "-m", "awslambdaric", handler).strip()
    try:
        answered = api.done.wait(ANSWER_WITHIN_S)
        assert answered, docker("logs", container)
        assert api.error is None, api.error
        return api.answer
    finally:
        docker("rm", "--force", container)
        api.close()


def test_the_api_image_answers_a_request_of_api_gateway(project: Project) -> None:
    deployment = project.deployment()
    declared = deployment.declare("clip.mp4", "video/mp4", 1000)
    params = {"user_id": deployment.user_id, "transaction_id": declared["transaction_id"]}
    answer = invoke(
        project, "api", "functions.status.handler.handler", gateway_event("GET", "/status", params, {}, b"")
    )
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["status"] == "Pending"


def test_the_worker_image_converts_an_upload_that_sqs_tells_of(project: Project) -> None:
    deployment = project.deployment()
    source = BIG_BUCK_BUNNY.read_bytes()
    project.compose("stop", "worker")
    try:
        declared = deployment.declare("clip.mp4", "video/mp4", len(source))
        upload = declared["upload"]
        stored = send("PUT", upload["url"], source, upload["headers"])
        event = told(declared["transaction_id"], len(source), stored.headers["ETag"].strip('"'))
        assert invoke(project, "worker", "functions.converter.handler.handler", event) == {"batchItemFailures": []}
        assert deployment.status(declared["transaction_id"])["status"] == "Completed"
        link = deployment.link(declared["transaction_id"])
        result = measure(send("GET", link["url"]).body)
        assert (result.codec, result.tag, result.frames) == ("hevc", "hvc1", measure(source).frames)
    finally:
        project.start()


def told(transaction_id: str, size: int, etag: str) -> Json:
    """The event of an upload, as SQS hands it to Lambda."""
    item = {"key": f"{transaction_id}/source", "size": size, "eTag": etag}
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "uploads"}, "object": item}}
    return message(json.dumps({"Records": [record]}))
