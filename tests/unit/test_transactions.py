"""Budgets, delays and keys of a transaction."""

from uuid import UUID

import pytest

from functions.shared.transactions import (
    ATTEMPTS_LIMIT,
    REISSUE_CAP_S,
    Progress,
    artefact_key,
    attempt_of,
    attempts_used,
    may_retry,
    output_key,
    reissue_wait_s,
    retry_delay_s,
    source_key,
)

ID = UUID("01928f5e-7c3a-7d6b-9c55-0f2f6b1d2a11")


@pytest.mark.parametrize("base", [0, 5, 12])
def test_five_attempts_with_the_promised_delays(base: int) -> None:
    attempts = range(base + 1, base + ATTEMPTS_LIMIT + 1)
    assert [may_retry(attempt, base) for attempt in attempts] == [True, True, True, True, False]
    assert [retry_delay_s(attempt, base) for attempt in attempts][:4] == [5.0, 15.0, 60.0, 60.0]


def test_attempts_that_were_given_back_do_not_count() -> None:
    assert attempts_used(7, 3) == 4
    assert may_retry(7, 3)
    assert not may_retry(7, 2)


def test_the_delay_never_leaves_the_table() -> None:
    assert retry_delay_s(3, 3) == 5.0
    assert retry_delay_s(99, 0) == 60.0


def test_reissues_wait_twice_as_long_each_time_up_to_an_hour() -> None:
    assert [reissue_wait_s(n) for n in range(5)] == [15.0, 30.0, 60.0, 120.0, 240.0]
    assert reissue_wait_s(8) == REISSUE_CAP_S
    assert reissue_wait_s(10_000) == REISSUE_CAP_S


def test_keys_hold_the_id_and_the_attempt_alone() -> None:
    assert source_key(ID) == f"{ID}/source"
    assert output_key(ID, 3, "mp4") == f"{ID}/3.mp4"


def test_progress_is_rounded_for_clients() -> None:
    shown = Progress("encode", 41.6789, 25.0, 1.5, 12.3456).as_json()
    assert shown == {"percent": 41.7, "fps": 25.0, "speed": 1.5, "eta_s": 12.3, "stage": "encode"}
    assert Progress("fetch", 0.0).as_json()["eta_s"] is None


def test_a_key_of_the_converted_bucket_tells_its_attempt() -> None:
    assert artefact_key(ID, 12, "receipt.json") == f"{ID}/12.receipt.json"
    assert [attempt_of(key) for key in (output_key(ID, 3, "mp4"), artefact_key(ID, 12, "storyboard.vtt"))] == [3, 12]
    for strange in ("", f"{ID}/", f"{ID}/source", f"{ID}/0.mp4", f"{ID}/x.mp4", f"{ID}/1", f"{ID}/1.a/b", "1.mp4"):
        assert attempt_of(strange) is None
