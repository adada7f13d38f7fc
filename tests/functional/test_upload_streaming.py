"""A form goes through the gateway as it arrives, in constant memory and without a spool file."""

import contextlib
import hashlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.shared.settings import settings
from functions.shared.wiring import storage
from functions.upload.incoming import PART_BYTES
from tests.support.forms import file_part, form
from tests.support.http import Gateway, gateway_on
from tests.support.rows import rows_of
from tests.support.waiting import wait_until

MIB = 1024**2


@pytest.fixture(scope="module")
def spool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gateway's folder for temporary files."""
    return tmp_path_factory.mktemp("spool")


@pytest.fixture(scope="module")
def gateway(servers: Any, spool: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway as a process, with two form uploads at once."""
    env = {**servers.env, "TMPDIR": str(spool), "FORM_UPLOADS_AT_ONCE": "2"}
    with gateway_on(env, tmp_path_factory.mktemp("gateway")) as running:
        yield running


class HeldBack:
    """A client that posts a form over a socket, as fast or as slowly as the test wants."""

    def __init__(self, gateway: Gateway, user_id: str, size: int, content_type: str = "video/mp4") -> None:
        whole, headers = form(file_part(b"@", "big.mp4", content_type))
        self.head, self.tail = whole.split(b"@")
        headers["Content-Length"] = str(len(whole) - 1 + size)
        lines = [
            f"POST /upload?user_id={user_id} HTTP/1.1",
            "Host: gateway",
            *(f"{k}: {v}" for k, v in headers.items()),
        ]
        self.socket = socket.create_connection(("127.0.0.1", gateway.port), timeout=60)
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + self.head)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> tuple[int, Any]:
        """Status and JSON body of the answer."""
        with self.socket.makefile("rb") as file:
            status = int(file.readline().split()[1])
            length = 0
            while (line := file.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            return status, json.loads(file.read(length))


def parts_in_storage() -> dict[str, int]:
    """Bytes stored so far, by key, of uploads that have not ended."""
    bucket = settings().uploads_bucket
    found = {}
    for key, upload_id in storage().unfinished_uploads(bucket, ""):
        with contextlib.suppress(storage().client.exceptions.NoSuchUpload):  # it ended just now
            answer = storage().client.list_parts(Bucket=bucket, Key=key, UploadId=upload_id)
            found[key] = sum(part["Size"] for part in answer.get("Parts", []))
    return found


def test_the_first_part_reaches_storage_before_the_last_byte_is_sent(
    gateway: Gateway, env: dict[str, str], user_id: str, spool: Path
) -> None:
    content = os.urandom(PART_BYTES + MIB)
    client = HeldBack(gateway, user_id, len(content))
    client.send(content[:-1])
    wait_until(lambda: PART_BYTES in parts_in_storage().values(), "the first part in storage")
    assert rows_of(user_id) == []
    assert list(spool.iterdir()) == []
    client.send(content[-1:] + client.tail)
    status, answer = client.answer()
    assert status == 200
    object_ = storage().client.get_object(Bucket=settings().uploads_bucket, Key=f"{answer['transaction_id']}/source")
    assert hashlib.sha256(object_["Body"].read()).digest() == hashlib.sha256(content).digest()


def test_a_large_form_is_held_neither_in_memory_nor_on_disk(
    gateway: Gateway, env: dict[str, str], user_id: str, spool: Path
) -> None:
    gateway_process = gateway.psutil
    warm_up = HeldBack(gateway, user_id, 3 * PART_BYTES)
    warm_up.send(bytes(3 * PART_BYTES) + warm_up.tail)
    assert warm_up.answer()[0] == 200
    before = gateway_process.memory_info().rss
    written = gateway_process.io_counters().write_bytes
    client = HeldBack(gateway, user_id, 400 * MIB)
    peak = 0
    for _ in range(100):
        client.send(bytes(4 * MIB))
        peak = max(peak, gateway_process.memory_info().rss)
        assert [file.path for file in gateway_process.open_files() if file.path != str(gateway.output_path)] == []
    client.send(client.tail)
    assert client.answer()[0] == 200
    assert peak - before < 6 * PART_BYTES
    assert gateway_process.io_counters().write_bytes - written < MIB
    assert list(spool.iterdir()) == []


def test_a_client_that_goes_away_leaves_no_row_and_no_unfinished_upload(
    gateway: Gateway, env: dict[str, str], user_id: str
) -> None:
    client = HeldBack(gateway, user_id, 50 * MIB)
    client.send(bytes(20 * MIB))
    wait_until(lambda: max(parts_in_storage().values(), default=0) >= PART_BYTES, "parts in storage")
    client.socket.close()
    wait_until(lambda: parts_in_storage() == {}, "the end of the unfinished upload")
    assert rows_of(user_id) == []


def test_a_wrong_type_is_answered_at_once_and_the_client_may_finish_sending(gateway: Gateway, user_id: str) -> None:
    client = HeldBack(gateway, user_id, 64 * MIB, content_type="text/plain")
    status, answer = client.answer()
    assert (status, answer["message"]) == (400, "Invalid file type. Only videos are allowed.")
    for _ in range(64):
        client.send(bytes(MIB))
    client.send(client.tail)
    assert client.socket.recv(1) == b""


def test_a_client_that_reads_only_after_sending_gets_the_answer_too(gateway: Gateway, user_id: str) -> None:
    body, headers = form(file_part(bytes(64 * MIB), "a.mp4", "text/plain"))
    response = httpx.post(f"{gateway.url}/upload", params={"user_id": user_id}, headers=headers, content=body)
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_file_type"


def test_an_announced_size_beyond_the_limit_is_refused_before_it_is_sent(
    gateway: Gateway, env: dict[str, str], user_id: str
) -> None:
    client = HeldBack(gateway, user_id, settings().max_upload_bytes + 2 * MIB)
    status, answer = client.answer()
    assert (status, answer["code"]) == (413, "file_too_large")
    client.socket.close()


def test_two_forms_at_once_under_one_key_are_one_transaction_and_one_object(
    gateway: Gateway, env: dict[str, str], user_id: str
) -> None:
    content = os.urandom(PART_BYTES + MIB)
    body, headers = form(file_part(content))
    barrier = threading.Barrier(2)

    def post() -> httpx.Response:
        barrier.wait()
        keyed = headers | {"Idempotency-Key": "k1"}
        return httpx.post(f"{gateway.url}/upload?user_id={user_id}", headers=keyed, content=body, timeout=60)

    with ThreadPoolExecutor(2) as pool:
        answers = [future.result() for future in [pool.submit(post) for _ in range(2)]]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    (row,) = rows_of(user_id)
    assert parts_in_storage() == {}
    object_ = storage().client.get_object(Bucket=row["uploads_bucket"], Key=row["stored_path_original"])
    assert object_["Body"].read() == content


def test_parallel_declarations_under_one_key_are_one_transaction(
    gateway: Gateway, env: dict[str, str], user_id: str
) -> None:
    barrier = threading.Barrier(8)

    def declare() -> httpx.Response:
        barrier.wait()
        return httpx.post(
            f"{gateway.url}/upload",
            params={"user_id": user_id},
            headers={"Idempotency-Key": "k1"},
            json={"filename": "a.mp4", "content_type": "video/mp4", "size": 5},
            timeout=60,
        )

    with ThreadPoolExecutor(8) as pool:
        answers = [future.result() for future in [pool.submit(declare) for _ in range(8)]]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["transaction_id"] for answer in answers}) == 1
    assert len(rows_of(user_id)) == 1


def test_more_forms_than_allowed_at_once_wait_their_turn(gateway: Gateway, env: dict[str, str], user_id: str) -> None:
    held = [HeldBack(gateway, user_id, 10) for _ in range(2)]
    waiting = HeldBack(gateway, user_id, 10)
    waiting.send(b"x" * 10 + waiting.tail)
    # A request that is not a form is answered meanwhile.
    assert httpx.get(f"{gateway.url}/status", params={"user_id": user_id}).status_code == 400
    waiting.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        waiting.socket.recv(1)
    waiting.socket.settimeout(60)
    for client in held:
        client.send(b"x" * 10 + client.tail)
        assert client.answer()[0] == 200
    assert waiting.answer()[0] == 200
    assert len(rows_of(user_id)) == 3


def test_curl_that_waits_for_100_continue_is_told_to_go_on(gateway: Gateway, user_id: str) -> None:
    whole, headers = form(file_part(b"x" * 10))
    headers |= {"Content-Length": str(len(whole)), "Expect": "100-continue"}
    lines = [f"POST /upload?user_id={user_id} HTTP/1.1", "Host: gateway", *(f"{k}: {v}" for k, v in headers.items())]
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as client:
        client.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(whole)
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
