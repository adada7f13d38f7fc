"""What goes wrong for a client, as one sentence and a code: from our API, a gateway before it, or the storage."""

import re
from typing import Any

import httpx

STACK_DOWN = "Nothing answers at {url}: is the stack up? Start it with `make up`."


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
    sentence = body.get("detail") or body.get("message")
    if not isinstance(sentence, str) or not sentence:
        sentence = f"The server answered {response.status_code} {response.reason_phrase}".rstrip() + "."
    if body.get("code") == "forbidden":
        sentence += ": the transaction belongs to another user; name its owner with --user"
    if response.status_code >= 500 and body.get("request_id"):
        sentence += f" (request {body['request_id']})"
    return ClientError(sentence, str(body.get("code") or f"http_{response.status_code}"), response.status_code)


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
