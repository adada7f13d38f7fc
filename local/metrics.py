"""What Prometheus scrapes from the gateway: requests as they were answered, and transactions as the rows say."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from functions.shared.envelope import Scope

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)


class RequestMetrics:
    """Counts every answer. Children are kept by label values: looking one up through the library costs a lock."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self._requests = Counter("bucket265_requests", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "bucket265_request_seconds",
            "Time to the end of the answer.",
            ("route", "method"),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        """Note one answer, under its route's template: paths of clients would be endless."""
        key = (getattr(scope.get("route"), "path", "other"), scope["method"], status)
        children = self._children.get(key)
        if children is None:
            route, method = key[0], key[1] if key[1] in ("GET", "HEAD", "POST", "OPTIONS") else "other"
            children = self._requests.labels(route, method, str(status)), self._seconds.labels(route, method)
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def render(self, transactions: dict[str, int] | None) -> bytes:
        """The exposition; ``transactions`` counts rows by status, None where the database does not answer."""
        rows = CollectorRegistry()
        rows.register(_Transactions(transactions))
        return generate_latest(self.registry) + generate_latest(rows)


class _Transactions(Collector):
    def __init__(self, counts: dict[str, int] | None) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        answers = self._counts is not None
        yield GaugeMetricFamily("bucket265_database_up", "Whether the database answers.", value=float(answers))
        family = GaugeMetricFamily("bucket265_transactions", "Transactions by status.", labels=["status"])
        for status, count in (self._counts or {}).items():
            family.add_metric([status], count)
        yield family
