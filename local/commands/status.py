"""``status ID``: how far a transaction is."""

import argparse
import json

from local.bars import printable
from local.client import State
from local.commands.running import Stop, client_of, reporting
from local.conversion import percent, quality_note, result_notes, state_note


@reporting
def run(args: argparse.Namespace) -> int:
    state = client_of(args, Stop()).status(args.id)
    print(json.dumps(state, indent=2) if args.json else _words(state))
    return 0


def _words(state: State) -> str:
    lines = [("file", printable(state["filename"])), ("status", state["status"])]
    if state["status"] == "Converting":
        lines.append(("progress", f"{percent(state):.0f} %, {state_note(state)}"))
    elif state["status"] in ("Pending", "Retrying"):
        lines.append(("queue", state_note(state)))
    elif state.get("error_reason"):
        lines.append(("reason", f"{state['error_reason']} [{state.get('error_code')}]"))
    lines += [("codec", f"{state.get('original_codec') or '?'} -> {state['target_codec']}")]
    lines += [("quality", note)] if (note := quality_note(state)) else []
    lines += [("result", printable(note)) for note in result_notes(state)]
    lines += [("started", state["start_time"]), ("updated", state["updated_time"])]
    return "\n".join(f"{name:<9} {value}" for name, value in lines)
