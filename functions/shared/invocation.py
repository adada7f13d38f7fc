"""Around each invocation on AWS Lambda: its lines carry its ids, its metrics leave with it, no secret with an error."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from functions.shared import logs, metrics
from functions.shared.masking import masked
from functions.shared.settings import read_metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

Answer = TypeVar("Answer")


class InvocationFailed(Exception):
    """Stands for an error whose text held a secret: the runtime writes down what a handler raises."""


class Invocation(Generic[Answer]):
    """A handler as the runtime calls it. ``service`` names it in log lines and metrics.

    Whoever calls it has set up logs and metrics, as the worker of a desk does; otherwise we are alone with AWS Lambda,
    and the first invocation sets up Powertools.
    """

    def __init__(self, service: str, handler: Callable[[dict[str, Any], Any], Answer]) -> None:
        self._service = service
        self._handler = handler
        self._append_keys: Callable[..., None] | None = None
        self._cold = True

    def __call__(self, event: dict[str, Any], context: Any) -> Answer:
        self._begin(context)
        try:
            return self._handler(event, context)
        except Exception as exc:
            logs.event("invocation.failed", level=40, exc_info=True)
            if masked(str(exc)) != str(exc):
                raise InvocationFailed(f"{type(exc).__name__}: {masked(str(exc))}") from None
            raise
        finally:
            _flush()

    def _begin(self, context: Any) -> None:
        if not logs.is_configured():
            self._set_up()
        if self._append_keys is not None:
            self._append_keys(
                function_name=getattr(context, "function_name", None),
                function_request_id=getattr(context, "aws_request_id", None),
                cold_start=self._cold,
            )
        self._cold = False

    def _set_up(self) -> None:
        from functions.shared.emf import EmfSink

        formatter = powertools_formatter(self._service)
        self._append_keys = formatter.append_keys
        logs.configure_with(formatter)
        if read_metrics(os.environ) == "emf":
            metrics.send_to(EmfSink(self._service))


def _flush() -> None:
    """Figures that cannot be written are not worth an answer."""
    try:
        metrics.flush()
    except Exception:
        logs.event("metrics.not_written", level=40, exc_info=True)


def invocation(service: str) -> Callable[[Callable[[dict[str, Any], Any], Answer]], Invocation[Answer]]:
    """``Invocation`` as a decorator."""
    return lambda handler: Invocation(service, handler)


def powertools_formatter(service: str) -> "LambdaPowertoolsFormatter":
    """Lines as ``logs.JsonFormatter`` writes them, with what else CloudWatch's users expect of Powertools."""
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

    return LambdaPowertoolsFormatter(
        service=service,
        location=None,
        utc=True,
        use_rfc3339=True,
        serialize_stacktrace=False,
        json_serializer=logs.serialize,
    )
