"""Fixtures for every kind of test. Servers are real, run on free ports in folders of their own, and start once."""

from collections.abc import Iterator

import pytest

from tests.support.servers import Servers, running_servers
from tests.support.stack import RunningStack, stack_on


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL, NATS and MinIO, bootstrapped. Shared by all tests: kill and break servers of your own instead."""
    with running_servers(tmp_path_factory.mktemp("servers")) as started:
        yield started


@pytest.fixture(scope="session")
def running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A whole stack with API and worker, ready. Shared by all tests: stop and break stacks of your own instead."""
    with stack_on(tmp_path_factory.mktemp("stack") / "data") as stack:
        yield stack.wait_ready()
