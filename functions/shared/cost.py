"""What a conversion costs on AWS: pure functions over ``functions.shared.prices``.

The tables of infra/README.md are made of the same ones, by ``infra.cost``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from functions.shared.prices import Assumptions, Deployed, Film, Prices

MILLION = 1e6
HOURS_A_MONTH = 730
FREE_SCRATCH_MB = 512
SINGLE_PUT_GB = 0.1048576
PART_GB = 0.033554432
"""Of a result above ``SINGLE_PUT_GB``, as the converter publishes it."""


@dataclass(frozen=True)
class Item:
    """A line of a bill: what, reckoned how, US dollars."""

    name: str
    reckoned: str
    usd: float


@dataclass(frozen=True)
class Rates:
    """All that a bill depends on."""

    prices: Prices = field(default_factory=Prices)
    deployed: Deployed = field(default_factory=Deployed)
    assumptions: Assumptions = field(default_factory=Assumptions)
    architecture: str = "arm64"

    def function_usd(self, memory_mb: int, seconds: float, calls: float) -> float:
        """``calls`` of a function that take ``seconds`` together."""
        arm = self.architecture == "arm64"
        gb_s = self.prices.lambda_arm64_gb_s if arm else self.prices.lambda_x86_64_gb_s
        return memory_mb / 1024 * seconds * gb_s + calls / MILLION * self.prices.lambda_million_requests


def total(items: Sequence[Item]) -> float:
    """US dollars."""
    return sum(item.usd for item in items)


def conversion_s(film: Film, assumptions: Assumptions) -> float:
    """Seconds for which the converter works at one film."""
    return assumptions.fixed_s + film.duration_s * _load(film, assumptions)


def longest_film_s(film: Film, rates: Rates) -> float:
    """How long a film like this one may be, to fit into the converter's timeout."""
    return (rates.deployed.converter_timeout_s - rates.assumptions.fixed_s) / _load(film, rates.assumptions)


def _load(film: Film, a: Assumptions) -> float:
    """Seconds of work for a second of film."""
    encode_s = film.frames_per_s / (a.frames_per_core_s * a.vcpus * a.share)
    return encode_s + (film.source_mbit_per_s + film.result_mbit_per_s) / a.network_mbit_per_s


def of_films(film: Film, count: int, within_h: float, rates: Rates) -> list[Item]:
    """So many films like this one, which come within ``within_h`` hours: upload, conversion, keeping, download."""
    p, d, a = rates.prices, rates.deployed, rates.assumptions
    seconds = count * conversion_s(film, a)
    scratch_gb = max(0, d.converter_scratch_mb - FREE_SCRATCH_MB) / 1024
    calls = count * (1 + a.downloads) + seconds / a.poll_every_s
    kept_gb = count * (film.source_gb + film.result_gb) * a.months_kept
    out_gb = count * film.result_gb * a.downloads
    puts, gets = count * (1 + _puts_of_result(film)), count * (1 + a.downloads)
    messages = count * a.messages
    log_gb = (calls * a.log_bytes + count * a.conversion_log_bytes) / 1e9
    api_usd = calls / MILLION * p.api_million_requests
    return [
        Item(
            "Conversion",
            f"{seconds:,.0f} s x {d.converter_memory_mb / 1024:g} GB",
            rates.function_usd(d.converter_memory_mb, seconds, count),
        ),
        Item("Its /tmp", f"{seconds:,.0f} s x {scratch_gb:g} GB", seconds * scratch_gb * p.lambda_scratch_gb_s),
        Item("API", f"{calls:,.0f} calls", api_usd + rates.function_usd(d.function_memory_mb, calls * a.call_s, calls)),
        Item("Storage", f"{kept_gb:.2f} GB-months", kept_gb * p.s3_gb_month),
        Item(
            "Requests to S3",
            f"{puts:,.0f} PUTs, {gets:,.0f} GETs",
            (puts * p.s3_thousand_puts + gets * p.s3_thousand_gets) / 1000,
        ),
        Item("Queue", f"{messages:,.0f} requests", messages / MILLION * p.sqs_million_requests),
        Item("Logs", f"{log_gb:.4f} GB", log_gb * p.logs_gb),
        Item(
            "Custom metrics",
            f"{a.metrics_in_use:g} x {within_h:g} h",
            a.metrics_in_use * p.metric_month * within_h / HOURS_A_MONTH,
        ),
        Item("Download", f"{out_gb:.2f} GB", out_gb * p.out_gb),
    ]


def _puts_of_result(film: Film) -> int:
    """One, or those of a multipart upload: begin, parts, end."""
    return 1 if film.result_gb <= SINGLE_PUT_GB else 2 + -int(-film.result_gb // PART_GB)


def film_usd(
    duration_s: float, frames: int, source_bytes: float, result_bytes: float, cpu_s: float, rates: Rates | None = None
) -> float:
    """US dollars for one film on top of the idle month; ``cpu_s``: of a core such as ``Assumptions`` has, for all that
    is done to it. Of what is charged by the hour it takes the time that it is converted in."""
    rates, seconds = rates or Rates(), max(duration_s, 1e-3)
    film = Film(seconds, frames / seconds, 8e-6 * source_bytes / seconds, 8e-6 * result_bytes / seconds)
    measured = replace(rates.assumptions, frames_per_core_s=frames / max(cpu_s, 1e-3))
    within_h = conversion_s(film, measured) / 3600
    return total(of_films(film, 1, within_h, replace(rates, assumptions=measured)))
