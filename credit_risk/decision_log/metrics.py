"""Metrics of the decision log of one worker."""

from functools import cache
from typing import Any, Final, NamedTuple

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5)
"""Edges for the duration of a sync."""


class LogSeries(NamedTuple):
    """Series of Prometheus.

    Attributes:
        seconds: how long the disk took, a histogram.
        failures: requests refused because they could not be logged.
        free: bytes free on the disk, as the last probe of readiness found.
    """

    seconds: Any
    failures: Any
    free: Any


@cache
def log_series() -> LogSeries:
    """Return the series of this process."""
    import prometheus_client as prometheus  # noqa: PLC0415  it looks for the workers' folder

    log = "credit_risk_decision_log"
    about_failures = "Requests refused because their decisions could not be logged"
    about_free = "Bytes free on the disk of the decision log"
    return LogSeries(
        prometheus.Histogram(
            f"{log}_sync_seconds", "Time to bring decisions to the disk", buckets=SECONDS
        ),
        prometheus.Counter(f"{log}_failures", about_failures),
        prometheus.Gauge(f"{log}_free_bytes", about_free, multiprocess_mode="mostrecent"),
    )
