"""Events that come wrong, twice, late or from strangers."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from functions.converter import encode, rendering
from local.delivery import Context
from tests.support.badinput.lab import DROPPED, BadInput, Lab, Seen
from tests.support.world import DONE, Upload, message, object_created

ONCE = Seen("Completed", attempts=1, encodes=1)
NOTHING = Seen(DROPPED)
ODD_KEY = "größe + 100% &=?#'\"\u202e/-rf/%d"

MALFORMED = ("", "{", "[]", "[" * 100_000, '{"Records": [{}]}', '{"Records": [{"eventName": "ObjectCreated:Put"}]}')


def known(lab: Lab) -> Upload:
    return lab.world.upload(lab.clip("h264.mp4"))


def unknown_key(lab: Lab) -> Seen:
    return nothing_becomes_of(lab, replace(known(lab), key="unknown/source"))


def foreign_bucket(lab: Lab) -> Seen:
    return nothing_becomes_of(lab, replace(known(lab), bucket="somebodys-bucket"))


def results_bucket(lab: Lab) -> Seen:
    return nothing_becomes_of(lab, replace(known(lab), bucket="converted"))


def nothing_becomes_of(lab: Lab, stranger: Upload) -> Seen:
    assert lab.world.handle(object_created(stranger)) == DONE
    assert lab.world.row(stranger)["status"] == "Pending"
    return lab.dropped()


def malformed(lab: Lab) -> Seen:
    for body in (
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"Records": [{}]}',
        '{"Records": [{"eventName": "ObjectCreated:Put"}]}',
    ):
        assert lab.world.handle(message(body)) == DONE
    return lab.dropped()


def twice(lab: Lab) -> Seen:
    upload = known(lab)
    for number in ("first", "second", "second"):
        assert lab.world.handle(object_created(upload, message_id=number)) == DONE
    return lab.became(upload)


def in_parallel(lab: Lab) -> Seen:
    upload = known(lab)
    events = [object_created(upload, message_id=f"message-{number}") for number in range(6)]
    with ThreadPoolExecutor(len(events)) as pool:
        assert list(pool.map(lambda event: lab.world.handle(event, Context()), events)) == [DONE] * len(events)
    return lab.became(upload)


def during_the_lease(lab: Lab) -> Seen:
    upload = known(lab)
    run = encode.encode
    lab.world.patch.setattr(
        rendering, "encode", lambda *args: (lab.world.handle(object_created(upload, message_id="twin")), run(*args))[1]
    )
    assert lab.world.handle(object_created(upload)) == DONE
    return lab.became(upload)


def odd_key(lab: Lab) -> Seen:
    key = f"{lab.user_id}/{ODD_KEY}"
    upload = lab.world.upload(lab.clip("h264.mp4"), stored_path_original=key)
    return lab.delivered(upload)


BAD_EVENTS = [
    BadInput("An event for a key that no row has", unknown_key, NOTHING),
    BadInput("An event of a foreign bucket", foreign_bucket, NOTHING),
    BadInput("An event of the bucket of results", results_bucket, NOTHING),
    BadInput("A malformed event", malformed, NOTHING),
    BadInput("An event delivered twice, and again after completion", twice, ONCE),
    BadInput("An event delivered six times at once", in_parallel, ONCE),
    BadInput("An event during a live lease", during_the_lease, ONCE),
    BadInput("A key with odd characters", odd_key, ONCE),
]
