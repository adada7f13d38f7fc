"""The table of bad input: each row is tried on real servers; docs/errors.md is printed from the same rows."""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from functions.converter.handler import converter
from local.gateway import build_app
from tests.support import error_docs
from tests.support.badinput.events import BAD_EVENTS
from tests.support.badinput.lab import ANY, BadInput, Lab, Seen
from tests.support.badinput.requests import BAD_PUTS, BAD_REQUESTS
from tests.support.badinput.sources import BAD_SOURCES
from tests.support.clips import Clips
from tests.support.http import AsgiApi
from tests.support.world import DONE, World, object_created

TABLE = [*BAD_REQUESTS, *BAD_PUTS, *BAD_SOURCES, *BAD_EVENTS]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.run_until_complete(made.shutdown_asyncgens())
    made.close()


@pytest.mark.parametrize("row", TABLE, ids=[row.given for row in TABLE])
def test_bad_input_gets_what_the_table_says(
    make_world: Callable[..., World], clips: Clips, loop: asyncio.AbstractEventLoop, row: BadInput
) -> None:
    world = make_world(**row.settings)
    seen = row.cause(Lab(world, clips, AsgiApi(build_app(), loop)))
    assert replace(seen, sentence="") == replace(row.gets, sentence="")
    assert matches(seen, row.gets), f"{seen.sentence!r} is not {row.gets.sentence!r}"
    assert world.leftovers() == []


def matches(seen: Seen, expected: Seen) -> bool:
    """Whether the sentences agree but for figures."""
    pattern = ".+".join(re.escape(part) for part in expected.sentence.split(ANY))
    return re.fullmatch(pattern, seen.sentence) is not None


def test_nothing_is_lost_when_the_disk_was_full(make_world: Callable[..., World], clips: Clips) -> None:
    world = make_world(SCRATCH_RESERVE_BYTES=str(10**15))
    upload = world.upload(clips("h264.mp4"))
    world.handle(object_created(upload))
    assert world.delay_s == 5.0
    roomier = replace(converter().deps.settings, scratch_reserve_bytes=0)
    converter().deps = replace(converter().deps, settings=roomier)
    world.set_row(upload, "retry_at = now()")
    assert world.handle(object_created(upload)) == DONE
    assert (world.row(upload)["status"], world.row(upload)["attempt"]) == ("Completed", 2)


@pytest.mark.parametrize("row", BAD_SOURCES, ids=[row.given for row in BAD_SOURCES])
def test_no_sentence_tells_a_path_or_the_words_of_a_tool(row: BadInput) -> None:
    assert not re.search(r"/|ffmpeg|Errno|Traceback|\b0x", row.gets.sentence)


def test_the_page_of_errors_is_up_to_date() -> None:
    assert error_docs.PAGE.read_text() == error_docs.render(), "run: python -m tests.support.error_docs"
