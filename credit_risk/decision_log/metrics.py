"""Metrics of the decision log of one worker."""

import shutil
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any, Final

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5)
"""Edges for the duration of a sync."""

INTERVAL: Final = 10.0
"""Seconds between two looks at the disk."""


class LogMetrics:
    """Tells how long the disk takes, how much is free on it, and how often it failed."""

    def __init__(self, folder: Path) -> None:
        """Watch the log in a folder."""
        self._folder = folder
        self._next_look = 0.0
        self._seconds, self._failures, self._free = _series()

    def synced(self, seconds: float) -> None:
        """Count a sync; the log's thread calls it."""
        self._seconds.observe(seconds)
        if monotonic() >= self._next_look:
            self._next_look = monotonic() + INTERVAL
            self._free.set(shutil.disk_usage(self._folder).free)

    def failed(self) -> None:
        """Count a request that was refused because it could not be logged."""
        self._failures.inc()


@cache
def _series() -> tuple[Any, Any, Any]:
    import prometheus_client as prometheus  # noqa: PLC0415  it looks for the workers' folder

    log = "credit_risk_decision_log"
    about_failures = "Requests refused because their decisions could not be logged"
    about_free = "Bytes free on the disk of the decision log"
    return (
        prometheus.Histogram(
            f"{log}_sync_seconds", "Time to bring decisions to the disk", buckets=SECONDS
        ),
        prometheus.Counter(f"{log}_failures", about_failures),
        prometheus.Gauge(f"{log}_free_bytes", about_free, multiprocess_mode="mostrecent"),
    )
