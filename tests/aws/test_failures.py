"""What goes wrong on AWS: a poison object, a timeout, a killed sandbox, a film that is too long. Nothing is lost."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import psycopg2
import pytest

from tests.aws.test_service import wait_for_line
from tests.support.cloud.cloud import Cloud
from tests.support.cloud.stack import Stack
from tests.support.media import BIG_BUCK_BUNNY, make_clip
from tests.support.processes import running
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@contextmanager
def locked_row(cloud: Cloud, stack: Stack, transaction_id: str) -> Iterator[None]:
    """Hold a row: whoever wants to change it waits."""
    connection = psycopg2.connect(cloud.database_url(stack.name))
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM transactions WHERE transaction_id = %s FOR UPDATE", (transaction_id,))
        yield
    finally:
        connection.close()


def encoders(stack: Stack) -> list[psutil.Process]:
    """The ffmpegs that run for a stack."""
    found = []
    for worker in stack.sandboxes("converter"):
        with suppress(psutil.NoSuchProcess):
            found += [child for child in worker.children(recursive=True) if "ffmpeg" in child.name()]
    return found


def longest_ms(stack: Stack) -> int:
    """The longest call of the converter so far, as its log reports it."""
    reported = re.findall(r"\tDuration: (\d+)", "\n".join(stack.log_lines("converter")))
    return max(map(int, reported), default=0)


def test_a_poison_object_ends_in_the_dead_letters_and_its_row_says_why(cloud: Cloud, clip: bytes) -> None:
    with cloud.temporary("poison", MaxReceiveCount="2") as stack:
        deployment = cloud.deployment(stack)
        with stack.without("ConverterRole", "s3:PutObject"):
            transaction_id = deployment.put("clip.mp4", "video/mp4", clip)
            state = deployment.wait_final(transaction_id)
        assert (state["status"], state["error_code"], state["attempt"]) == ("Failed", "storage_unavailable", 2)
        assert state["error_reason"].startswith("Gave up")
        assert wait_for_line(stack, "deadletter", "dead_letter", transaction_id)["correlation_id"] == transaction_id
        assert stack.invoke("ReconcilerFunction", {"redrive": [transaction_id]})
        assert deployment.wait_completed(transaction_id)["attempt"] == 3


def test_a_call_that_times_out_is_made_again(cloud: Cloud, clip: bytes) -> None:
    with cloud.temporary(
        "timeout",
        ConverterTimeoutSeconds="6",
        QueueVisibilitySeconds="8",
        MaxReceiveCount="5",
        LeaseSeconds="6",
        StallSeconds="5",
    ) as stack:
        deployment = cloud.deployment(stack)
        declared = deployment.declare("clip.mp4", "video/mp4", len(clip))
        with locked_row(cloud, stack, declared["transaction_id"]):
            deployment.store(declared, clip)
            wait_until(lambda: longest_ms(stack) >= 6000, "the timeout")
        assert deployment.wait_completed(declared["transaction_id"])["attempt"] <= 2


def test_a_killed_sandbox_leaves_no_child_and_another_takes_over_when_its_lease_ends(cloud: Cloud) -> None:
    """The message stays hidden for far longer: the reconciler's own event is what starts the conversion again."""
    with cloud.temporary(
        "killed", QueueVisibilitySeconds="3600", LeaseSeconds="6", StallSeconds="5", X265Preset="slow"
    ) as stack:
        deployment = cloud.deployment(stack)
        transaction_id = deployment.put("film.mp4", "video/mp4", BIG_BUCK_BUNNY.read_bytes())
        wait_until(lambda: encoders(stack), "the encode")
        workers = stack.sandboxes("converter")
        children = [child for worker in workers for child in worker.children(recursive=True)]
        for worker in workers:
            worker.kill()
        wait_until(lambda: not running(children), "the end of the children")
        wait_until(lambda: stack.reconciled(deployment, transaction_id), "the takeover")
        assert deployment.wait_completed(transaction_id)["attempt"] == 2


def test_a_film_that_the_timeout_does_not_allow_fails_at_once_and_leaves_nothing(cloud: Cloud) -> None:
    with cloud.temporary(
        "too-long", ConverterTimeoutSeconds="12", QueueVisibilitySeconds="75", X265Preset="placebo"
    ) as stack:
        deployment = cloud.deployment(stack)
        transaction_id = deployment.put("film.mp4", "video/mp4", BIG_BUCK_BUNNY.read_bytes())
        state = deployment.wait_final(transaction_id)
        assert (state["status"], state["error_code"], state["attempt"]) == ("Failed", "too_long_for_this_worker", 1)
        assert state["error_reason"]
        contents = stack.emulator.client("s3").list_objects_v2(Bucket=stack.outputs["ConvertedBucketName"])
        assert contents["KeyCount"] == 0
        assert not encoders(stack)


@pytest.mark.parametrize(
    ("parameters", "remedy"),
    [
        ({"AuthIssuer": ""}, "AuthIssuer is missing"),
        ({"AuthAudience": ""}, "AuthAudience is missing"),
        ({"DatabaseSecretArn": ""}, "DatabaseSecretArn is missing"),
        ({"SubnetIds": "subnet-1,subnet-2"}, "SecurityGroupIds is missing"),
    ],
)
def test_a_contradictory_deploy_is_refused_with_the_remedy(
    cloud: Cloud, parameters: dict[str, str], remedy: str
) -> None:
    with pytest.raises(Exception, match=remedy):
        cloud.deploy(f"refused-{'-'.join(parameters).lower()}", **parameters)
