"""Fixtures for every kind of test. Servers are real, run on free ports in folders of their own, and start once."""

import signal
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from botocore.loaders import create_loader

from functions.shared import logs
from tests.support.deployment import Deployment
from tests.support.http import environment
from tests.support.servers import Servers, running_servers
from tests.support.stack import RunningStack, stack_on

if TYPE_CHECKING:  # the image that runs the end-to-end test has neither emulator nor template
    from tests.support.cloud.cloud import Cloud
    from tests.support.cloud.stack import Stack

# A shell starts its background jobs with SIGINT ignored, and what tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


# Otherwise the first handler that a test calls believes that it is alone with AWS Lambda.
logs.configure("tests")


@pytest.fixture(scope="session", autouse=True)
def one_loader() -> Iterator[None]:
    """botocore reads its descriptions of AWS once, and not for the clients of each test: they are most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", cache(create_loader))
        yield


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL, NATS and MinIO, bootstrapped. Shared by all tests: kill and break servers of your own instead."""
    with running_servers(tmp_path_factory.mktemp("servers")) as started:
        yield started


@pytest.fixture
def env(servers: Servers) -> Iterator[dict[str, str]]:
    """This process's environment is that of the functions, on the shared servers."""
    with environment(servers.env):
        yield servers.env


@pytest.fixture
def user_id() -> str:
    """A user without any transaction."""
    return str(uuid4())


@pytest.fixture(scope="session")
def running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A whole stack with API and worker, ready. Shared by all tests: stop and break stacks of your own instead."""
    with stack_on(tmp_path_factory.mktemp("stack") / "data") as stack:
        yield stack.wait_ready()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Cloud"]:
    """An AWS account on the emulator. Shared by all tests: deploy stacks of your own to break them."""
    from tests.support.cloud.cloud import running_cloud

    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="session")
def cloud_stack(cloud: "Cloud") -> "Stack":
    """template.yaml, deployed."""
    return cloud.deploy("bucket265")


@pytest.fixture(scope="session")
def cloud_deployment(cloud: "Cloud", cloud_stack: "Stack") -> Deployment:
    """The deployed template as its users see it."""
    return cloud.deployment(cloud_stack)
