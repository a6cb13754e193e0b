"""The Prometheus series that the fast path writes.

Names, labels and meaning of most are BentoML's, so both paths count in the same. Its buckets begin
with 5 ms, which is more than most answers take; a histogram of the service's own begins with
0.25 ms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Self

from lean_bento.bentoml_internals import (
    RunnerTrafficMetricsMiddleware,
    check,
    server_context,
)

SECONDS: Final = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10)
"""Edges for the duration of a request."""


@dataclass(frozen=True)
class EndpointSeries:
    """The series of one endpoint.

    Attributes:
        in_progress: requests under way; BentoML's, as the next three.
        last: time of the last request.
        total: requests by status.
        duration: seconds by status.
        seconds: seconds, with smaller buckets.
        shed: requests refused under overload, labelled by the cause.
    """

    in_progress: Any
    last: Any
    total: Callable[[int], Any]
    duration: Callable[[int], Any]
    seconds: Any
    shed: Any

    @classmethod
    def find(cls, source: RunnerTrafficMetricsMiddleware, endpoint: str, prefix: str) -> Self:
        """Find the series that ``source`` has registered, or have it register them.

        Args:
            source: BentoML's.
            endpoint: path of the method.
            prefix: of the names of the service's own series.
        """
        check("prometheus-client")
        if not source._is_setup:  # noqa: SLF001  it sets itself up at its own first request
            source._setup()  # noqa: SLF001
        service = {
            "service_name": server_context.bento_name,
            "service_version": server_context.bento_version,
            "runner_name": server_context.service_name,
        }
        labels = service | {"endpoint": endpoint}
        total, duration = source.metrics_request_total, source.metrics_request_duration
        seconds, shed = _own(prefix)
        return cls(
            in_progress=source.metrics_request_in_progress.labels(**labels),
            last=source.metrics_last_request_timestamp.labels(**service),
            total=cache(lambda status: total.labels(**labels, http_response_code=status)),
            duration=cache(lambda status: duration.labels(**labels, http_response_code=status)),
            seconds=seconds.labels(endpoint),
            shed=shed,
        )


@cache
def _own(prefix: str) -> tuple[Any, Any]:
    import prometheus_client as prometheus  # noqa: PLC0415  it looks for the workers' folder

    return (
        prometheus.Histogram(
            f"{prefix}_request_duration_seconds", "Time to answer", ["endpoint"], buckets=SECONDS
        ),
        prometheus.Counter(f"{prefix}_shed", "Requests refused under overload", ["cause"]),
    )
