"""A bucket that the converter may not use: tried as often as any failure, then ended with the right that is missing."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider

from functions.shared.storage import Storage
from functions.shared.transactions import ATTEMPTS_LIMIT
from tests.support import world as worlds
from tests.support.clips import Clips
from tests.support.servers import Servers
from tests.support.world import DONE, World, object_created

SECRET = "a-secret-of-the-converter"
READ = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::uploads/*"]}
WRITE = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": ["arn:aws:s3:::converted/*"]}


@pytest.fixture
def converter_with(
    servers: Servers, make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[dict[str, object]], World]]:
    """Make a world whose converter is a user of MinIO with one statement of rights."""
    secrets = servers.desk.secrets
    admin = MinioAdmin(
        endpoint=f"127.0.0.1:{servers.desk.ports.s3}",
        credentials=StaticProvider(secrets.s3_access_key_id, secrets.s3_secret_access_key),
        secure=False,
    )
    name = f"converter-{uuid4().hex[:8]}"

    def make(statement: dict[str, object]) -> World:
        admin.policy_add(name, policy={"Version": "2012-10-17", "Statement": [statement]})
        admin.user_add(name, SECRET)
        admin.policy_set(name, user=name)
        monkeypatch.setattr(worlds, "storage", lambda: Storage(servers.desk.settings()))  # the client's way in
        return make_world(S3_ACCESS_KEY_ID=name, S3_SECRET_ACCESS_KEY=SECRET)

    yield make
    admin.user_remove(name)
    admin.policy_remove(name)


@pytest.mark.parametrize(
    ("allowed", "missing"),
    [
        (WRITE, "s3:GetObject is not allowed on the bucket uploads"),
        (READ, "s3:PutObject is not allowed on the bucket converted"),
    ],
    ids=["no right to read", "no right to write"],
)
def test_a_missing_right_is_named_after_the_last_attempt_and_not_tried_for_ever(
    converter_with: Callable[[dict[str, object]], World],
    clips: Clips,
    allowed: dict[str, object],
    missing: str,
) -> None:
    world = converter_with(allowed)
    upload = world.upload(clips("h264.mp4"))
    event = object_created(upload)
    for _ in range(ATTEMPTS_LIMIT):
        world.handle(event)
        world.set_row(upload, "retry_at = now()")
    assert world.dead
    assert world.dead_letter(event) == DONE
    row = world.row(upload)
    assert (row["status"], row["error_code"], row["attempt"]) == ("Failed", "storage_unavailable", ATTEMPTS_LIMIT)
    assert row["error_reason"].endswith(f"({missing}). An operator can mend the cause and redrive it.")
    assert SECRET not in row["error_reason"]
