"""The HTTP functions on real servers, called as AWS calls them and as an ASGI app."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.gateway import build_app
from tests.support.aws import Aws, running_aws
from tests.support.children import Children, expect_healthy
from tests.support.clips import Clips
from tests.support.http import Api, AsgiApi, LambdaApi
from tests.support.servers import Servers
from tests.support.sqs import Sqs
from tests.support.world import World, world_on


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


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """SQS and Secrets Manager. Shared: make queues and secrets of your own."""
    with running_aws() as services:
        yield services


@pytest.fixture
def queues(aws: Aws) -> Sqs:
    """Two queues that nobody else uses."""
    return Sqs(aws)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Sources, each made when first asked for."""
    return Clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture
def make_world(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    """Make the converter's world with other settings: ``make_world(STALL_S="1")``. One a test."""
    with ExitStack() as stack:
        yield lambda **env: stack.enter_context(world_on(servers.env, tmp_path / "scratch", monkeypatch, **env))


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """The converter's world with its usual settings."""
    return make_world()


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Children:
    """The media processes of this test."""
    return Children(monkeypatch)


@pytest.fixture
def make_attacked(make_world: Callable[..., World], children: Children, clips: Clips) -> Iterator[Callable[..., World]]:
    """``make_world`` for a test that does its worst: afterwards the next ordinary job must succeed at once."""
    made: list[World] = []

    def make(**env: str) -> World:
        made.append(make_world(**env))
        return made[-1]

    yield make
    for world in made:
        expect_healthy(world, children, clips("smallest.mp4"))


@pytest.fixture
def attacked(make_attacked: Callable[..., World]) -> World:
    """The usual world, attacked."""
    return make_attacked()
