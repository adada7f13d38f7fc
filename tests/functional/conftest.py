"""The HTTP functions on real servers, called as AWS calls them and as an ASGI app."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.gateway import build_app
from tests.support.clips import Clips
from tests.support.http import Api, AsgiApi, LambdaApi
from tests.support.servers import Servers
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
