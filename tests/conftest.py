"""Fixtures for every kind of test. Servers are real, run on free ports in folders of their own, and start once."""

import signal
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.http import environment
from tests.support.servers import Servers, running_servers
from tests.support.stack import RunningStack, stack_on

# A shell starts its background jobs with SIGINT ignored, and what tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


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
