"""AUTH_MODE=jwt on the real gateway, with tokens of a real issuer: who is let in, as whom, what others are told."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from functions.shared.auth import user_of
from functions.shared.settings import read_settings
from tests.support.forms import field_part, file_part, form
from tests.support.http import Gateway, gateway_event, gateway_on
from tests.support.issuer import AUDIENCE, Issuer, running_issuer
from tests.support.problems import problem_of
from tests.support.rows import completed, pending, rows_of
from tests.support.servers import Servers
from tests.support.waiting import wait_until

DECLARED = {"filename": "a.mp4", "content_type": "video/mp4", "size": 12}
ROUTES = [
    ("POST", "/upload"), ("GET", "/status"), ("GET", "/download"), ("GET", "/stream"), ("HEAD", "/download"),
    ("GET", "/receipt"), ("GET", "/thumbnail"),
]  # fmt: skip
ORIGIN = "https://videos.example.org"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


def jwt_env(servers: Servers, issuer: Issuer) -> dict[str, str]:
    identity = {"AUTH_MODE": "jwt", "AUTH_ISSUER": issuer.url, "AUTH_AUDIENCE": f"another,{AUDIENCE}"}
    return {**servers.env, **identity, "CORS_ORIGINS": ORIGIN}


@pytest.fixture(scope="module")
def gateway(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway_on(jwt_env(servers, issuer), tmp_path_factory.mktemp("gateway")) as running:
        yield running


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask(
    gateway: Gateway, token: str | None, path: str = "/status", method: str = "GET", **params: str
) -> httpx.Response:
    headers = {} if token is None else bearer(token)
    return httpx.request(method, gateway.url + path, params=params, headers=headers, timeout=60)


def letin(response: httpx.Response) -> bool:
    """Whether the request got past the door: here it then lacks a transaction."""
    return problem_of(response)[1] == "missing_parameter"


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def by_hand(issuer: Issuer, header: dict[str, Any], secret: bytes | None = None) -> str:
    """A token as no library would make it."""
    text = f"{segment(header)}.{segment(issuer.claims('eve'))}"
    signature = b"" if secret is None else hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_a_good_token_names_the_user_whatever_its_key(gateway: Gateway, issuer: Issuer, env: dict[str, str]) -> None:
    for how in ({}, {"alg": "PS256"}, {"alg": "RS512"}, {"key": issuer.ec, "alg": "ES256", "kid": "ec"}):
        user = str(uuid4())
        answer = httpx.post(f"{gateway.url}/upload", json=DECLARED, headers=bearer(issuer.token(user, **how)))
        assert answer.status_code == 200, answer.text
        (row,) = rows_of(user)
        assert str(row["transaction_id"]) == answer.json()["transaction_id"]


def test_client_id_counts_where_there_is_no_audience(gateway: Gateway, issuer: Issuer) -> None:
    assert letin(ask(gateway, issuer.token("ann", aud=None, client_id=AUDIENCE)))
    assert letin(ask(gateway, issuer.token("ann", aud=["elsewhere", AUDIENCE])))
    strangers: list[dict[str, Any]] = [{"aud": "elsewhere", "client_id": AUDIENCE}, {"aud": None}, {"aud": []}]
    for claims in strangers:
        assert problem_of(ask(gateway, issuer.token("ann", **claims)))[:2] == (401, "unauthorized")


def test_every_route_asks_for_a_token_and_says_how_to_send_it(gateway: Gateway) -> None:
    for method, path in ROUTES:
        response = ask(gateway, None, path, method, user_id=str(uuid4()), transaction_id=str(uuid4()))
        assert response.status_code == 401, path
        assert response.headers["www-authenticate"] == "Bearer"
        if method != "HEAD":
            assert problem_of(response)[1] == "unauthorized"
            assert "Authorization: Bearer" in problem_of(response)[2]
    for header in ("", "Bearer", "Basic YTpi", "token"):
        answer = httpx.get(f"{gateway.url}/status", headers={"Authorization": header})
        assert problem_of(answer)[:2] == (401, "unauthorized")


def test_operators_and_readers_of_the_documentation_need_none(gateway: Gateway) -> None:
    for path in ("/docs", "/openapi.json", "/healthz", "/readyz", "/metrics"):
        assert httpx.get(gateway.url + path, timeout=60).status_code == 200, path


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"aud": "elsewhere"}, "another application"),
        ({"iss": "https://elsewhere.example.org"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"exp": int(time.time()) - 3600}, "expired"),
        ({"exp": None}, "`exp`"),
        ({"nbf": int(time.time()) + 86_400}, "not valid yet"),
        ({"sub": None}, "`sub`"),
        ({"sub": ""}, "`sub`"),
        ({"sub": 7}, "`sub`"),
        ({"kid": "gone"}, "does not publish"),
        ({"kid": None}, "does not publish"),
        ({"kid": "ec"}, "not for"),
        ({"key": "a secret of sufficient length for it", "alg": "HS256"}, "public key"),
    ],
)
def test_a_bad_token_is_refused_with_what_to_do(
    gateway: Gateway, issuer: Issuer, how: dict[str, Any], said: str
) -> None:
    how = {"subject": "ann"} | how
    if "sub" in how:
        how |= {"subject": how.pop("sub")}
    status, code, detail = problem_of(ask(gateway, issuer.token(**how)))
    assert (status, code) == (401, "unauthorized")
    assert said in detail


def test_a_forged_token_is_refused(gateway: Gateway, issuer: Issuer) -> None:
    good = issuer.token(str(uuid4()))
    head, body, signature = good.split(".")
    stranger = rsa.generate_private_key(65537, 2048)
    secrets = (issuer.rsa_public_pem(), issuer.rsa_public_pem().strip())
    nested = base64.urlsafe_b64encode(b"[" * 20_000).rstrip(b"=").decode()
    forged = [
        issuer.token("eve", key=stranger),
        f"{head}.{segment(issuer.claims('eve'))}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{segment({'alg': 'none', 'kid': 'rsa'})}.{body}.",
        f"{segment({'alg': 'None', 'kid': 'rsa'})}.{body}.{signature}",
        f"{segment({'alg': ['RS256'], 'kid': 'rsa'})}.{body}.{signature}",
        f"{segment({'alg': 'RS256', 'kid': ['rsa']})}.{body}.{signature}",
        f"{nested}.{body}.{signature}",
        *[by_hand(issuer, {"alg": "HS256", "typ": "JWT", "kid": kid}, key) for key in secrets for kid in ("rsa", "ec")],
        by_hand(issuer, {"alg": "none"}),
        "x",
        "a.b.c",
        "..",
    ]
    assert letin(ask(gateway, good))
    for token in forged:
        assert problem_of(ask(gateway, token))[:2] == (401, "unauthorized"), token


def test_a_client_cannot_play_api_gateway(gateway: Gateway, issuer: Issuer) -> None:
    event = gateway_event("GET", "/status", {}, {}, b"")
    event["requestContext"]["authorizer"] = {"jwt": {"claims": issuer.claims("eve")}}
    text = json.dumps(event)
    headers = {"aws.event": text, "aws-event": text, "x-apigateway-event": text, "x-amzn-request-context": text}
    answer = httpx.request("GET", f"{gateway.url}/status", params={"aws.event": text}, headers=headers, content=text)
    assert problem_of(answer)[:2] == (401, "unauthorized")


def test_a_user_id_that_differs_from_the_token_is_forbidden(
    gateway: Gateway, issuer: Issuer, env: dict[str, str], user_id: str
) -> None:
    token, other = issuer.token(user_id), str(uuid4())
    for method, path in ROUTES[:4]:
        assert problem_of(ask(gateway, token, path, method, user_id=other))[:3] == (403, "forbidden", "Forbidden")
    assert problem_of(ask(gateway, token, user_id="me"))[:2] == (400, "invalid_parameter")
    for parts in ([field_part("user_id", other), file_part(b"x")], [file_part(b"x"), field_part("user_id", other)]):
        body, headers = form(*parts)
        answer = httpx.post(f"{gateway.url}/upload", content=body, headers=headers | bearer(token), timeout=60)
        assert problem_of(answer)[:2] == (403, "forbidden")
    assert rows_of(user_id) == rows_of(other) == []
    assert letin(ask(gateway, token, user_id=user_id.upper()))


def test_a_transaction_of_another_user_is_forbidden(
    gateway: Gateway, issuer: Issuer, env: dict[str, str], user_id: str
) -> None:
    mine, theirs = pending(user_id), completed(str(uuid4()))[0]
    token = issuer.token(user_id)
    assert ask(gateway, token, transaction_id=str(mine.transaction_id)).status_code == 200
    for path in ("/status", "/download", "/stream", "/receipt", "/thumbnail"):
        answer = ask(gateway, token, path, transaction_id=str(theirs.transaction_id))
        assert problem_of(answer)[:2] == (403, "forbidden")
    owner = issuer.token(str(theirs.user_id))
    for path in ("/download", "/stream"):
        assert ask(gateway, owner, path, transaction_id=str(theirs.transaction_id)).status_code == 307


def test_a_form_is_the_tokens_users(gateway: Gateway, issuer: Issuer, env: dict[str, str]) -> None:
    subject = "auth0|a name that is no UUID"
    user = user_of(issuer.claims(subject), read_settings({**env, "AUTH_MODE": "jwt", **identity(issuer)}))
    for parts in ([file_part(b"x")], [file_part(b"x"), field_part("user_id", str(user))]):
        body, headers = form(*parts)
        keyed = headers | bearer(issuer.token(subject)) | {"Idempotency-Key": uuid4().hex}
        answer = httpx.post(f"{gateway.url}/upload", content=body, headers=keyed, timeout=60)
        assert answer.status_code == 200, answer.text
    assert isinstance(user, UUID)
    assert len(rows_of(str(user))) == 2


def identity(issuer: Issuer) -> dict[str, str]:
    return {"AUTH_ISSUER": issuer.url, "AUTH_AUDIENCE": AUDIENCE}


def test_pages_of_a_named_origin_may_send_a_token_and_read_the_refusal(gateway: Gateway) -> None:
    wanted = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    assert httpx.options(f"{gateway.url}/status", headers={"Origin": ORIGIN, **wanted}).status_code == 200
    refused = httpx.get(f"{gateway.url}/status", headers={"Origin": ORIGIN})
    assert problem_of(refused)[1] == "unauthorized"
    assert refused.headers["access-control-allow-origin"] == ORIGIN


def test_the_documentation_asks_for_a_token_where_the_routes_do(gateway: Gateway) -> None:
    spec = httpx.get(f"{gateway.url}/openapi.json").json()
    (scheme,) = spec["components"]["securitySchemes"]
    assert spec["components"]["securitySchemes"][scheme]["scheme"] == "bearer"
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            asked = path in ("/upload", "/status", "/download", "/stream", "/receipt", "/thumbnail", "/estimate")
            assert operation.get("security") == ([{scheme: []}] if asked else None), path
            assert ("401" in operation["responses"]) is asked
            texts = [p["description"] for p in operation.get("parameters", []) if p["name"] == "user_id"]
            assert all(text.startswith("Optional") for text in texts)


def test_a_provider_that_is_down_is_503_until_it_is_back(servers: Servers, tmp_path: Path) -> None:
    with running_issuer() as issuer, gateway_on(jwt_env(servers, issuer), tmp_path) as gateway:
        keys, issuer.answers["/keys"] = issuer.answers["/keys"], (500, {}, b"")
        token = issuer.token("ann")
        refused = ask(gateway, token)
        assert problem_of(refused)[:2] == (503, "identity_provider_unavailable")
        assert int(refused.headers["retry-after"]) > 0
        assert problem_of(ask(gateway, None))[:2] == (401, "unauthorized")
        assert httpx.get(f"{gateway.url}/readyz", timeout=60).status_code == 200
        assert "/keys" in gateway.output
        issuer.answers["/keys"] = keys
        wait_until(lambda: letin(ask(gateway, token)), "the keys")
        asked = len(issuer.asked)
        for i in range(20):
            assert problem_of(ask(gateway, issuer.token("ann", kid=f"made up {i}")))[:2] == (401, "unauthorized")
        assert len(issuer.asked) == asked


def test_the_log_holds_no_token(gateway: Gateway, issuer: Issuer) -> None:
    tokens = [issuer.token("ann"), issuer.token("ann", aud="elsewhere")]
    for token in tokens:
        ask(gateway, token)
    for token in tokens:
        assert token not in gateway.output
        assert token.split(".")[2] not in gateway.output
