"""Who a verified token speaks for."""

from typing import Any
from uuid import UUID

import pytest

from functions.shared.auth import user_of
from functions.shared.errors import Unauthorized
from functions.shared.settings import Settings, read_settings

SUBJECT = "3F2504E0-4F89-41D3-9A0C-0305E82C3301"


def settings(issuer: str) -> Settings:
    return read_settings({"DATABASE_URL": "postgresql://db", "AUTH_ISSUER": issuer, "AUTH_AUDIENCE": "web"})


def user(subject: str, issuer: str = "https://id.example.org") -> UUID:
    return user_of({"iss": issuer, "aud": "web", "sub": subject}, settings(issuer))


def test_a_subject_that_is_a_uuid_is_the_user() -> None:
    assert user(SUBJECT) == user(SUBJECT.lower()) == UUID(SUBJECT)
    assert user(SUBJECT, "https://other.example.org") == UUID(SUBJECT)


@pytest.mark.parametrize("spelling", ["{%s}", "urn:uuid:%s", "%s ", "0%s"])
def test_other_spellings_are_other_subjects(spelling: str) -> None:
    assert user(spelling % SUBJECT) != UUID(SUBJECT)
    assert user(SUBJECT.replace("-", "")) != UUID(SUBJECT)


@pytest.mark.parametrize(
    "odd",
    [{"sub": "\ud800"}, {"sub": 1}, {"sub": ["a"]}, {"aud": [["web"]]}, {"aud": {"web": 1}}, {"aud": 1}, {"aud": []}],
)
def test_claims_of_odd_shapes_are_refused(odd: dict[str, Any]) -> None:
    issuer = "https://id.example.org"
    with pytest.raises(Unauthorized):
        user_of({"iss": issuer, "aud": "web", "sub": SUBJECT} | odd, settings(issuer))


def test_any_other_subject_gives_a_uuid_that_stays() -> None:
    assert user("auth0|5f7c") == UUID("2c31b2fb-745d-5121-b41b-cc3b178846e7")
    assert user("auth0|5f7c").version == 5


def test_no_two_pairs_of_issuer_and_subject_are_one_user() -> None:
    pairs = [
        ("https://id.example.org", "ab"),
        ("https://id.example.org", "a"),
        ("https://id.example.org/a", "b"),
        ("https://id.example.org/", "ab"),
        ("https://id.example.org", "/ab"),
        ("https://id.example.org", "AB"),
    ]
    assert len({user(subject, issuer) for issuer, subject in pairs}) == len(pairs)
