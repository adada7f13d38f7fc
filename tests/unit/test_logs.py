"""Log lines are events with ids, one line each whatever a value holds."""

import logging

import pytest

from functions.shared import logs


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="bucket265")
    return caplog


def test_an_event_is_its_name_and_its_fields(lines: pytest.LogCaptureFixture) -> None:
    logs.event("stage.done", transaction_id="0192", stage="probe", ms=120.0, fps=23.9764)
    assert lines.messages == ["stage.done transaction_id=0192 stage=probe ms=120 fps=23.976"]


def test_fields_without_a_value_are_left_out(lines: pytest.LogCaptureFixture) -> None:
    logs.event("attempt.retry", code="scratch_full", detail=None)
    assert lines.messages == ["attempt.retry code=scratch_full"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("two words", '"two words"'),
        ("", '""'),
        ('a"b', '"a\\"b"'),
        ("a=b", '"a=b"'),
        ("x\n2026-01-01 INFO forged", '"x\\n2026-01-01 INFO forged"'),
        ("x\r\nforged", '"x\\r\\nforged"'),
        ("\x1b[31mred", '"\\x1b[31mred"'),
        ("evil\u202egpj", '"evil\\u202egpj"'),
        ("line\u2028forged", '"line\\u2028forged"'),
        ("\0", '"\\x00"'),
        ("größe.mp4", "größe.mp4"),
    ],
)
def test_no_value_can_forge_a_line(lines: pytest.LogCaptureFixture, value: str, written: str) -> None:
    logs.event("upload", filename=value)
    assert lines.messages == [f"upload filename={written}"]


def test_what_is_below_the_level_costs_nothing(lines: pytest.LogCaptureFixture) -> None:
    class Dear:
        def __str__(self) -> str:
            raise AssertionError("made into text although nobody reads it")

    lines.set_level(logging.WARNING, logger="bucket265")
    logs.event("quiet", value=Dear())
    assert lines.messages == []


def test_lines_carry_utc_times_and_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level, own = root.handlers[:], root.level, logs.LOGGER.level
    try:
        logs.configure()
        logs.event("worker.ready", level=logging.WARNING, worker="w1")
    finally:
        root.handlers[:], root.level = handlers, level
        logs.LOGGER.setLevel(own)
    line = capsys.readouterr().err
    assert line.endswith("Z WARNING worker.ready worker=w1\n")
