"""The stages that touch the film, without servers: probe → plan → encode → verify → previews on a local file."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from functions.converter.encode import Job
from functions.converter.inspection import Inspector
from functions.converter.making import Maker
from functions.converter.media import MediaInfo
from functions.converter.plan import ConversionPlan
from functions.converter.previews import Previews
from functions.converter.rendering import Rendition
from functions.converter.verify import Verified
from functions.shared.options import Options
from functions.shared.settings import Settings
from local.ondesk import Workplace, plan_here
from tests.support.attempts import a_lease, settings_with

QUICK = Options(preset="ultrafast", crf=28, previews=False)


@dataclass(frozen=True)
class Conversion:
    """One film, converted."""

    media: MediaInfo
    plan: ConversionPlan
    rendition: Rendition
    verified: Verified
    previews: Previews
    job: Job

    @property
    def output(self) -> Path:
        return self.rendition.output

    @property
    def dropped(self) -> set[str]:
        return {one.what for one in self.plan.dropped}


@contextmanager
def inspector() -> Iterator[Inspector]:
    made = Inspector()
    try:
        yield made
    finally:
        made.close()


def convert_file(
    source: Path,
    folder: Path,
    options: Options = QUICK,
    *,
    settings: Settings | None = None,
    replan: Callable[[ConversionPlan], ConversionPlan] = lambda plan: plan,
    harm: Callable[[Rendition], None] = lambda _rendition: None,
    **changes: Any,
) -> Conversion:
    """Convert a copy of ``source`` in ``folder`` as the product does; raises what the stages raise.

    ``changes`` are changes to ``options``; ``harm`` may spoil the result before it is verified.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = replace(options, **changes)
    copy = folder / "source"
    shutil.copyfile(source, copy)
    settings = settings or settings_with()
    lease = a_lease()
    with inspector() as inspecting:
        inspecting.prepare()
        planned = plan_here(copy, options, Workplace(folder, inspecting, lease, settings))
        plan, job, media = replan(planned.plan), planned.job, planned.job.media
        made = Maker(plan, options, job, inspecting, harm).make()
        return Conversion(media, plan, made.rendition, made.verified, made.previews, job)
