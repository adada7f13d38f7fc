"""After the end: what attempts left is swept, a dead letter fails its row, a redrive gives it all attempts again."""

import io
from typing import Any
from uuid import uuid4

import pytest

from functions.shared.transactions import Claim, Duplicate, Result, Source, artefact_key, output_key
from functions.shared.wiring import storage, transactions, upkeep
from tests.support import rows
from tests.support.reconciling import change, one_pass, read

pytestmark = pytest.mark.usefixtures("env")


def put(bucket: str, key: str) -> None:
    storage().put_once(bucket, key, io.BytesIO(b"film"), "video/mp4", {})


def test_what_attempts_left_in_storage_is_swept_and_nothing_else(user_id: str) -> None:
    row, result = rows.completed(user_id)
    bucket = row.converted_bucket
    first, second, third, fourth = (output_key(row.transaction_id, number, "mp4") for number in range(1, 5))
    assert result == first
    change(row.transaction_id, "attempt = 3, updated_time = now() - interval '2 hours'")
    neighbour = rows.completed(user_id)[1]
    for key in (second, fourth):
        put(bucket, key)
    for key in (third, fourth):
        storage().put_part(bucket, key, storage().begin_upload(bucket, key, "video/mp4"), 1, b"film")
    one_pass()
    kept = {item.key for item in storage().list_prefix(bucket, f"{row.transaction_id}/")}
    assert kept == {first, fourth}, "the result, and what belongs to an attempt that began after the row was read"
    unfinished = {key for key, _ in storage().unfinished_uploads(bucket, f"{row.transaction_id}/")}
    assert unfinished == {fourth}
    assert storage().head(bucket, neighbour)[0].size == len(rows.CONVERTED)
    assert read(row)["swept_at"] is not None


def test_what_lies_beside_the_result_is_kept_and_that_of_other_attempts_swept(user_id: str) -> None:
    row = rows.completed_with_artefacts(user_id)
    bucket, prefix = row.converted_bucket, f"{row.transaction_id}/"
    before = {item.key for item in storage().list_prefix(bucket, prefix)}
    change(row.transaction_id, "attempt = 12, updated_time = now() - interval '2 hours'")
    of_others = {artefact_key(row.transaction_id, number, "poster.jpg") for number in (2, 10, 11, 12)}
    of_later = artefact_key(row.transaction_id, 13, "receipt.json")
    for key in (*of_others, of_later, f"{prefix}1.mkv"):
        put(bucket, key)
    put(bucket, f"{prefix}notes.txt")
    one_pass()
    kept = {item.key for item in storage().list_prefix(bucket, prefix)}
    assert kept == before | {of_later, f"{prefix}1.mkv", f"{prefix}notes.txt"}


def test_a_failed_conversion_leaves_nothing_in_storage(user_id: str) -> None:
    row = rows.pending(user_id)
    claim = rows.claimed(row)
    for name in ("poster.jpg", "receipt.json", "mkv"):
        put(row.converted_bucket, artefact_key(row.transaction_id, claim.attempt, name))
    assert transactions().fail(claim, "not_a_video", "The file holds no video.")
    change(row.transaction_id, "updated_time = now() - interval '2 hours'")
    one_pass()
    assert storage().list_prefix(row.converted_bucket, f"{row.transaction_id}/") == []


def test_nothing_is_swept_while_a_stale_attempt_may_still_write(user_id: str) -> None:
    row, _ = rows.completed(user_id)
    one_pass()
    assert read(row)["swept_at"] is None


def test_what_an_attempt_published_that_was_cut_off_from_us_is_swept_an_hour_after_the_end(user_id: str) -> None:
    row, result = rows.completed(user_id)
    late = output_key(row.transaction_id, 2, "mp4")
    change(row.transaction_id, "attempt = 3, updated_time = now() - interval '10 minutes'")
    one_pass()
    first_sweep = read(row)["swept_at"]
    put(row.converted_bucket, late)
    one_pass()
    assert read(row)["swept_at"] == first_sweep, "not each pass looks"
    change(row.transaction_id, "updated_time = now() - interval '61 minutes', swept_at = now() - interval '51 minutes'")
    one_pass()
    assert [item.key for item in storage().list_prefix(row.converted_bucket, f"{row.transaction_id}/")] == [result]
    second_sweep = read(row)["swept_at"]
    one_pass()
    assert read(row)["swept_at"] == second_sweep, "and no third time"


def test_a_result_whose_bucket_is_gone_does_not_hold_up_the_sweep_of_others(user_id: str) -> None:
    lost, other = rows.completed(user_id)[0], rows.completed(user_id)[0]
    for row, bucket, age in ((lost, "nowhere", "3 hours"), (other, other.converted_bucket, "2 hours")):
        change(row.transaction_id, f"converted_bucket = '{bucket}', updated_time = now() - interval '{age}'")
    one_pass()
    assert (read(lost)["swept_at"], read(other)["swept_at"] is None) == (None, False)
    change(lost.transaction_id, "swept_at = now()")


def test_a_dead_letter_fails_only_a_row_that_nobody_works_on(user_id: str) -> None:
    row = rows.pending(user_id)
    claim = rows.claimed(row)
    letter = (row.uploads_bucket, row.stored_path_original, "attempts_exhausted", "Cut off.", "Gave up. ")
    assert not upkeep().dead_letter(*letter)
    change(row.transaction_id, "lease_until = now() - interval '1 second'")
    assert upkeep().dead_letter(*letter)
    assert (read(row)["status"], read(row)["error_reason"]) == ("Failed", "Gave up. Cut off.")
    assert not transactions().complete(claim, Result("key", 1, rows.CONVERTED_SHA256))
    assert not upkeep().dead_letter(*letter)


def test_a_redriven_row_has_all_its_attempts_again(user_id: str) -> None:
    row = rows.pending(user_id)
    source = Source(row.uploads_bucket, row.stored_path_original, 12, "e1")

    def claim(message_id: str) -> Any:
        change(row.transaction_id, "lease_until = now() - interval '1 second'")
        return transactions().claim(source, message_id, "worker-1")

    assert [claim("m").attempt for _ in range(5)] == [1, 2, 3, 4, 5]
    assert not isinstance(claim("m"), Claim)
    assert upkeep().redrive(row.transaction_id) is None
    assert upkeep().dead_letter(source.bucket, source.key, "attempts_exhausted", "Cut off.", "")
    assert upkeep().redrive(row.transaction_id) == source
    assert upkeep().redrive(uuid4()) is None
    assert not upkeep().dead_letter(source.bucket, source.key, "attempts_exhausted", "A late letter.", "")
    assert [claim("n").attempt for _ in range(5)] == [6, 7, 8, 9, 10]
    assert not isinstance(claim("n"), Claim | Duplicate)
