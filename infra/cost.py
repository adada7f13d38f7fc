"""What bucket265 costs on AWS: the tables of infra/README.md, of ``functions.shared.cost`` and ``.prices``.

``python -m infra.cost`` prints them.
"""

import sys
from collections.abc import Sequence
from dataclasses import fields
from textwrap import fill

from functions.shared.cost import HOURS_A_MONTH, MILLION, Item, Rates, longest_film_s, of_films, total
from functions.shared.prices import Assumptions, Film

HOUR_OF_FILMS = (Film(duration_s=900), 4)
"""Films that fit into one invocation."""
CLIPS = (Film(duration_s=10), 1000)
CLIPS_WITHIN_H = 24
COLUMNS = 118


def monthly_idle(rates: Rates, create_database: bool) -> list[Item]:
    """A month in which nobody uploads anything."""
    p, d, a = rates.prices, rates.deployed, rates.assumptions
    passes = HOURS_A_MONTH * 60 / d.reconciler_every_min
    polls = d.polled_queues * a.idle_polls_per_min * 60 * HOURS_A_MONTH
    log_gb = passes * a.log_bytes / 1e9
    return [
        *(_database_idle(rates) if create_database else []),
        Item("Dashboard", f"{d.dashboards}", d.dashboards * p.dashboard_month),
        Item("Alarms", f"{d.alarms}", d.alarms * p.alarm_month),
        Item(
            "Lambda asks the queues",
            f"{d.polled_queues} queues, {polls / MILLION:.2f} million requests",
            polls / MILLION * p.sqs_million_requests,
        ),
        Item(
            "Reconciler", f"{passes:,.0f} passes", rates.function_usd(d.function_memory_mb, passes * a.call_s, passes)
        ),
        Item("Its custom metric", "1", p.metric_month),
        Item("Logs", f"{d.log_groups} log groups, {log_gb:.2f} GB, the reconciler's", log_gb * p.logs_gb),
        Item("Images in ECR", f"{d.functions} x {a.image_gb:g} GB", d.functions * a.image_gb * p.ecr_gb_month),
    ]


def _database_idle(rates: Rates) -> list[Item]:
    p, d, a = rates.prices, rates.deployed, rates.assumptions
    proxy_acu = max(d.least_acu, p.proxy_least_acu)
    ios = a.database_ios_per_min * 60 * HOURS_A_MONTH
    endpoints = [
        Item(f"Endpoint {name}", f"{d.zones} zones x {HOURS_A_MONTH} h", d.zones * HOURS_A_MONTH * p.endpoint_zone_h)
        for name in d.interface_endpoints
    ]
    return [
        Item("RDS Proxy", f"{proxy_acu:g} ACU x {HOURS_A_MONTH} h", proxy_acu * HOURS_A_MONTH * p.proxy_acu_h),
        Item("Aurora, least", f"{d.least_acu:g} ACU x {HOURS_A_MONTH} h", d.least_acu * HOURS_A_MONTH * p.aurora_acu_h),
        Item(
            "Aurora's storage",
            f"{a.database_gb:g} GB, {ios / MILLION:.1f} million I/Os",
            a.database_gb * p.aurora_gb_month + ios / MILLION * p.aurora_million_ios,
        ),
        *endpoints,
        Item("Secret", f"{d.secrets}", d.secrets * p.secret_month),
    ]


def per_hour_of_video(rates: Rates) -> list[Item]:
    """One hour of 1080p, as films that fit into the converter's timeout, on top of the idle month."""
    return of_films(*HOUR_OF_FILMS, within_h=1, rates=rates)


def per_thousand_clips(rates: Rates) -> list[Item]:
    """1,000 clips of ten seconds in a day, on top of the idle month."""
    return of_films(*CLIPS, within_h=CLIPS_WITHIN_H, rates=rates)


def page(rates: Rates) -> str:
    """The tables in Markdown, with the assumptions beside them."""
    p, a = rates.prices, rates.assumptions
    film, count = HOUR_OF_FILMS
    clip, clips = CLIPS
    minutes = longest_film_s(film, rates) / 60
    return "\n\n".join(
        [
            f"List prices of {p.date}, {p.region}, {rates.architecture}, in US dollars; free tiers not deducted.",
            "**Idle, a month**",
            _table_of_idle(rates),
            f"**On top**: an hour of 1080p video ({count} films of {film.duration_s / 60:g} minutes), and"
            f" {clips:,} clips ({clip.duration_s:g} s of 1080p each, within {CLIPS_WITHIN_H} hours)",
            _table_of_use(rates),
            f"A 1080p film of {minutes:.0f} minutes fills the converter's {rates.deployed.converter_timeout_s} s.",
            _assumed(film, a),
        ]
    )


def _assumed(film: Film, assumptions: Assumptions) -> str:
    said = [
        f"**Assumed**: sources of {film.source_mbit_per_s:g} Mbit/s, results of {film.result_mbit_per_s:g} Mbit/s",
        f"{film.frames_per_s:g} frames a second",
        *(f"{getattr(assumptions, one.name):g} {one.metadata['text']}" for one in fields(assumptions)),
    ]
    return fill("; ".join(said) + ".", COLUMNS, break_on_hyphens=False)


def _table_of_idle(rates: Rates) -> str:
    own = {item.name: item.usd for item in monthly_idle(rates, create_database=False)}
    items = monthly_idle(rates, create_database=True)
    rows = [(i.name, i.reckoned, _usd(i.usd), _usd(own[i.name]) if i.name in own else "-") for i in items]
    rows.append(("**Sum**", "", f"**{_usd(total(items))}**", f"**{_usd(sum(own.values()))}**"))
    return _markdown([("what", "reckoned", "`CreateDatabase=true`", "`false`"), *rows])


def _table_of_use(rates: Rates) -> str:
    hour, clips = per_hour_of_video(rates), per_thousand_clips(rates)
    rows = [
        (one.name, one.reckoned, _usd(one.usd), many.reckoned, _usd(many.usd))
        for one, many in zip(hour, clips, strict=True)
    ]
    rows.append(("**Sum**", "", f"**{_usd(total(hour))}**", "", f"**{_usd(total(clips))}**"))
    return _markdown([("what", "an hour", "$", "1,000 clips", "$"), *rows])


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|---" * len(rows[0]) + "|", *body])


def _usd(usd: float) -> str:
    return "< 0.01" if 0 < usd < 0.005 else f"{usd:,.2f}"


if __name__ == "__main__":
    sys.stdout.write(page(Rates()) + "\n")
