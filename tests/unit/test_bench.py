"""The bench's own promises: a missed bound is named, the reference runs what the product ran, answers are counted."""

import asyncio
from contextlib import suppress
from pathlib import Path

from tests.bench.figures import Figure, missed_lines, table
from tests.bench.imports import own_times_us
from tests.bench.load import Job, Outcome, run
from tests.bench.product import stage_times_s
from tests.bench.reference import with_own_files
from tests.bench.shares import encode_alone


def test_each_missed_bound_is_named_and_a_kept_one_is_not() -> None:
    figures = [
        Figure("a", "too slow", 1.2, "s", at_most=1.0),
        Figure("a", "too few", 0.6, "", at_least=0.7),
        Figure("a", "not a number", float("nan"), "s", at_most=1.0),
        Figure("a", "kept", 0.7, "", at_least=0.7),
        Figure("a", "only reported", 99.0, "s"),
    ]
    lines = missed_lines(figures)
    assert [line.split(": ")[1] for line in lines] == ["a, too slow", "a, too few", "a, not a number"]
    shown = table(figures)
    assert (shown.count("MISSED"), shown.count("kept  ")) == (3, 2)


def test_the_reference_gets_the_products_arguments_with_its_own_files() -> None:
    observed = ["ffmpeg", "-f", "mov", "-fd", "9", "-i", "fd:", "-crf", "26", "-f", "mp4", "file:/scratch/output.mp4"]
    ours = with_own_files(observed, 4, Path("/bench/reference.mp4"))
    assert ours == [
        "ffmpeg",
        "-f",
        "mov",
        "-fd",
        "4",
        "-i",
        "fd:",
        "-crf",
        "26",
        "-f",
        "mp4",
        "file:/bench/reference.mp4",
    ]


def test_the_reference_writes_tiny_pictures_beside_its_result() -> None:
    observed = [
        "ffmpeg",
        "-fd",
        "9",
        "-i",
        "fd:",
        "file:/scratch/output.mp4",
        "-map",
        "[thumbs]",
        "file:/scratch/a.thumbs",
    ]
    ours = with_own_files(observed, 4, Path("/bench/reference.mp4"))
    assert ours[5:] == ["file:/bench/reference.mp4", "-map", "[thumbs]", "file:/bench/reference.thumbs"]


def test_a_bare_encode_has_the_products_arguments_but_for_the_tiny_pictures() -> None:
    graph = "[0:0]scale=1:1,split[picture][seen];[seen]scale=32:32[thumbs]"
    observed = [
        "ffmpeg",
        "-i",
        "fd:",
        "-filter_complex",
        graph,
        "-map",
        "[picture]",
        "file:/o.mp4",
        "-map",
        "[thumbs]",
        "file:/t",
    ]
    assert encode_alone(observed) == [
        *("ffmpeg", "-i", "fd:", "-filter_complex", "[0:0]scale=1:1[picture]", "-map", "[picture]", "file:/o.mp4")
    ]


def test_stages_are_read_from_the_log_of_one_transaction() -> None:
    log = (
        '{"level":"INFO","message":"stage.done","correlation_id":"a","stage":"fetch","ms":6.5}\n'
        '{"level":"INFO","message":"stage.done","correlation_id":"b","stage":"fetch","ms":99}\n'
        "a line of another kind\n"
        '{"level":"INFO","message":"stage.done","correlation_id":"a","stage":"probe","ms":20}\n'
    )
    assert stage_times_s(log, "a") == {"fetch": 0.0065, "probe": 0.02}


def test_import_times_are_summed_by_package() -> None:
    report = (
        "import time: self [us] | cumulative | imported package\nimport time: 10 | 10 | a.b\nimport time: 5 | 15 | a\n"
    )
    assert own_times_us(report) == {"a": 15}


def test_the_load_generator_counts_every_answer_and_names_a_refusal() -> None:
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                await answer(writer)
        writer.close()

    async def answer(writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        status = "503 Service Unavailable" if served % 2 else "200 OK"
        for piece in (f"HTTP/1.1 {status}\r\nContent-", "Length: 4\r\n\r\nab", "cd"):
            writer.write(piece.encode())
            await writer.drain()
            await asyncio.sleep(0)

    async def loaded() -> Outcome:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await run(Job(port, 3, 0.2, ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"]))

    outcome = asyncio.run(loaded())
    assert outcome.answered == served > 3
    assert outcome.refused == (served + 1) // 2
    assert outcome.first_refusal.startswith("HTTP/1.1 503")
    assert outcome.p99_ms >= outcome.p50_ms > 0
