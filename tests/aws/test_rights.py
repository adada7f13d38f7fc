"""Each role needs the rights it has: without one of them exactly that step fails, and says so."""

import json
from uuid import uuid4

import pytest

from tests.aws.test_service import event_of, wait_for_line
from tests.support.cloud.cloud import Cloud
from tests.support.cloud.stack import DeployFailed, Stack
from tests.support.deployment import Deployment, Json, send
from tests.support.media import make_clip
from tests.support.waiting import wait_until

READ_SECRET = "secretsmanager:GetSecretValue"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture(scope="module")
def finished(cloud_deployment: Deployment, clip: bytes) -> Json:
    """An upload that was converted."""
    return cloud_deployment.wait_completed(cloud_deployment.put("clip.mp4", "video/mp4", clip))


def wait_for_refusal(deployment: Deployment, transaction_id: str, right: str) -> Json:
    """Wait until an attempt has failed for want of a right, which the status names; the status."""

    def failed() -> Json | None:
        state = deployment.status(transaction_id)
        return state if right in (state["error_reason"] or "") else None

    return wait_until(failed, f"a failure for want of {right}") or {}


def test_upload_without_the_right_to_put_gives_links_that_storage_refuses(
    cloud_stack: Stack, cloud_deployment: Deployment, clip: bytes
) -> None:
    with cloud_stack.without("UploadRole", "s3:PutObject"):
        upload = cloud_deployment.declare("clip.mp4", "video/mp4", len(clip))["upload"]
        assert send("PUT", upload["url"], clip, upload["headers"]).status == 403


def test_upload_without_the_right_to_list_cannot_repeat_an_answer(
    cloud_stack: Stack, cloud_deployment: Deployment
) -> None:
    body = json.dumps({"filename": "a.mp4", "content_type": "video/mp4", "size": 1000}).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
    assert cloud_deployment.send("POST", "/upload", body, headers).status == 200
    with cloud_stack.without("UploadRole", "s3:ListBucket"):
        refused = cloud_deployment.send("POST", "/upload", body, headers)
    assert (refused.status, refused.json()["code"]) == (503, "storage_unavailable")
    assert cloud_deployment.send("POST", "/upload", body, headers).status == 200


def test_status_without_the_secret_does_not_reach_the_database(
    cloud_stack: Stack, cloud_deployment: Deployment, finished: Json
) -> None:
    with cloud_stack.without("StatusRole", READ_SECRET):
        for warm in cloud_stack.sandboxes("status"):
            warm.kill()

        def refused() -> bool:
            """A call that meets the end of the warm process is none of ours to judge."""
            answer = cloud_deployment.send("GET", "/status", transaction_id=finished["transaction_id"])
            return answer.status == 503 and answer.json().get("code") == "database_unavailable"

        wait_until(refused, "the refusal")
    assert cloud_deployment.status(finished["transaction_id"])["status"] == "Completed"


def test_download_without_the_right_to_read_gives_no_link(
    cloud_stack: Stack, cloud_deployment: Deployment, finished: Json
) -> None:
    with cloud_stack.without("DownloadRole", "s3:GetObject"):
        refused = cloud_deployment.send("GET", "/download", transaction_id=finished["transaction_id"])
    assert (refused.status, refused.json()["code"]) == (503, "storage_unavailable")
    assert cloud_deployment.link(finished["transaction_id"])["size"] == finished["converted"]["size"]


def test_estimate_without_the_right_to_read_gives_none(
    cloud_stack: Stack, cloud_deployment: Deployment, finished: Json
) -> None:
    body = json.dumps({"transaction_id": finished["transaction_id"], "options": {"crf": 40}}).encode()
    headers = {"Content-Type": "application/json"}
    with cloud_stack.without("EstimateRole", "s3:GetObject"):
        refused = cloud_deployment.send("POST", "/estimate", body, headers)
    assert (refused.status, refused.json()["code"]) == (503, "storage_unavailable")
    estimate = cloud_deployment.send("POST", "/estimate", body, headers)
    assert (estimate.status, estimate.json()["outcome"]) == (200, "converted")


