"""Our own event reads like one of storage's: the same reader finds the same object in it."""

import pytest

from functions.shared.events import ObjectCreated, object_created
from functions.shared.reissue import object_created_json
from functions.shared.transactions import Source


@pytest.mark.parametrize("key", ["0192d7c1/source", "with space/ü+%/source", "a&b=c?d#e"])
def test_the_event_names_the_source(key: str) -> None:
    event = object_created_json(Source("uploads", key, 123, "9b2cf535f27731c974343645a3985328")).decode()
    assert object_created(event) == [ObjectCreated("uploads", key, 123, "9b2cf535f27731c974343645a3985328")]
