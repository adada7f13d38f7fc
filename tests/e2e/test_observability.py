"""One upload through the logs and metrics of a desk: gateway and workers are processes, one scrape shows them all."""

import re
from collections.abc import Iterator
from dataclasses import asdict

import httpx
import pytest

from tests.support.loglines import Line, log_lines
from tests.support.media import make_clip
from tests.support.parts import Parts, running_parts
from tests.support.waiting import wait_until

CONVERSION = {"claimed", "stage.done", "completed", "record"}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """An API and no worker yet."""
    with running_parts(tmp_path_factory.mktemp("observed") / "data") as running:
        yield running
        running.stop_workers()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=1)


def scraped(parts: Parts) -> dict[str, float]:
    lines = httpx.get(f"{parts.deployment.api_url}/metrics").text.splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line[0] != "#"}


def logged(parts: Parts) -> str:
    """What our own programs wrote."""
    logs = parts.desk.data_dir / "logs"
    return "".join(path.read_text() for path in logs.iterdir() if path.name.startswith(("api", "worker")))


def thread(parts: Parts, transaction_id: str) -> list[Line]:
    """All lines of one transaction, in their order of time."""
    return sorted(log_lines(logged(parts), correlation_id=transaction_id), key=lambda line: line["timestamp"])


def test_one_scrape_shows_what_all_workers_did_also_those_that_are_gone(parts: Parts, clip: bytes) -> None:
    first = parts.start_worker()
    parts.deployment.wait_completed(parts.deployment.put("a.mp4", "video/mp4", clip))
    converted = "bucket265_conversions_completed_total"
    wait_until(lambda: scraped(parts).get(converted) == 1, "the worker's figures")
    parts.kill(first)
    second = parts.start_worker()
    parts.deployment.wait_completed(parts.deployment.put("b.mp4", "video/mp4", clip))
    second.stop()
    after = scraped(parts)
    assert (after[converted], after["bucket265_uploads_stored_total"]) == (2, 2)
    assert after['bucket265_stage_seconds_count{stage="encode"}'] == 2
    assert after['bucket265_stage_seconds_bucket{le="+Inf",stage="encode"}'] == 2
    assert after["bucket265_bytes_in_total"] == 2 * len(clip)
    assert after["bucket265_uploads_declared_total"] == 2
    assert after["bucket265_reconciler_passes_total"] >= 1


def test_one_id_leads_from_the_request_to_the_result_and_no_secret_is_logged(parts: Parts, clip: bytes) -> None:
    parts.start_worker()
    done = parts.deployment.put("c.mp4", "video/mp4", clip)
    parts.deployment.wait_completed(done)
    link = parts.deployment.link(done)["url"]
    failed = parts.deployment.put("d.mp4", "video/mp4", b"no video")
    parts.deployment.wait_final(failed)
    wait_until(lambda: thread(parts, failed)[-1]["message"] == "record", "the end of the conversion")
    story = thread(parts, done)
    assert (story[0]["service"], story[0]["message"], story[0]["path"]) == ("api", "request", "/upload")
    assert {line["message"] for line in story if line["service"] == "worker"} >= CONVERSION
    assert "attempt.failed" in [line["message"] for line in thread(parts, failed)]
    text = logged(parts)
    secrets = [value for name, value in asdict(parts.desk.secrets).items() if name != "s3_access_key_id"]
    for secret in (*secrets, "X-Amz-", link.partition("?")[2][:40]):
        assert secret
        assert secret not in text
    strays = [line for line in text.splitlines() if not re.match(r'\{"level":"', line)]
    assert strays == []