def test_the_converter_without_the_right_to_read_fails_at_fetch_and_is_retried(
    cloud_stack: Stack, cloud_deployment: Deployment, clip: bytes
) -> None:
    with cloud_stack.without("ConverterRole", "s3:GetObject"):
        transaction_id = cloud_deployment.put("clip.mp4", "video/mp4", clip)
        state = wait_for_refusal(cloud_deployment, transaction_id, "s3:GetObject")
    assert (state["status"], state["error_code"], state["attempt"]) == ("Retrying", "storage_unavailable", 1)
    assert cloud_deployment.wait_completed(transaction_id)["attempt"] > 1


def test_the_converter_without_the_right_to_write_fails_at_publish_and_is_retried(
    cloud_stack: Stack, cloud_deployment: Deployment, clip: bytes
) -> None:
    with cloud_stack.without("ConverterRole", "s3:PutObject"):
        transaction_id = cloud_deployment.put("clip.mp4", "video/mp4", clip)
        state = wait_for_refusal(cloud_deployment, transaction_id, "s3:PutObject")
    assert (state["status"], state["error_code"]) == ("Retrying", "storage_unavailable")
    assert cloud_deployment.wait_completed(transaction_id)["attempt"] > 1


def test_the_converter_that_cannot_set_the_delay_says_so_and_loses_nothing(cloud: Cloud, clip: bytes) -> None:
    """The message stays hidden for the queue's own time; the reconciler does not wait for it."""
    with cloud.temporary("no-delay", LeaseSeconds="6", StallSeconds="5", QueueVisibilitySeconds="3600") as stack:
        deployment = cloud.deployment(stack)
        with stack.without("ConverterRole", "s3:PutObject", "sqs:ChangeMessageVisibility"):
            transaction_id = deployment.put("clip.mp4", "video/mp4", clip)
            wait_for_refusal(deployment, transaction_id, "s3:PutObject")
            wait_for_line(stack, "converter", "record.not_delayed", "ChangeMessageVisibility")
        wait_until(lambda: stack.reconciled(deployment, transaction_id), "the reconciler's event", 120)
        assert deployment.wait_completed(transaction_id)["attempt"] > 1


def test_the_reconciler_without_the_right_to_send_says_so_and_catches_up(
    cloud_stack: Stack, cloud_deployment: Deployment
) -> None:
    transaction_id = cloud_deployment.put("notes.mp4", "video/mp4", b"These are notes.\n" * 100)
    assert cloud_deployment.wait_final(transaction_id)["attempt"] == 1
    with cloud_stack.without("ReconcilerRole", "sqs:SendMessage"):
        cloud_stack.invoke("ReconcilerFunction", {"redrive": [transaction_id]})
        wait_for_line(cloud_stack, "reconciler", "sqs:SendMessage", transaction_id)
        assert cloud_deployment.status(transaction_id)["status"] == "Retrying"

    def tried_again() -> bool:
        cloud_stack.reconcile()
        state = cloud_deployment.status(transaction_id)
        return (state["status"], state["attempt"]) == ("Failed", 2)

    wait_until(tried_again, "the second attempt", 120)


def test_the_dead_letter_function_without_the_secret_keeps_the_letter(cloud: Cloud) -> None:
    with cloud.temporary("dead-letters", DeadLetterVisibilitySeconds="4") as stack:
        deployment = cloud.deployment(stack)
        transaction_id = deployment.declare("never.mp4", "video/mp4", 1000)["transaction_id"]
        letter = event_of(stack, {"transaction_id": transaction_id, "source": {"size": 1000, "etag": "0" * 32}})
        queue = stack.outputs["DeadLetterQueueUrl"]
        with stack.without("DeadLetterRole", READ_SECRET):
            cloud.emulator.client("sqs").send_message(QueueUrl=queue, MessageBody=letter)
            wait_for_line(stack, "deadletter", "database.secret_unusable", READ_SECRET)
            assert deployment.status(transaction_id)["status"] == "Pending"
        assert deployment.wait_final(transaction_id)["status"] == "Failed"


def test_a_deploy_without_the_right_to_read_the_secret_tells_the_reason(cloud: Cloud) -> None:
    other = cloud.emulator.client("secretsmanager").create_secret(Name=f"elsewhere-{uuid4()}", SecretString="{}")
    with pytest.raises(DeployFailed) as failed:
        cloud.deploy("no-secret", DatabaseSecretArn=other["ARN"])
    assert "Migration" in str(failed.value)
    assert other["ARN"] in str(failed.value)
