"""What is counted and timed, the same names everywhere: a catalogue, and one place that each figure goes to.

Where they go is the sink: on AWS Lambda Embedded Metric Format on standard output (``emf``), on a desk Prometheus
(``local.metrics``). Prometheus adds ``bucket265_`` in front and ``_total`` to counters; CloudWatch has the names as
they are, in the namespace ``bucket265``. Labels take few values: never an id, never what a client wrote.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

NAMESPACE = "bucket265"
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Sink(Protocol):
    """Takes figures; several threads may bring them at once."""

    def add(self, metric: "Metric", value: float, labels: tuple[str, ...]) -> None: ...

    def flush(self) -> None:
        """An invocation ended: what was added must be safe now."""


class Nowhere:
    """For programs whose figures nobody reads, and for ``METRICS=off``."""

    def add(self, metric: "Metric", value: float, labels: tuple[str, ...]) -> None: ...

    def flush(self) -> None: ...


_sink: Sink = Nowhere()


@dataclass(frozen=True)
class Metric:
    """One metric. ``kind``: a counter is summed up, of a histogram the distribution counts as well."""

    name: str
    kind: Literal["counter", "histogram"]
    unit: Literal["Count", "Seconds", "Bytes"]
    text: str
    labels: tuple[str, ...] = ()

    def add(self, value: float = 1, *labels: str) -> None:
        """Count ``value``, or note it as one observation; ``labels`` in the order of ``self.labels``."""
        _sink.add(self, value, labels)


REQUESTS = Metric("requests", "counter", "Count", "Requests answered.", ("route", "method", "status"))
REQUEST_SECONDS = Metric(
    "request_seconds", "histogram", "Seconds", "Time to the end of the answer.", ("route", "method")
)
UPLOADS_DECLARED = Metric("uploads_declared", "counter", "Count", "Transactions that answers to POST /upload named.")
UPLOADS_STORED = Metric("uploads_stored", "counter", "Count", "Sources that a first attempt found in storage.")
CONVERSIONS_STARTED = Metric("conversions_started", "counter", "Count", "Attempts begun.")
CONVERSIONS_COMPLETED = Metric("conversions_completed", "counter", "Count", "Results committed.")
CONVERSIONS_FAILED = Metric("conversions_failed", "counter", "Count", "Attempts that ended for good.", ("code",))
CONVERSIONS_RETRIED = Metric("conversions_retried", "counter", "Count", "Attempts handed back.", ("code",))
CONVERSION_SECONDS = Metric("conversion_seconds", "histogram", "Seconds", "From the claim to the commit.")
STAGE_SECONDS = Metric("stage_seconds", "histogram", "Seconds", "Stages that came to their end.", ("stage",))
MEDIA_SECONDS = Metric("media_seconds", "counter", "Seconds", "Length of the films converted.")
BYTES_IN = Metric("bytes_in", "counter", "Bytes", "Sources converted.")
BYTES_OUT = Metric("bytes_out", "counter", "Bytes", "Results published.")
DEAD_LETTERS = Metric("dead_letters", "counter", "Count", "Dead-lettered messages.")
REISSUED = Metric("reissued", "counter", "Count", "Events that the reconciler sent again.")
SWEPT = Metric("swept", "counter", "Count", "Leftovers of dead attempts removed from storage.")
RECONCILER_PASSES = Metric("reconciler_passes", "counter", "Count", "Passes of the reconciler that came to their end.")

CATALOGUE = (
    REQUESTS, REQUEST_SECONDS, UPLOADS_DECLARED, UPLOADS_STORED, CONVERSIONS_STARTED, CONVERSIONS_COMPLETED,
    CONVERSIONS_FAILED, CONVERSIONS_RETRIED, CONVERSION_SECONDS, STAGE_SECONDS, MEDIA_SECONDS, BYTES_IN, BYTES_OUT,
    DEAD_LETTERS, REISSUED, SWEPT, RECONCILER_PASSES,
)  # fmt: skip


def answered(route: str, method: str, status: int, seconds: float) -> None:
    """Note one answer, under its route's template: paths of clients would be endless."""
    known = method if method in METHODS else "other"
    _sink.add(REQUESTS, 1, (route, known, str(status)))
    _sink.add(REQUEST_SECONDS, seconds, (route, known))


def send_to(sink: Sink) -> None:
    """Let figures go to this sink from now on."""
    global _sink
    _sink = sink


def flush() -> None:
    """The end of an invocation."""
    _sink.flush()
