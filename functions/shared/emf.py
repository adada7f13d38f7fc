"""Metrics as Embedded Metric Format on standard output, from which CloudWatch reads them: the sink on AWS Lambda."""

import threading
from collections import defaultdict

from functions.shared.metrics import NAMESPACE, Metric

Labels = tuple[tuple[str, str], ...]


class EmfSink:
    """Keeps an invocation's figures and writes them at its end, by Powertools: one line for each set of labels.

    CloudWatch takes a metric once a line, so that stages, which differ by their label alone, need a line each.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._figures: dict[Labels, list[tuple[Metric, float]]] = defaultdict(list)
        self._lock = threading.Lock()

    def add(self, metric: Metric, value: float, labels: tuple[str, ...]) -> None:
        """Keep a figure for ``flush``."""
        with self._lock:
            self._figures[tuple(zip(metric.labels, labels, strict=True))].append((metric, value))

    def flush(self) -> None:
        """Write what was kept."""
        with self._lock:
            figures, self._figures = self._figures, defaultdict(list)
        if not figures:
            return
        from aws_lambda_powertools.metrics import EphemeralMetrics

        for labels, values in figures.items():
            line = EphemeralMetrics(namespace=NAMESPACE, service=self._service)
            for name, value in labels:
                line.add_dimension(name, value)
            for metric, figure in values:
                line.add_metric(metric.name, metric.unit, figure)
            line.flush_metrics()
