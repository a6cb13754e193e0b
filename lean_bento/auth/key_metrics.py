"""Count the requests of each API key in Prometheus.

All requests of a turn of the event loop are written together, as ``request_metrics`` does and for
the same reason. The names come from the file of keys, so that no client can make series.
"""

import asyncio
from collections import Counter
from functools import cache
from typing import Any

__all__ = ["RequestsByKey"]


class RequestsByKey:
    """Counts answers by the name of the key and their status."""

    def __init__(self) -> None:
        self._waiting: Counter[tuple[str, int]] = Counter()

    def count(self, name: str, status: int) -> None:
        """Count an answer."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._write)
        self._waiting[name, status] += 1

    def _write(self) -> None:
        for (name, status), number in self._waiting.items():
            _series(name, status).inc(number)
        self._waiting.clear()


@cache
def _total() -> Any:  # noqa: ANN401  untyped where it is skipped
    import prometheus_client  # noqa: PLC0415  it looks for the workers' folder when imported

    about = "Answers by the name of the API key and the status; refused without one: (nobody)"
    return prometheus_client.Counter("credit_risk_requests_by_key", about, ["key", "status"])


@cache
def _series(name: str, status: int) -> Any:  # noqa: ANN401  see above
    return _total().labels(name, status)
