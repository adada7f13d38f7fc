"""Every backend that a contract is tried on."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.buckets import Bucket, bucket_of, running_moto
from tests.support.servers import Servers


@pytest.fixture(scope="session")
def moto() -> Iterator[dict[str, str]]:
    """The environment of storage that moto plays."""
    with running_moto() as env:
        yield env


@pytest.fixture(params=["minio", "moto"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """A bucket on each storage in turn."""
    if request.param == "moto":
        return bucket_of(request.getfixturevalue("moto"), str(uuid4()))
    servers: Servers = request.getfixturevalue("servers")
    return bucket_of(servers.env, str(uuid4()))


@pytest.fixture
def minio_bucket(servers: Servers) -> Bucket:
    """A bucket on the real MinIO."""
    return bucket_of(servers.env, str(uuid4()))
