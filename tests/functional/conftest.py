"""The HTTP functions on real servers, called as AWS calls them and as an ASGI app."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest

from local.gateway import build_app
from tests.support.http import Api, AsgiApi, LambdaApi, environment
from tests.support.servers import Servers


@pytest.fixture
def env(servers: Servers) -> Iterator[dict[str, str]]:
    """This process's environment is that of the functions, on the shared servers."""
    with environment(servers.env):
        yield servers.env


@pytest.fixture(params=["lambda", "asgi"])
def api(request: pytest.FixtureRequest, env: dict[str, str]) -> Iterator[Api]:
    """The HTTP functions, both ways they are called."""
    loop = asyncio.new_event_loop()
    try:
        yield LambdaApi(loop) if request.param == "lambda" else AsgiApi(build_app(), loop)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()


@pytest.fixture
def user_id() -> str:
    """A user without any transaction."""
    return str(uuid4())
