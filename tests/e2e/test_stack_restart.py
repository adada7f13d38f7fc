"""A stack that ends in mid-conversion, in order or by a crash, leaves nothing running; the next finishes the work."""

import signal
import uuid
from pathlib import Path

import pytest

from local.client import ApiClient
from local.localfile import measure
from tests.support.processes import program, running
from tests.support.servers import new_desk
from tests.support.stack import ROOT, stack_of
from tests.support.waiting import wait_until

CLIP = ROOT / "local" / "clips" / "bigbuckbunny.mp4"
SOON = {"LEASE_S": "5", "STALL_S": "4", "ACK_WAIT_S": "3", "RECONCILE_EVERY_S": "1", "SHUTDOWN_GRACE_S": "0"} | {
    "X265_PRESET": "medium"
}
"""An encode of some seconds, and short clocks: what took over within 90 s does so within a few."""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_the_next_up_finishes_what_was_under_way(tmp_path: Path, end: signal.Signals) -> None:
    desk = new_desk(tmp_path / "data", **SOON)
    file = measure(CLIP)
    with stack_of(desk) as stack:
        client = ApiClient(stack.wait_ready().api_url, uuid.uuid4())
        declared = client.declare(file)
        client.put(declared, file)
        wait_until(lambda: encoded_percent(client, declared.transaction_id) > 5, "an encode under way")
        everything = stack.processes()
        assert any(program(process).startswith("ffmpeg") for process in everything)
        stack.stop(end)
        wait_until(lambda: not running(everything), "the end of every process")
        with stack_of(desk) as second:
            second.wait_ready()
            state = client.wait(declared.transaction_id)
            assert (state["status"], state["attempt"]) == ("Completed", 2)
            client.close()


def encoded_percent(client: ApiClient, transaction_id: str) -> float:
    state = client.status(transaction_id)
    assert state["status"] != "Completed", "the clip was converted before the test could end the stack"
    progress = state["progress"] or {}
    return float(progress["percent"]) if progress.get("stage") == "encode" else 0.0
