"""Cold starts: each function as a fresh process under awslambdaric, over the bare libraries. Judged as ratios only."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any
from uuid import uuid4

from tests.bench.figures import Figure
from tests.bench.product import Product, product
from tests.bench.setting import CLIP, Setting
from tests.support.aws import Aws, running_aws
from tests.support.http import gateway_event
from tests.support.runtimeapi import ColdStart, cold_start
from tests.support.world import Upload, message, record_of

Event = Mapping[str, Any]
REPEATS_A_PAIR = 3
"""A cold start takes half a second: more of them cost little and calm the median."""


@dataclass(frozen=True)
class Candidate:
    """A function, its first event, and what the answer must be for the measure to count."""

    handler: str
    event: Event
    expected: Callable[[Any], bool]
    reference: str = ""
    at_most: float | None = None
    env: Mapping[str, str] = field(default_factory=dict)


def measure(setting: Setting) -> list[Figure]:
    """All functions and their references in turns, on a real database and storage that nobody else uses."""
    with product(setting.folder / "coldstart") as running, running_aws() as aws:
        done = running.completed(running.put(CLIP).transaction_id)
        candidates = _candidates(running, str(done["transaction_id"]))
        candidates |= _by_secret(candidates, aws, running.stack.desk.database_url)
        env = _environment(running)
        for one in candidates.values():
            _started(one, env)  # compiles what is not compiled yet, and warms the disk's cache
        rounds = [_round(candidates, env, number) for number in range(setting.pairs * REPEATS_A_PAIR)]
    return [figure for name, one in candidates.items() for figure in _figures(setting, name, one, rounds)]


def _round(candidates: dict[str, Candidate], env: Mapping[str, str], number: int) -> dict[str, ColdStart]:
    names = list(candidates)
    order = names if number % 2 == 0 else names[::-1]
    return {name: _started(candidates[name], env) for name in order}


def _started(one: Candidate, env: Mapping[str, str]) -> ColdStart:
    start = cold_start(one.handler, one.event, {**env, **one.env})
    if not one.expected(start.answer):
        raise AssertionError(f"{one.handler} answered {start.answer}")
    return start


def _candidates(running: Product, transaction_id: str) -> dict[str, Candidate]:
    ids = {"user_id": running.user_id, "transaction_id": transaction_id}
    file = {"filename": "holiday.mp4", "content_type": "video/mp4", "size": 73_400_320}
    declared = gateway_event("POST", "/upload", ids, {"content-type": "application/json"}, json.dumps(file).encode())
    upload = _unknown_upload()
    bare, queue = "bare api", "bare boto3 + psycopg2"
    return {
        bare: Candidate("tests.bench.barefunctions.api.handler", _get("/link", ids), _status(200)),
        "upload": Candidate("functions.upload.handler.handler", declared, _status(200), bare, 1.1),
        "download": Candidate("functions.download.handler.handler", _get("/download", ids), _status(307), bare, 1.1),
        "status": Candidate("functions.status.handler.handler", _get("/status", ids), _status(200), bare, 1.0),
        "docs": Candidate("functions.docs.handler.handler", _get("/docs", {}), _status(200), bare),
        queue: Candidate("tests.bench.barefunctions.queue.handler", upload, _nothing_failed),
        "converter": Candidate("functions.converter.handler.handler", upload, _nothing_failed, queue, 1.25),
    }


def _by_secret(candidates: Mapping[str, Candidate], aws: Aws, database_url: str) -> dict[str, Candidate]:
    """The same functions, which learn the database's address from a secret, as on AWS; the bare ones are told it.

    Only the API's functions are judged so: the converter's reference makes no request of its own at all.
    """
    env = aws.env | {"DATABASE_URL": "", "DATABASE_SECRET_ARN": aws.secret("database", database_url)}
    return {
        f"{name}, address from a secret": replace(
            candidates[name], env=env, at_most=None if name == "converter" else candidates[name].at_most
        )
        for name in ("upload", "download", "status", "converter")
    }


def _get(path: str, params: Mapping[str, str]) -> Event:
    return gateway_event("GET", path, params, {}, b"")


def _unknown_upload() -> Event:
    """An object that no row knows: one connection, no S3 client, and the message is done."""
    key = f"{uuid4()}/source"
    return message(json.dumps({"Records": [record_of(Upload(uuid4(), uuid4(), "uploads", key, 1, "0" * 32))]}))


def _status(code: int) -> Callable[[Any], bool]:
    return lambda answer: bool(answer["statusCode"] == code)


def _nothing_failed(answer: Any) -> bool:
    return bool(answer == {"batchItemFailures": []})


def _environment(running: Product) -> dict[str, str]:
    """What a function gets on AWS, with the desk's servers."""
    names = ("DATABASE_URL", "S3_ENDPOINT_URL", "S3_PUBLIC_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")
    env = running.stack.desk.functions_env()
    given = {name: env[name] for name in (*names, "AUTH_MODE")}
    return given | {
        "PATH": os.defpath,
        "METRICS": "emf",
        "DATABASE_POOL_SIZE": "1",
    }


def _figures(setting: Setting, name: str, one: Candidate, rounds: list[dict[str, ColdStart]]) -> list[Figure]:
    if not one.reference:
        return []

    def ratio(part: Callable[[ColdStart], float]) -> tuple[float, ...]:
        return tuple(part(done[name]) / part(done[one.reference]) for done in rounds)

    totals, inits = ratio(lambda start: start.total_s), ratio(lambda start: start.init_s)
    setting.say(f"cold start of {name}: {median(totals):.2f} of {one.reference}, its init {median(inits):.2f}")
    text = f"{name}, init and first answer over {one.reference}"
    return [
        Figure("coldstart", text, median(totals), "", one.at_most, samples=totals),
        Figure("coldstart", f"{name}, init over {one.reference}", median(inits), "", samples=inits),
    ]
