"""What Prometheus scrapes from the gateway: its own figures, those of all workers, and transactions as the rows say.

A worker keeps its figures as Prometheus does and adds what is new to a table of the database every few seconds. So one
scrape shows all workers, wherever they run and however many, and what a worker counted outlives it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from functions.shared import logs, metrics
from functions.shared.errors import Bucket265Error
from functions.shared.metrics import CATALOGUE, NAMESPACE, Metric
from functions.shared.settings import settings
from functions.shared.upkeep import Sample, Upkeep

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0)


SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A sample's name and labels."""


class PrometheusSink:
    """Figures of this process. Children are kept by label values: looking one up in the library costs a lock."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._children: dict[tuple[str, tuple[str, ...]], Callable[[float], None]] = {}
        self._metrics = {metric.name: self._made(metric) for metric in CATALOGUE}

    def add(self, metric: Metric, value: float, labels: tuple[str, ...]) -> None:
        """Count or observe at once."""
        child = self._children.get((metric.name, labels))
        if child is None:
            child = self._children[metric.name, labels] = self._child(metric, labels)
        child(value)

    def flush(self) -> None:
        """Nothing is held back."""

    def samples(self) -> list[Sample]:
        """All figures so far."""
        families = self.registry.collect()
        samples = (sample for family in families for sample in family.samples)
        return [Sample(one.name, one.labels, one.value) for one in samples if not one.name.endswith("_created")]

    def _child(self, metric: Metric, labels: tuple[str, ...]) -> Callable[[float], None]:
        whole = self._metrics[metric.name]
        child = whole.labels(*labels) if labels else whole
        return child.inc if isinstance(child, Counter) else child.observe

    def _made(self, metric: Metric) -> Counter | Histogram:
        about: tuple[str, str, tuple[str, ...]] = (f"{NAMESPACE}_{metric.name}", metric.text, metric.labels)
        if metric.kind == "counter":
            return Counter(*about, registry=self.registry)
        return Histogram(*about, buckets=BUCKETS_S, registry=self.registry)


def own_figures() -> PrometheusSink:
    """What this process counts from now on; nothing unless ``METRICS=prometheus``."""
    sink = PrometheusSink()
    if settings().metrics == "prometheus":
        metrics.send_to(sink)
    return sink


class StoredMetrics:
    """Brings what a worker counted into the database."""

    def __init__(self, sink: PrometheusSink, upkeep: Upkeep) -> None:
        self._sink = sink
        self._upkeep = upkeep
        self._stored: dict[Key, float] = {}

    def store(self) -> None:
        """Add what is new; what cannot be written now is written next time. Zeros once: they say that it is known."""
        now = {_key(one): one.value for one in self._sink.samples()}
        new = {key: value - self._stored.get(key, 0.0) for key, value in now.items() if value != self._stored.get(key)}
        if not new:
            return
        try:
            self._upkeep.add_to_metrics([Sample(name, dict(labels), value) for (name, labels), value in new.items()])
        except Bucket265Error as exc:
            logs.event("metrics.not_written", level=30, code=exc.code)
            return
        self._stored = now


def render(own: PrometheusSink, transactions: dict[str, int] | None, workers: list[Sample]) -> bytes:
    """The exposition; ``transactions`` counts rows by status, None where the database does not answer."""
    shown = CollectorRegistry()
    shown.register(_Collected([*_families([*own.samples(), *workers]), *_transactions(transactions)]))
    return generate_latest(shown)


def _families(samples: list[Sample]) -> list[Family]:
    """The catalogue, each metric with the sums of its samples."""
    sums: dict[Key, float] = defaultdict(float)
    for sample in samples:
        sums[_key(sample)] += sample.value
    families = []
    for metric in CATALOGUE:
        family = Family(f"{NAMESPACE}_{metric.name}", metric.text, metric.kind)
        for suffix in SUFFIXES[metric.kind]:
            for name, labels in sorted((key for key in sums if key[0] == family.name + suffix), key=_in_order):
                family.add_sample(name, dict(labels), sums[name, labels])
        families.append(family)
    return families


def _key(sample: Sample) -> Key:
    return sample.name, tuple(sorted(sample.labels.items()))


def _in_order(key: Key) -> tuple[list[tuple[str, str]], float]:
    """By labels, the buckets of one histogram by their bound."""
    labels = dict(key[1])
    bound = float(labels.pop("le", 0))
    return sorted(labels.items()), bound


def _transactions(counts: dict[str, int] | None) -> list[Family]:
    up = GaugeMetricFamily(f"{NAMESPACE}_database_up", "Whether the database answers.", value=float(counts is not None))
    rows = GaugeMetricFamily(f"{NAMESPACE}_transactions", "Transactions by status.", labels=["status"])
    for status, count in (counts or {}).items():
        rows.add_metric([status], count)
    return [up, rows]


class _Collected(Collector):
    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Family]:
        yield from self._families
