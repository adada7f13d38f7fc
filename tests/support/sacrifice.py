"""A worker to be killed: one ffmpeg runs, one inspector waits for a file, one is busy with the file that is named."""

import os
import sys
import threading
from pathlib import Path

from functions.converter import ffmpeg, probe, process
from functions.converter.inspection import Inspector
from tests.support.attempts import a_lease, settings_with

ENDLESS = ["-v", "quiet", "-re", "-f", "lavfi", "-i", "testsrc2=size=16x16", "-f", "null", "-"]
"""It writes nothing, so that no broken pipe ends it."""


def main(hostile: Path) -> None:
    argv = [ffmpeg.binary(), *ENDLESS]  # first of all: looking for it starts a process that soon ends
    waiting = Inspector()
    waiting.prepare()
    threading.Thread(target=probe.probe, args=(hostile, Inspector(), a_lease(), settings_with())).start()
    limits = process.Limits(memory_bytes=process.BASE_MEMORY, file_bytes=0, cpu_s=600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    ffmpeg.run(argv, nothing, hostile.parent, limits, lambda _: None, lambda _: None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
