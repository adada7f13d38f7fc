"""docs/errors.md, printed from the errors themselves and from the table of bad input that the tests try.

python -m tests.support.error_docs
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from functions.shared.errors import Bucket265Error, RequestRefused, RetryableError, catalogue
from functions.shared.transactions import ATTEMPTS_LIMIT, RETRY_DELAYS_S
from functions.shared.web import STATUS_BY_CODE, create_app
from local.problems import OF_THE_GATEWAY
from tests.support.badinput.events import BAD_EVENTS
from tests.support.badinput.lab import DROPPED, BadInput
from tests.support.badinput.requests import BAD_PUTS, BAD_REQUESTS
from tests.support.badinput.sources import BAD_SOURCES
from tests.support.http import AsgiApi

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
DELAYS = ", ".join(f"{delay:g}" for delay in RETRY_DELAYS_S)
INTRODUCTION = f"""\
# Errors

Every error has a **code**, which is stable and for machines, and a sentence for people. Over HTTP both stand in an
[RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) body (`code`, and the sentence as `detail` and `message`); of a
conversion, `GET /status` shows them as `error_code` and `error_reason`. Figures follow the sentence in brackets. A
sentence never holds a path or what a media tool said.

An error of a conversion either **ends** it (`Failed`, after the attempt that met it) or is met again later
(`Retrying`): at most {ATTEMPTS_LIMIT} attempts, {DELAYS} s apart, then `Failed` with the last reason.
`python -m local redrive` gives a failed transaction a fresh budget. `POST /estimate` answers at once with the code that
the conversion would get: HTTP 422 for what would end it, 503 for what may pass.

This page is printed by `python -m tests.support.error_docs`; each row of its first four tables is tried by
`tests/functional/test_bad_input.py`. `…` stands for a figure.
"""
GATEWAYS_ANSWERS = """\
On AWS, API Gateway answers some requests without asking a function: a token that its authorizer does not accept, a body
of more than 10 MB, a function that fails or takes longer than 30 s. Such an answer is `{"message": "…"}`, without
`code` and `detail`; the terminal client says what stands here.
"""
SELF_EXPLAINING = "Says what is wrong with the request."
RETRY_HELPS = {
    "unauthorized": "yes, with a good token",
    "not_ready": "yes, once the status is `Completed`",
    "not_uploaded": "yes, once the file is there",
    "request_timeout": "yes",
    "upload_interrupted": "yes",
    "converted_missing": "no: upload it again",
}
"""Where it is not what the kind of the error says."""


def render() -> str:
    """The whole page."""
    return "\n".join(
        [
            INTRODUCTION,
            "## Bad requests\n",
            *_table(BAD_REQUESTS),
            "\n## Bad use of an upload link\n",
            "These answers are the storage's (here MinIO's), as XML. The row stays as it was.\n",
            *_table(BAD_PUTS),
            "\n## Bad files\n",
            *_table(BAD_SOURCES),
            "\n## Bad events\n",
            f"`{DROPPED}`: the message is acknowledged and no row changes.\n",
            *_table(BAD_EVENTS),
            "\n## Codes of conversions\n",
            *_markdown(("code", "state", "sentence", "remedy", "does a retry help?"), _conversion_errors()),
            "\n## Codes of HTTP answers\n",
            *_markdown(("code", "HTTP status", "sentence", "does a retry help?"), _http_errors()),
            "\n## Answers of API Gateway itself\n",
            GATEWAYS_ANSWERS,
            *_markdown(("HTTP status", "what it means, and what to do"), iter(OF_THE_GATEWAY.items())),
            "",
        ]
    )


def _table(rows: list[BadInput]) -> Iterator[str]:
    heads = ("what comes in", "what it gets", "code", "what a person reads", "attempts", "encodes")
    cells = (
        (row.given, row.gets.result, _code(row.gets.code), row.gets.sentence, row.gets.attempts, row.gets.encodes)
        for row in rows
    )
    return _markdown(heads, cells)


def _conversion_errors() -> Iterator[tuple[object, ...]]:
    for entry in catalogue():
        yield _code(entry.code), "`Failed`" if entry.final else "`Retrying`", entry.hint, entry.remedy, entry.retry


def _http_errors() -> Iterator[tuple[object, ...]]:
    sentences = _own_sentences() | _sentences_of_the_framework()
    for code, status in sorted(STATUS_BY_CODE.items(), key=lambda item: (item[1], item[0])):
        yield _code(code), status, sentences[code], RETRY_HELPS.get(code, "yes, in a moment" if status >= 500 else "no")


def _own_sentences() -> dict[str, str]:
    refusals = {e.code: e.hint if "hint" in vars(e) else SELF_EXPLAINING for e in _leaves(RequestRefused)}
    outages = {e.code: f"{e.hint} Try again in a moment." for e in _leaves(RetryableError)}
    return outages | {Bucket265Error.code: Bucket265Error.hint} | refusals


def _sentences_of_the_framework() -> dict[str, str]:
    loop = asyncio.new_event_loop()
    api = AsgiApi(create_app(), loop)
    answers = [api.request("GET", "/nowhere"), api.request("POST", "/openapi.json")]
    loop.close()
    return {answer.json()["code"]: answer.json()["detail"] for answer in answers}


def _leaves(base: type[Bucket265Error]) -> list[type[Bucket265Error]]:
    """The kinds of an error, each code once, as declared."""
    found: dict[str, type[Bucket265Error]] = {}
    for error in base.__subclasses__():
        found.setdefault(error.code, error)
    return list(found.values())


def _markdown(heads: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> Iterator[str]:
    yield _line(heads)
    yield _line("---" for _ in heads)
    for row in rows:
        yield _line(row)


def _line(cells: Iterator[object] | tuple[object, ...]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _code(code: str) -> str:
    return f"`{code}`" if code else ""


if __name__ == "__main__":
    PAGE.write_text(render())
    print(f"wrote {PAGE}")
