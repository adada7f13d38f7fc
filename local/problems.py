"""What goes wrong for a client, as one sentence and a code: from our API, a gateway before it, or the storage."""

import re
from typing import Any

import httpx

STACK_DOWN = "Nothing answers at {url}: is the stack up? Start it with `make up`."
BEARER_VARIABLE = "BUCKET265_TOKEN"
"""The variable that holds a user's token."""

OF_THE_GATEWAY = {
    401: "The API was sent no token that it accepts: put one into"
    f" {BEARER_VARIABLE} that is meant for it and has not expired.",
    403: "The gateway before the API does not let this request through: ask whoever runs it.",
    404: "The gateway before the API knows no such address: check --api, with the stage if it has one.",
    413: "The request has more bytes than the gateway before the API takes (10 MB on AWS): declare the file as JSON and"
    " PUT it to the link of the answer, as `python -m local convert` does.",
    429: "The API is asked too much at once: try again in a minute.",
    500: "The API's function failed: try again; if that does not help, its operator finds the reason in its log.",
    502: "The API's function gave an answer that its gateway does not understand: tell its operator.",
    503: "The API's function was not done in time (30 s on AWS), or none was free: try again in a moment.",
    504: "The API's function was not done in time: try again in a moment.",
}
"""What ``{"message": …}`` without a code means, by status: API Gateway's own answers, which never reached the API."""


class ClientError(Exception):
    """One clear sentence for a person; ``code`` is for machines, ``status`` is the HTTP status if there was one."""

    def __init__(self, sentence: str, code: str = "client_error", status: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.status = status


def unreachable(url: str, exc: httpx.TransportError) -> ClientError:
    """The server could not be reached, or stopped answering."""
    if isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout):
        return ClientError(STACK_DOWN.format(url=url), "unreachable")
    what = "did not answer in time" if isinstance(exc, httpx.TimeoutException) else "broke off the connection"
    return ClientError(f"The server at {url} {what}; try again.", "unreachable")


def from_api(response: httpx.Response) -> ClientError:
    """The error that an answer of the API, or of a gateway before it, tells. The body must have been read."""
    body = _json_object(response)
    status = response.status_code
    sentence = body.get("detail") or body.get("message")
    if not isinstance(sentence, str) or not sentence:
        sentence = f"The server answered {status} {response.reason_phrase}".rstrip() + "."
    elif "code" not in body and status in OF_THE_GATEWAY:
        sentence = f"{OF_THE_GATEWAY[status]} (It said: {sentence})"
    if body.get("code") == "forbidden":
        sentence += (
            f": this belongs to another user; name its owner with --user, or by their token in {BEARER_VARIABLE}"
        )
    if body.get("code") == "missing_parameter" and "user_id" in sentence:
        sentence += f": this API takes no tokens; unset {BEARER_VARIABLE}, or name yourself with --user"
    if body.get("code") == "unauthorized":
        sentence += f" This client takes it from {BEARER_VARIABLE}."
    if status >= 500 and body.get("request_id"):
        sentence += f" (request {body['request_id']})"
    fallback = "unauthorized" if status == 401 else f"http_{status}"
    return ClientError(sentence, str(body.get("code") or fallback), status)


def from_storage(response: httpx.Response, doing: str) -> ClientError:
    """The error that an answer of the storage tells. The body must have been read."""
    code = _xml(response.text, "Code") or f"HTTP {response.status_code}"
    message = _xml(response.text, "Message").rstrip(".") or response.reason_phrase
    return ClientError(f"The storage refused {doing}: {code}, {message}.", "storage_refused", response.status_code)


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _xml(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>([^<]*)</{tag}>", text)
    return found[1] if found else ""
