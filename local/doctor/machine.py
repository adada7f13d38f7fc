"""Links of this machine: the encoder makes H.265, media processes are confined, and the disks have room."""

import os
import tempfile
import time
from pathlib import Path

from functions.converter import ffmpeg, process, sandbox
from functions.converter.threads import processors_available
from functions.shared.errors import PipelineError
from functions.shared.options import Options
from functions.shared.settings import Settings
from local.doctor.checkup import Broken, Patient

GIB = 1024**3
FRAME_RATE = 25
SIZE = (640, 360)
GIVE_UP_S = 60.0
INSTALL = "Install the package imageio-ffmpeg again (pip install --force-reinstall imageio-ffmpeg)"


def encoder(patient: Patient) -> str:
    """One second of test picture becomes H.265, by the program, the preset and the quality of every conversion."""
    settings = patient.desk.settings()
    began = time.monotonic()
    try:
        settings.scratch_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="doctor-", dir=settings.scratch_dir) as folder:
            _encode(settings, Path(folder))
    except PipelineError as exc:
        said = " ".join(getattr(exc, "__notes__", [])) or exc.sentence()
        raise Broken(f"{_program()} cannot encode H.265 ({' '.join(said.split())})", INSTALL) from exc
    except FileNotFoundError as exc:
        raise Broken(f"the encoder {exc.filename} is not there", INSTALL) from exc
    except OSError as exc:
        remedy = "Let SCRATCH_DIR name a folder that can be written, and an encoder that can be run"
        raise Broken(f"no encode can start in {settings.scratch_dir} ({exc.strerror})", remedy) from exc
    return f"{ffmpeg.version()}: one second in {time.monotonic() - began:.1f} s"


def confinement(_patient: Patient) -> str:
    """Which layers hold a media process. A missing one stops no conversion: the others hold."""
    layers = sandbox.active()
    missing = [name for name, is_active in layers.items() if not is_active]
    active = f"active: {', '.join(name for name, is_active in layers.items() if is_active)}"
    return (
        f"{active}; not possible here: {', '.join(missing)} (docs/security.md says what is lost)" if missing else active
    )


def scratch_disk(patient: Patient) -> str:
    """Where workers put a video while they convert it, beside what they never touch."""
    settings = patient.desk.settings()
    needed = patient.free_bytes + settings.scratch_reserve_bytes
    return _room("SCRATCH_DIR", settings.scratch_dir, needed)


def data_disk(patient: Patient) -> str:
    """Where the servers of the desk keep videos and rows."""
    return _room("DATA_DIR", patient.desk.data_dir, patient.free_bytes)


def _encode(settings: Settings, folder: Path) -> None:
    width, height = SIZE
    picture = f"testsrc2=size={width}x{height}:rate={FRAME_RATE}:duration=1"
    asked = Options.resolve({}, settings)
    options = ["-c:v", "libx265", "-preset", asked.preset, "-crf", f"{asked.starting_crf:g}"]
    options += ["-x265-params", asked.parameters, "-tag:v", "hvc1"]
    argv = ffmpeg.command(["-f", "lavfi", "-i", picture], [*options, "-f", "mp4"], folder / "output.mp4")
    memory = process.picture_memory_bytes(width, height, processors_available())
    limits = process.Limits(memory_bytes=memory, file_bytes=GIB, cpu_s=int(GIVE_UP_S))
    give_up = time.monotonic() + GIVE_UP_S

    def watch(moved: bool) -> None:
        if time.monotonic() > give_up:
            raise Broken(f"one second of video was not encoded within {GIVE_UP_S:.0f} s", "Free this machine's CPU")

    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        ffmpeg.run(argv, nothing, folder, limits, watch, lambda _: None)
    finally:
        os.close(nothing)


def _program() -> str:
    return Path(ffmpeg.binary()).name


def _room(variable: str, folder: Path, needed: int) -> str:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    state = os.statvfs(there)
    free = state.f_bavail * state.f_frsize
    if free < needed:
        reason = f"{free / GIB:.2f} GiB are free in {folder}, {needed / GIB:.2f} GiB are needed"
        raise Broken(reason, f"Free some space, or let {variable} name a folder on a larger disk")
    return f"{free / GIB:.1f} GiB free in {folder}"
