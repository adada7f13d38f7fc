"""The same figures under the same names: as lines for CloudWatch, and as what Prometheus scrapes."""

import json
import re
from collections.abc import Iterator

import pytest

from functions.shared import metrics
from functions.shared.emf import EmfSink
from functions.shared.errors import DatabaseUnavailable
from functions.shared.metrics import CATALOGUE, Metric
from functions.shared.upkeep import Sample, Upkeep
from local.metrics import PrometheusSink, StoredMetrics, render


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """The figures of other tests go where they went."""
    before = metrics._sink
    yield
    metrics.send_to(before)


class Table(Upkeep):
    """The table of the database, which may be away."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, str], float] = {}
        self.away = False

    def add_to_metrics(self, increments: list[Sample]) -> None:
        if self.away:
            raise DatabaseUnavailable
        for one in increments:
            key = (one.name, json.dumps(one.labels))
            self.sums[key] = self.sums.get(key, 0.0) + one.value

    def metrics(self) -> list[Sample]:
        return [Sample(name, json.loads(labels), value) for (name, labels), value in self.sums.items()]


def work() -> None:
    """What a few requests and conversions bring."""
    metrics.answered("/status", "GET", 200, 0.004)
    metrics.answered("/status", "GET", 200, 0.2)
    metrics.answered("other", "BREW", 405, 0.1)
    metrics.UPLOADS_DECLARED.add(2)
    metrics.STAGE_SECONDS.add(1.5, "encode")
    metrics.STAGE_SECONDS.add(0.5, "fetch")
    metrics.CONVERSIONS_FAILED.add(1, "not_a_video")
    metrics.CONVERSION_SECONDS.add(2.5)
    metrics.BYTES_OUT.add(1000)


def exposed(own: PrometheusSink, *stored: Sample) -> dict[str, float]:
    text = render(own, {"Pending": 1}, list(stored)).decode()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}


def test_on_a_desk_figures_are_what_prometheus_scrapes() -> None:
    own = PrometheusSink()
    metrics.send_to(own)
    work()
    series = exposed(own)
    assert series['bucket265_requests_total{method="GET",route="/status",status="200"}'] == 2
    assert series['bucket265_requests_total{method="other",route="other",status="405"}'] == 1
    assert series['bucket265_request_seconds_bucket{le="0.005",method="GET",route="/status"}'] == 1
    assert series['bucket265_request_seconds_count{method="GET",route="/status"}'] == 2
    assert series['bucket265_stage_seconds_sum{stage="encode"}'] == 1.5
    assert series['bucket265_conversions_failed_total{code="not_a_video"}'] == 1
    assert (series["bucket265_uploads_declared_total"], series["bucket265_bytes_out_total"]) == (2, 1000)
    assert series["bucket265_dead_letters_total"] == 0


def test_buckets_stand_in_the_order_of_their_bounds() -> None:
    own = PrometheusSink()
    metrics.send_to(own)
    work()
    bounds = re.findall(r'stage_seconds_bucket{le="([^"]+)",stage="fetch"}', render(own, None, []).decode())
    assert bounds == sorted(bounds, key=float)
    assert bounds[-1] == "+Inf"


def test_on_lambda_figures_leave_at_the_end_of_the_invocation(capsys: pytest.CaptureFixture[str]) -> None:
    sink = EmfSink("converter")
    metrics.send_to(sink)
    work()
    assert capsys.readouterr().out == ""
    metrics.flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {}
    for line in lines:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert (directive["Namespace"], line["service"]) == ("bucket265", "converter")
        (dimensions,) = directive["Dimensions"]
        for metric in directive["Metrics"]:
            labels = tuple(line[name] for name in dimensions if name != "service")
            found[metric["Name"], *labels] = (metric["Unit"], line[metric["Name"]])
    assert found["requests", "/status", "GET", "200"] == ("Count", [1, 1])
    assert found["request_seconds", "/status", "GET"] == ("Seconds", [0.004, 0.2])
    assert found["stage_seconds", "encode"] == ("Seconds", [1.5])
    assert found["conversions_failed", "not_a_video"] == ("Count", [1])
    assert (found["uploads_declared",], found["bytes_out",]) == (("Count", [2]), ("Bytes", [1000]))
    metrics.flush()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_every_metric_has_the_same_name_in_both(metric: Metric, capsys: pytest.CaptureFixture[str]) -> None:
    labels = [f"{name}-value" for name in metric.labels]
    own, lines = PrometheusSink(), EmfSink("s")
    for sink in (own, lines):
        metrics.send_to(sink)
        metric.add(3, *labels)
        metrics.flush()
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert line[metric.name] == [3]
    suffix = "_total" if metric.kind == "counter" else "_sum"
    shown = "".join(f'{n}="{n}-value",' for n in sorted(metric.labels)).rstrip(",")
    assert exposed(own)[f"bucket265_{metric.name}{suffix}" + (f"{{{shown}}}" if shown else "")] == 3


def test_no_label_can_hold_an_id() -> None:
    assert {label for metric in CATALOGUE for label in metric.labels} == {"route", "method", "status", "code", "stage"}


def test_workers_add_up_and_what_one_counted_outlives_it() -> None:
    table = Table()
    for _ in range(2):
        worker = PrometheusSink()
        metrics.send_to(worker)
        stored = StoredMetrics(worker, table)
        work()
        stored.store()
        work()
        stored.store()
        stored.store()
    series = exposed(PrometheusSink(), *table.metrics())
    assert series["bucket265_bytes_out_total"] == 4000
    assert series['bucket265_stage_seconds_bucket{le="1.0",stage="encode"}'] == 0
    assert series['bucket265_stage_seconds_bucket{le="2.5",stage="encode"}'] == 4


def test_what_cannot_be_written_is_written_when_the_database_is_back() -> None:
    table, worker = Table(), PrometheusSink()
    metrics.send_to(worker)
    stored = StoredMetrics(worker, table)
    work()
    table.away = True
    stored.store()
    assert table.sums == {}
    table.away = False
    work()
    stored.store()
    assert exposed(PrometheusSink(), *table.metrics())["bucket265_bytes_out_total"] == 2000


def test_the_gateways_own_figures_and_the_workers_are_one_series() -> None:
    own = PrometheusSink()
    metrics.send_to(own)
    metrics.UPLOADS_DECLARED.add(1)
    series = exposed(own, Sample("bucket265_uploads_declared_total", {}, 2))
    assert series["bucket265_uploads_declared_total"] == 3


def test_without_a_database_the_gateways_own_figures_remain() -> None:
    own = PrometheusSink()
    metrics.send_to(own)
    work()
    text = render(own, None, []).decode()
    assert "bucket265_database_up 0.0" in text
    assert "bucket265_uploads_declared_total 2.0" in text
