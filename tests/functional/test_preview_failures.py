"""Previews are never worth a failure: whatever happens to them, the film is converted."""

import os
from typing import Any

import av
import pytest

from functions.converter import stills
from functions.converter.inspection import Inspector
from functions.converter.inspector.picking import Picker
from functions.converter.rendering import REMUXED
from tests.support.clips import Clips
from tests.support.loglines import captured, log_lines
from tests.support.world import World


def out_of_memory(*_: object, **__: object) -> None:
    raise MemoryError


@pytest.mark.parametrize("step", ["shots.choose", "shots.picked", "storyboard.sprite", "animation.save_animation"])
def test_previews_that_fail_fail_nothing_else(
    world: World, clips: Clips, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(f"functions.converter.{step}", out_of_memory)
    with captured() as log:
        row = world.convert(clips("h264.mp4"))
    assert (row["status"], row["previews"]) == ("Completed", {})
    [line] = log_lines(log.getvalue(), "preview.failed")
    assert (line["why"], line["correlation_id"]) == ("MemoryError", str(row["transaction_id"]))


def test_pictures_of_a_copy_that_never_come_fail_nothing_else(
    world: World, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Inspector.ask

    def never(self: Inspector, request: dict[str, Any], *rest: Any) -> dict[str, Any]:
        *_, watch = rest
        while request["command"] == "stills":
            watch(False)
        return ask(self, request, *rest)

    monkeypatch.setattr(Inspector, "ask", never)
    monkeypatch.setattr(stills, "WITHIN_S", 0.1)
    with captured() as log:
        row = world.convert(clips("hevc.mp4"))
    assert (row["status"], row["result"], row["previews"]) == ("Completed", REMUXED, {})
    assert [line["why"] for line in log_lines(log.getvalue(), "preview.failed")] == ["StillsTooSlow"]


def test_a_full_disk_ends_the_pictures_and_not_the_decode() -> None:
    frame = av.VideoFrame(640, 480, "yuv420p")
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        picker = Picker(full)
        for _ in range(5):
            picker.take(frame, 640, 480)
        picker.close()
    finally:
        os.close(full)
    assert picker.times is None
