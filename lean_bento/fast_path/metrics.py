"""Metrics of the fast path, in BentoML's own Prometheus series at less cost, and two more.

BentoML's middleware looks a series up by its labels for every request and writes six values to
shared memory. Here each series is looked up once, and all requests of a turn of the event loop
are written together. Names, labels and meaning stay BentoML's. Its buckets begin with 5 ms, which
is more than most answers take; a histogram of the service's own begins with 0.25 ms.
"""

import asyncio
from bisect import bisect_left
from collections import Counter
from functools import cache
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

from lean_bento.bentoml_internals import (
    RunnerTrafficMetricsMiddleware,
    check,
    server_context,
)

SECONDS: Final = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10)
"""Edges for the duration of a request."""


class EndpointMetrics:
    """The series of one endpoint."""

    def __init__(self, source: RunnerTrafficMetricsMiddleware, endpoint: str, prefix: str) -> None:
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
        self._in_progress = source.metrics_request_in_progress.labels(**labels)
        self._last = source.metrics_last_request_timestamp.labels(**service)
        self._total: Any = cache(
            lambda status: source.metrics_request_total.labels(**labels, http_response_code=status)
        )
        self._duration: Any = cache(
            lambda status: source.metrics_request_duration.labels(
                **labels, http_response_code=status
            )
        )
        seconds, self._shed = _own(prefix)
        self._seconds = seconds.labels(endpoint)
        self._loop = asyncio.get_running_loop()
        self._scheduled = False
        # Not written yet:
        self._under_way = 0  # requests begun minus requests ended
        self._durations: dict[int, list[float]] = {}  # seconds of the ended requests, by status

    def start(self) -> float:
        """Count a request as under way; return the time of its beginning, for ``finish``."""
        self._under_way += 1
        self._write_soon()
        return perf_counter()

    def finish(self, began: float, status: int | None) -> None:
        """Count a request as ended; ``status`` is None if it was not answered."""
        self._under_way -= 1
        if status is not None:
            self._durations.setdefault(status, []).append(perf_counter() - began)
        self._write_soon()

    def shed(self, cause: str) -> None:
        """Count a request that was refused before it began."""
        self._shed.labels(cause).inc()
        self.finish(self.start(), HTTPStatus.TOO_MANY_REQUESTS)

    def _write_soon(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        self._scheduled = False
        if self._under_way:
            self._in_progress.inc(self._under_way)
            self._under_way = 0
        for status, durations in self._durations.items():
            self._total(status).inc(len(durations))
            observe_all(self._duration(status), durations)
            observe_all(self._seconds, durations)
        self._durations.clear()
        self._last.set_to_current_time()


@cache
def _own(prefix: str) -> tuple[Any, Any]:
    import prometheus_client as prometheus  # noqa: PLC0415  it looks for the workers' folder

    return (
        prometheus.Histogram(
            f"{prefix}_request_duration_seconds", "Time to answer", ["endpoint"], buckets=SECONDS
        ),
        prometheus.Counter(f"{prefix}_shed", "Requests refused under overload", ["cause"]),
    )


def observe_all(histogram: Any, values: list[float]) -> None:  # noqa: ANN401  one child of a Prometheus histogram
    """Observe each value as ``histogram.observe`` does; write every bucket at most once."""
    bounds = histogram._upper_bounds  # noqa: SLF001
    for bucket, count in Counter(bisect_left(bounds, value) for value in values).items():
        histogram._buckets[bucket].inc(count)  # noqa: SLF001
    histogram._sum.inc(sum(values))  # noqa: SLF001
