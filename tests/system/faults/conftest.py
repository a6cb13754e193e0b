"""Shared by the tests of faults: a service with as many workers as a test needs."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest
from running import Server, configured, serving, wait_until

Serve = Callable[..., AbstractContextManager[Server]]


def replacement(server: Server, dead: psutil.Process, living: int = 1) -> psutil.Process:
    """Wait for the worker that comes in place of a dead one."""
    wait_until(lambda: len([w for w in server.workers() if w.pid != dead.pid]) >= living)
    return server.workers()[-1]


@pytest.fixture
def serve_with(home: Path, tmp_path: Path) -> Serve:
    """Serve with so many workers and a time limit of so many seconds."""

    def serve(workers: int, timeout: int = 10, **changes: str) -> AbstractContextManager[Server]:
        values = {
            "credit_risk_classifier.workers": workers,
            "credit_risk_classifier.traffic.timeout": timeout,
            "CreditRiskRunner.batching.max_latency_ms": 5_000,  # or a busy machine is told 503
        }
        changes |= configured(tmp_path, values)
        return serving("service.py:svc", home=home, log=tmp_path / "log", **changes)

    return serve
