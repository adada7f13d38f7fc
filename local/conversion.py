"""One file there and back: measure, declare, upload, wait, download. Shows its progress."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.bars import Display, Update, printable
from local.client import ApiClient, State
from local.localfile import BytesDone, LocalFile, measure
from local.naming import delivered_path, refuse_overwriting

CheckStop = Callable[[], None]
"""Raises when the user wants to stop."""


@dataclass(frozen=True)
class Converted:
    """A result on the user's disk, and the transaction that made it."""

    path: Path
    state: State


def convert(
    client: ApiClient,
    source: Path,
    out: Path,
    show: Display,
    check_stop: CheckStop,
    *,
    force: bool = False,
    options: dict[str, Any] | None = None,
) -> Converted:
    """Convert one file; raises ``ClientError``.

    Where something else is delivered than ``out`` is named for, the result has the name that is right for it.
    """
    refuse_overwriting(out, force=force, source=source)
    file = measure(source, lambda _: check_stop())
    declared = client.declare(file, options=options)
    show.say(f"{printable(source.name)}: transaction {declared.transaction_id}")
    upload = show.bar(source.name, "upload", file.size)
    upload(0, "")
    confirmed = client.put(declared, file, _bytes(upload, check_stop))
    upload(file.size, "")
    state = _waited(client, declared.transaction_id, show.bar(source.name, "convert", 100), check_stop, file, confirmed)
    for line in result_notes(state):
        show.say(f"{printable(source.name)}: {printable(line)}")
    delivered = delivered_path(out, source, (options or {}).get("container", "mp4"), state)
    if delivered != out:
        refuse_overwriting(delivered, force=force, source=source)
    link = client.link(declared.transaction_id)
    download = show.bar(source.name, "download", link.size)
    client.fetch(declared.transaction_id, delivered, _bytes(download, check_stop), force=force)
    return Converted(delivered, state)


def state_note(state: State) -> str:
    """What a waiting person wants to know of a transaction, in a few words."""
    progress = state.get("progress") or {}
    if state["status"] in ("Pending", "Retrying"):
        ahead = (state.get("queue") or {}).get("ahead")
        words = ["waiting" if state["status"] == "Pending" else "waiting to try again"]
        words += [f"{ahead} ahead"] if ahead else []
        words += [state["error_reason"]] if state.get("error_reason") else []
        return ", ".join(words)
    if state["status"] != "Converting":
        return str(state["status"]).lower()
    words = [progress.get("stage") or "starting"]
    words += [f"{progress['speed']:.1f}x"] if progress.get("speed") else []
    words += [f"{progress['eta_s']:.0f} s left"] if progress.get("eta_s") else []
    return ", ".join(words)


def quality_note(state: State) -> str:
    """How good a result is, as far as it was measured; empty where its picture was not encoded."""
    told = state.get("quality") or {}
    words = [f"VMAF {told['vmaf']:.1f}"] if told.get("vmaf") is not None else []
    words += [f"5th percentile {told['p5']:.1f}"] if told.get("p5") is not None else []
    words += [f"crf {told['crf']:g}"] if told.get("crf") is not None else []
    return ", ".join(words)


def result_notes(state: State) -> list[str]:
    """What a person should know of a result: that it is not encoded anew, and what it has lost. A line each."""
    reason = f": {state['result_reason']}" if state.get("result_reason") else ""
    lines = {"remuxed": [f"not encoded again{reason}"], "kept_original": [f"the original is kept{reason}"]}
    notes = lines.get(state.get("result") or "", [])
    notes += [f"left out, {_dropped(one)}: {one['reason']}" for one in state.get("dropped") or []]
    return notes + [f"warning: {one['message']}" for one in state.get("warnings") or []]


def _dropped(one: dict[str, Any]) -> str:
    facts = [str(one[name]) for name in ("codec", "language") if one.get(name)]
    return f"{one['what']} ({', '.join(facts)})" if facts else str(one["what"])


def percent(state: State) -> float:
    """Of the conversion, 0 to 100."""
    return float((state.get("progress") or {}).get("percent") or 0)


def _waited(
    client: ApiClient, transaction_id: str, update: Update, check_stop: CheckStop, file: LocalFile, confirmed: bool
) -> State:
    def shown(state: State) -> None:
        check_stop()
        update(percent(state), state_note(state))

    return client.wait(transaction_id, shown, expect=None if confirmed else file)


def _bytes(update: Update, check_stop: CheckStop) -> BytesDone:
    def done(count: int) -> None:
        check_stop()
        update(count, "")

    return done
