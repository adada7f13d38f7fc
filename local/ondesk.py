"""The converter's stages on this machine, without any server: a file is measured and planned, or converted whole."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from functions.converter.encode import Job
from functions.converter.inspection import Inspector
from functions.converter.lease import Lease, uncontested
from functions.converter.making import Maker
from functions.converter.plan import ConversionPlan, plan_conversion
from functions.converter.probe import accept
from functions.converter.rendering import Rendition
from functions.converter.slots import EncodeSlots
from functions.converter.threads import processors_available
from functions.converter.unpack import probe_film
from functions.converter.verify import Verified
from functions.shared.askedoptions import parse_options
from functions.shared.options import Options
from functions.shared.settings import Settings, read_settings
from functions.shared.transactions import Progress


@dataclass(frozen=True)
class Workplace:
    """What the stages work with: a private folder, the inspector, a lease that nobody contests."""

    folder: Path
    inspector: Inspector
    lease: Lease
    settings: Settings

    def bring(self, source: Path) -> Path:
        """The file under a name of ours in our folder; what it is called elsewhere no media process learns."""
        inside = self.folder / "source"
        inside.symlink_to(source.resolve())
        return inside


@dataclass(frozen=True)
class Planned:
    """A source that was measured and accepted; nothing of it is encoded yet."""

    options: Options
    plan: ConversionPlan
    job: Job


@dataclass(frozen=True)
class Converted:
    """A verified result. It lies in the workplace's folder, or is the source itself."""

    planned: Planned
    rendition: Rendition
    verified: Verified


def settings_here() -> Settings:
    """The limits of the environment; no database and no identity provider is asked for."""
    return read_settings(dict(os.environ) | {"DATABASE_URL": "postgresql://", "AUTH_MODE": "open"})


def options_here(request: Mapping[str, Any], settings: Settings) -> Options:
    """What a request for a conversion means here; raises ``InvalidRequest`` with the sentence that the API has."""
    return replace(Options.resolve(parse_options(json.dumps(request).encode()), settings), previews=False)


@contextmanager
def workplace(settings: Settings, shown: Callable[[Progress], None] = lambda _progress: None) -> Iterator[Workplace]:
    """A place for one source, gone at the end. ``shown`` gets the newest progress about once a second."""
    inspector = Inspector()
    inspector.prepare()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="bucket265-") as folder,
            uncontested(settings, shown=shown).kept() as lease,
        ):
            yield Workplace(Path(folder), inspector, lease, settings)
    finally:
        inspector.close()


def plan_here(source: Path, options: Options, place: Workplace) -> Planned:
    """Measure and plan a file that lies in the workplace; raises what probing and planning raise."""
    with place.lease.stage("probe"):
        film, container, media = probe_film(source, place.inspector, place.lease, place.settings)
        accept(media, place.settings, processors_available())
        plan = plan_conversion(media, options)
    place.inspector.prepare()
    slots = EncodeSlots(place.settings.worker_concurrency)
    job = Job(source, film, container, media, place.lease, slots, place.settings)
    return Planned(options, plan, job)


def convert_here(planned: Planned, place: Workplace) -> Converted:
    """Convert it as a worker would, without previews; raises what the stages raise."""
    made = Maker(planned.plan, planned.options, planned.job, place.inspector).make()
    return Converted(planned, made.rendition, made.verified)
