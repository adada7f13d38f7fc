"""``compare SOURCE [RESULT]``: a picture and a page with both films at the worst frames, and curves over time.

Without RESULT the source is converted on this machine; no server is asked.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from functions.shared.options import Options
from functions.shared.transactions import Progress
from local.bars import Display, Update, display
from local.client import State
from local.commands.options import asked
from local.commands.running import Stop, client_of, fetch_result, reporting
from local.compare.films import Film, open_film, open_result
from local.compare.page import describe_scores, page
from local.compare.report import Report, compare
from local.compare.sheet import sheet
from local.localfile import require_file
from local.naming import refuse_overwriting
from local.ondesk import Workplace, convert_here, options_here, plan_here, settings_here, workplace
from local.problems import ClientError

PICTURE, PAGE = "compare.png", "compare.html"


@reporting
def run(args: argparse.Namespace) -> int:
    """Standard output gets both paths, the figures and the worst frames, a line each."""
    require_file(args.source)
    settings = settings_here()
    options = options_here(asked(args), settings)
    paths = [args.output / name for name in (PICTURE, PAGE)]
    for path in paths:
        refuse_overwriting(path, force=args.force)
    with display() as show, workplace(settings, _bars(show, args.source.name)) as place:
        report = _report(args, options, place, show)
        _save(report, paths)
    for path in paths:
        print(path)
    for note in report.notes[:1]:
        print(note)
    print(describe_scores(report))
    for pair in report.pairs:
        print(f"worst frame {report.caption(pair)}")
    return 0


def _report(args: argparse.Namespace, options: Options, place: Workplace, show: Display) -> Report:
    inside = place.bring(args.source)
    source = open_film(args.source.name, inside, place)
    if args.result is None:
        result, encoding = _converted(inside, options, place, show)
    else:
        beside = replace(place, folder=place.folder / "beside")
        beside.folder.mkdir(mode=0o700)
        result, encoding = _named(args, beside, show)
    return compare(source, result, args.frames, encoding, place)


def _converted(source: Path, options: Options, place: Workplace, show: Display) -> tuple[Film, dict[str, str]]:
    converted = convert_here(plan_here(source, options, place), place)
    rendition = converted.rendition
    if rendition.reason:
        show.say(rendition.reason)
    crf = rendition.plan.picture.crf if rendition.plan and not rendition.plan.picture.copied else None
    told = encoding_of(options.as_json() | {"crf": crf}) if crf is not None else {}
    return open_result(converted, place), {"result": rendition.outcome.replace("_", " ")} | told


def _named(args: argparse.Namespace, place: Workplace, show: Display) -> tuple[Film, dict[str, str]]:
    """The result that was named: a file, or a transaction whose result is fetched."""
    if Path(args.result).exists():
        require_file(Path(args.result))
        return open_film(Path(args.result).name, place.bring(Path(args.result)), place), {}
    try:
        transaction_id = str(UUID(args.result))
    except ValueError:
        raise ClientError(
            f"{args.result} is neither a file nor the ID of a transaction: name one of them, or none to convert the"
            " source here.",
            "no_such_file",
        ) from None
    client = client_of(args, Stop())
    state = client.status(transaction_id)
    fetched = place.folder / "fetched"
    fetched.mkdir(mode=0o700)
    path = fetch_result(client, transaction_id, fetched, show)
    return open_film(path.name, place.bring(path), place), encoding_of(_known_of(state))


def _known_of(state: State) -> State:
    """What was asked, with the rate factor that was found for it."""
    crf = (state.get("quality") or {}).get("crf")
    return {**(state.get("options") or {}), **({} if crf is None else {"crf": crf})}


def encoding_of(options: State) -> dict[str, str]:
    """What is known of an encode, by names that people read."""
    names = {"quality": "quality", "vmaf": "wanted VMAF", "crf": "crf", "speed": "speed", "preset": "x265 preset"}
    return {
        shown: f"{value:g}" if isinstance(value, float | int) else str(value)
        for name, shown in names.items()
        if (value := options.get(name)) is not None
    }


def _save(report: Report, paths: list[Path]) -> None:
    try:
        paths[0].parent.mkdir(parents=True, exist_ok=True)
        sheet(report).save(paths[0], "PNG")
        paths[1].write_text(page(report), "utf-8")
    except OSError as exc:
        raise ClientError(f"{paths[0].parent} cannot be written: {exc.strerror}.", "unwritable_file") from exc


def _bars(show: Display, name: str) -> Callable[[Progress], None]:
    """Progress of each stage as a bar of its own."""
    bars: dict[str, Update] = {}

    def shown(progress: Progress) -> None:
        bar = bars.get(progress.stage) or bars.setdefault(progress.stage, show.bar(name, progress.stage, 100))
        bar(progress.percent, "")

    return shown
