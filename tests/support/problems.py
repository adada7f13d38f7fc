"""The promised shape of an error."""

import httpx

FIELDS = {"type", "title", "status", "detail", "message", "code", "request_id"}


def problem_of(response: httpx.Response) -> tuple[int, str, str]:
    """Check that an answer is a problem in the promised shape; its status, code and sentence."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert set(body) == FIELDS
    assert body["status"] == response.status_code
    assert body["detail"] == body["message"]
    assert body["request_id"] == response.headers["x-request-id"]
    return response.status_code, body["code"], body["detail"]
