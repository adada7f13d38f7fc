"""Log lines are events with ids: one JSON object each, with the same keys on a desk and on AWS Lambda."""

import ast
import asyncio
import json
import logging
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from functions.shared import logs
from functions.shared.invocation import powertools_formatter
from tests.support.loglines import captured

ROOT = Path(__file__).parents[2]
MADE: list[Callable[[str], logging.Formatter]] = [logs.JsonFormatter, powertools_formatter]


@pytest.fixture(params=MADE, ids=["desk", "lambda"])
def formatter(request: pytest.FixtureRequest) -> logging.Formatter:
    """Both kinds of lines."""
    made: logging.Formatter = request.param("tests")
    return made


@pytest.fixture
def written(formatter: logging.Formatter) -> Iterator[StringIO]:
    """What is logged, as it goes out."""
    with captured(formatter) as stream:
        yield stream


def only(stream: StringIO) -> dict[str, Any]:
    """The one line as an object."""
    (line,) = stream.getvalue().splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_an_event_is_one_object_with_its_name_and_its_fields(written: StringIO) -> None:
    logs.event("stage.done", transaction_id="0192", stage="probe", ms=120.00049, attempt=1, failed=True)
    line = only(written)
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "message": "stage.done",
        "service": "tests",
        "correlation_id": "0192",
        "stage": "probe",
        "ms": 120.0,
        "attempt": 1,
        "failed": True,
    }


def test_fields_without_a_value_are_left_out(written: StringIO) -> None:
    logs.event("attempt.retry", code="scratch_full", detail=None)
    assert "detail" not in only(written)


def test_an_exception_is_a_field(written: StringIO) -> None:
    try:
        cause = ValueError("of two\nlines")
        cause.add_note("and a note")
        raise cause
    except ValueError:
        logs.event("attempt.crashed", level=logging.ERROR, exc_info=True)
    line = only(written)
    assert (line["level"], line["exception_name"], line["exception_notes"]) == ("ERROR", "ValueError", ["and a note"])
    assert "ValueError: of two\nlines" in line["exception"]


def test_a_desk_and_a_lambda_write_the_same_line() -> None:
    record = logs.LOGGER.makeRecord("bucket265", 40, "", 0, "e", (), None, None, {"correlation_id": "a", "ms": 1.5})
    try:
        raise OSError("gone")
    except OSError:
        record.exc_info = sys.exc_info()
    desk, cloud = [json.loads(made("s").format(record)) for made in MADE]
    assert desk == cloud


@pytest.mark.parametrize(
    "value", ["x\nforged", "x\r\nforged", '","level":"ERROR', "\x1b[31mred", "evil\u202egpj", "l\u2028f", "\0", "größe"]
)
def test_no_value_can_forge_a_line_or_the_look_of_one(written: StringIO, value: str) -> None:
    logs.event("upload", title=value)
    assert written.getvalue().isascii()
    assert only(written)["title"] == value


def test_what_is_below_the_level_costs_nothing(written: StringIO) -> None:
    class Dear:
        def __str__(self) -> str:
            raise AssertionError("made into text although nobody reads it")

    logs.event("quiet", level=logging.DEBUG, value=Dear())
    assert written.getvalue() == ""


def test_lines_of_a_request_carry_its_id_and_what_it_turns_out_to_be_about(written: StringIO) -> None:
    async def request(number: int, *transactions: str) -> None:
        logs.begin(request_id=str(number))
        await asyncio.sleep(0)
        logs.about(*transactions)
        logs.event("request")

    async def both() -> None:
        await asyncio.gather(request(1, "a"), request(2, "b", "c"), request(3))

    asyncio.run(both())
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    said = {one["request_id"]: (one.get("correlation_id"), one.get("transaction_ids")) for one in lines}
    assert said == {"1": ("a", None), "2": (None, ["b", "c"]), "3": (None, None)}


def test_other_loggers_warnings_are_lines_as_well(written: StringIO) -> None:
    logging.getLogger("botocore").warning("%d retries of %s", 3, "http://s3/k?X-Amz-Signature=5ec7e7")
    line = only(written)
    assert (line["level"], line["message"]) == ("WARNING", "3 retries of http://s3/k?***")


def test_a_secret_in_an_exception_is_masked(written: StringIO) -> None:
    try:
        raise OSError("postgresql://bucket265:s3cr3t-pw@db:5432/b refused")
    except OSError:
        logs.event("dependency.failed", exc_info=True)
    assert "s3cr3t-pw" not in written.getvalue()
    assert "postgresql://***@db:5432/b refused" in only(written)["exception"]


def test_no_field_has_the_name_of_something_that_every_record_has() -> None:
    """logging refuses such a field with an error, in the middle of the work."""
    taken = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime", "timestamp", "service", "location"}
    calls = [
        (path.name, keyword.arg)
        for folder in ("functions", "local")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "logs.event"
        for keyword in node.keywords
        if keyword.arg not in ("level", "exc_info")
    ]
    assert len(calls) > 40
    assert [call for call in calls if call[1] is None or call[1] in taken] == []


def test_the_formatter_of_lambda_is_that_of_powertools() -> None:
    assert isinstance(powertools_formatter("s"), LambdaPowertoolsFormatter)
